import type { BackupManifest } from "../../model/backup-set.ts";
import type { ClusterId, MemberId } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { EtcdClient } from "../../ports/etcd-client.ts";
import { failed, judged, unknown, type LevelResult } from "./level-result.ts";

/** A hash over 8 GiB takes etcd a minute. */
const hashTimeoutMs = 600_000;
const askTimeoutMs = 30_000;

/** What the data dir was made to be. */
export interface ExpectedEtcd {
  readonly clusterId: ClusterId;
  readonly member: { readonly id: MemberId; readonly name: string };
  /** hashkv at the set's revision by the rules of the program that serves; undefined: at that revision no file gives what it answers. */
  readonly hashKv: number | undefined;
  /** "etcd 3.6.16" */
  readonly program: string;
}

/** V4: a real etcd of the set's minor version serves the restored data, with the hash that the set has. */
export async function proveEtcd(
  client: EtcdClient,
  { snapshot }: BackupManifest,
  expected: ExpectedEtcd,
  signal: AbortSignal,
): Promise<LevelResult> {
  const call = { timeoutMs: askTimeoutMs, signal };
  try {
    const status = await client.status(call);
    const { members } = await client.memberList({ linearizable: true }, call);
    const served = await client.hashKv(snapshot.revision, { timeoutMs: hashTimeoutMs, signal });
    const problems: string[] = [];
    if (served.header.clusterId !== expected.clusterId)
      problems.push(`it is of cluster ${served.header.clusterId}, not ${expected.clusterId}, which it was made for`);
    const [only] = members;
    if (members.length !== 1 || only?.id !== expected.member.id || only.name !== expected.member.name || only.isLearner)
      problems.push(
        `its members are ${members.map(({ id, name }) => `${id} (${name})`).join(", ")}, not ${expected.member.id} (${expected.member.name}) alone`,
      );
    if (status.leaderId !== expected.member.id) problems.push("it has no leader");
    if (served.header.revision < snapshot.revision)
      problems.push(`it is at revision ${String(served.header.revision)}, before the set's ${String(snapshot.revision)}`);
    if (expected.hashKv !== undefined && served.hash !== expected.hashKv)
      problems.push(
        `hashkv at revision ${String(snapshot.revision)} is ${String(served.hash)}, the set's is ${String(expected.hashKv)}: it does not serve what was backed up`,
      );
    if (problems.length === 0 && expected.hashKv === undefined)
      return unknown([
        `the newest revision of the set is the compacted one: ${expected.program} answers with a hash that no file gives, nothing was compared`,
      ]);
    return judged(problems, [
      `${expected.program} serves revision ${String(snapshot.revision)} with hashkv ${String(served.hash)}, as the set has it`,
      "one member, which leads",
    ]);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof RecoveryError)) throw error;
    const because = [`${expected.program} did not answer: ${error.detail} (${error.code})`];
    // A busy machine answers late.
    return error.retry === "permanent" ? failed(because) : unknown(because);
  }
}
