import { SnapshotTrailer, type TrailerVerdict } from "../../formats/etcd/snapshot-trailer.ts";
import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { EtcdClient } from "../../ports/etcd-client.ts";
import type { Hashing } from "../../ports/hashing.ts";

/** A member that sends nothing for this long has stopped sending; a slow disk still gives a page now and then. */
const idleTimeoutMs = 30_000;
/** A database may grow between the look at it and the snapshot; a member that never ends would fill the disk. */
const growthBytesMax = 1024n * 1024n * 1024n;
/** 128 times the 8 GiB that etcd suggests as its largest quota: no database has that, and room is not looked for by such words. */
const statedBytesMax = 1024n ** 4n;
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
    /** What the member says that its database has; a stream that goes on far beyond that is none of it. */
    readonly dbSizeBytes: bigint;
    readonly signal: AbortSignal;
    readonly write: (chunk: Uint8Array) => Promise<void>;
    readonly onBytes: (done: bigint) => void;
  },
): Promise<TrailerVerdict> {
  const trailer = new SnapshotTrailer(options.hashing.startSha256());
  let done = 0n;
  let reported = 0n;
  for await (const chunk of client.snapshot({ idleTimeoutMs, expectedBytes: Number(options.dbSizeBytes), signal: options.signal })) {
    trailer.update(chunk);
    await options.write(chunk);
    done += BigInt(chunk.length);
    assertSnapshotSize(client.host, { sentBytes: done, dbSizeBytes: options.dbSizeBytes });
    if (done - reported < reportEveryBytes) continue;
    reported = done;
    options.onBytes(done);
  }
  return trailer.finish();
}

/** Before room is looked for. SNAPSHOT_BAD when the member states a size that no database has. */
export function assertStatedSize(host: HostName, dbSizeBytes: bigint): void {
  if (dbSizeBytes >= 0n && dbSizeBytes <= statedBytesMax) return;
  throw new RecoveryError("SNAPSHOT_BAD", {
    subject: `etcd on ${host}`,
    detail: `it says that its database has ${dbSizeBytes} bytes, which cannot be; nothing was asked of it`,
  });
}

/** SNAPSHOT_BAD. */
export function assertSnapshotSize(
  host: HostName,
  { sentBytes, dbSizeBytes }: { readonly sentBytes: bigint; readonly dbSizeBytes: bigint },
): void {
  if (sentBytes <= 2n * dbSizeBytes + growthBytesMax) return;
  throw new RecoveryError("SNAPSHOT_BAD", {
    subject: `etcd on ${host}`,
    detail: `it has sent ${sentBytes} bytes, and said that its database has ${dbSizeBytes}: that is no snapshot of it`,
  });
}
