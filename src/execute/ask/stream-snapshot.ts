import { SnapshotTrailer, type TrailerVerdict } from "../../formats/etcd/snapshot-trailer.ts";
import type { EtcdClient } from "../../ports/etcd-client.ts";
import type { Hashing } from "../../ports/hashing.ts";

/** A member that sends nothing for this long has stopped sending; a slow disk still gives a page now and then. */
const idleTimeoutMs = 30_000;
/** Progress is shown this often: the screen draws ten times a second at most. */
const reportEveryBytes = 4n * 1024n * 1024n;

/**
 * A member's snapshot, in order to `write`, and whether what came is whole.
 * `onBytes` gets the bytes so far. Throws what the member, or `write`, throws.
 */
export async function streamSnapshot(
  client: EtcdClient,
  options: {
    readonly hashing: Hashing;
    readonly signal: AbortSignal;
    readonly write: (chunk: Uint8Array) => Promise<void>;
    readonly onBytes: (done: bigint) => void;
  },
): Promise<TrailerVerdict> {
  const trailer = new SnapshotTrailer(options.hashing.startSha256());
  let done = 0n;
  let reported = 0n;
  for await (const chunk of client.snapshot({ idleTimeoutMs, signal: options.signal })) {
    trailer.update(chunk);
    await options.write(chunk);
    done += BigInt(chunk.length);
    if (done - reported < reportEveryBytes) continue;
    reported = done;
    options.onBytes(done);
  }
  return trailer.finish();
}
