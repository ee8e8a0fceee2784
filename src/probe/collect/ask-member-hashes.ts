import type { HostName, Revision } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { EtcdDialer } from "../../ports/etcd-client.ts";

/** A member reads its whole database for it: 8 GiB at 150 MB/s. */
const hashTimeoutMs = 60_000;
/** A compaction that one member has begun and another has not yet is over within a second. */
const triesMax = 3;
const againAfterMs = 1000;

export type AskedHash =
  | { readonly host: HostName; readonly hash: number; readonly compactRevision: Revision }
  | { readonly host: HostName; readonly problem: string };

/** `hashkv` of each member at one revision, at once; asked again while they stand at different compactions. Rejects only when aborted. */
export async function askMemberHashes(
  etcd: EtcdDialer,
  hosts: readonly HostName[],
  asked: { readonly revision: Revision; readonly signal: AbortSignal; readonly sleep: (ms: number, signal: AbortSignal) => Promise<void> },
): Promise<readonly AskedHash[]> {
  for (let tries = 1; ; tries += 1) {
    const hashes = await Promise.all(hosts.map((host) => askOne(etcd, host, asked)));
    const compactions = new Set(hashes.flatMap((one) => ("problem" in one ? [] : [one.compactRevision])));
    if (compactions.size <= 1 || tries === triesMax) return hashes;
    await asked.sleep(againAfterMs, asked.signal);
  }
}

async function askOne(
  etcd: EtcdDialer,
  host: HostName,
  asked: { readonly revision: Revision; readonly signal: AbortSignal },
): Promise<AskedHash> {
  const call = { timeoutMs: hashTimeoutMs, signal: asked.signal };
  try {
    const client = await etcd.dial(host, call);
    try {
      const { hash, compactRevision } = await client.hashKv(asked.revision, call);
      return { host, hash, compactRevision };
    } finally {
      await client.close();
    }
  } catch (error) {
    asked.signal.throwIfAborted();
    if (!(error instanceof RecoveryError)) throw error;
    return { host, problem: `${error.detail} (${error.code})` };
  }
}
