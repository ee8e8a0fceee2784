import type { Revision } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { fails, holds, unknown, type Verdict } from "../../model/verdict.ts";
import type { EtcdClient } from "../../ports/etcd-client.ts";
import type { StepContext } from "../step-handler.ts";
import { judge, type ExitRule, type Verified } from "./exit-rule.ts";

/**
 * The record from before: every key of the cluster at the snapshot's
 * revision, without values (names are no secrets). JSON lines: the first
 * {"revision":"N"}, then one key each as a JSON string.
 */
export const baselineArtifact = "baseline-keys.jsonl";

/** Where kube-apiserver keeps its objects (--etcd-prefix, default). */
const objectPrefix = "/registry/";
/** One page of keys travels in well under a second. */
const pageTimeoutMs = 30_000;

export async function recordBaseline(context: StepContext, client: EtcdClient, revision: Revision): Promise<{ readonly keys: number }> {
  const writer = await context.ports.runs.writeArtifact(context.run, baselineArtifact);
  const encoder = new TextEncoder();
  let keys = 0;
  try {
    await writer.write(encoder.encode(`${JSON.stringify({ revision: revision.toString() })}\n`));
    await eachKey(client, context, revision, async (page) => {
      keys += page.length;
      await writer.write(encoder.encode(page.map(({ name }) => `${JSON.stringify(name)}\n`).join("")));
    });
    await writer.commit();
  } catch (error) {
    await writer.abort();
    throw error;
  }
  return { keys };
}

/** undefined: the run has no record. */
export async function readBaseline(
  context: StepContext,
): Promise<{ readonly revision: Revision; readonly keys: readonly string[] } | undefined> {
  if ((await context.ports.runs.statArtifact(context.run, baselineArtifact)) === undefined) return undefined;
  const lines = new TextDecoder()
    .decode(await context.ports.runs.readArtifact(context.run, baselineArtifact))
    .split("\n")
    .filter((line) => line !== "");
  try {
    const head = JSON.parse(lines[0] ?? "") as { readonly revision: string };
    return { revision: BigInt(head.revision), keys: lines.slice(1).map((line) => String(JSON.parse(line))) };
  } catch (cause) {
    throw new RecoveryError("LOCAL_FILE_FAILED", {
      subject: baselineArtifact,
      detail: "the record of objects from before is damaged",
      cause,
    });
  }
}

async function eachKey(
  client: EtcdClient,
  context: StepContext,
  revision: Revision,
  onKeys: (keys: readonly { readonly name: string; readonly modRevision: Revision }[]) => void | Promise<void>,
): Promise<void> {
  const decoder = new TextDecoder();
  await client.range(
    { key: objectPrefix, isPrefix: true, keysOnly: true, revision },
    { timeoutMs: pageTimeoutMs, signal: context.signal },
    (page) => onKeys(page.map((entry) => ({ name: decoder.decode(entry.key), modRevision: entry.modRevision }))),
  );
}

/** What is gone and what that means; also kept in verify.json. */
export interface BaselineComparison {
  readonly objectsBefore: number;
  readonly objectsNow: number;
  readonly lost: number;
  /** Deleted since by the cluster's own clients: history at the old revision still has them. */
  readonly deletedSince: readonly string[];
  /**
   * Gone, with the history that would tell compacted away (kube-apiserver does
   * it every 5 minutes). The members kept one history from the record on, so
   * nothing was lost with them; who deleted these cannot be told.
   */
  readonly goneAfterCompaction: readonly string[];
}

/**
 * Every key of the record must still be in etcd's history at the record's
 * revision; then what is missing today was deleted since, not lost. When that
 * history is compacted away, it matters whether the history is the same one:
 * the cluster of the plan, in which nothing claims to be as old as the record
 * without standing in it. If it is, a missing key was deleted; if not, it is
 * lost unless controllers are known to replace its kind. (That the revision is
 * beyond the record's says nothing: a compacted revision always lies behind.)
 */
export async function compareBaseline(
  verified: Verified,
): Promise<{ readonly rule: ExitRule; readonly comparison: BaselineComparison | undefined }> {
  const { context, hosts } = verified;
  let comparison: BaselineComparison | undefined;
  const rule = await judge("every object of the record from before is there", async (): Promise<Verdict> => {
    const baseline = await readBaseline(context);
    const [first] = hosts;
    if (baseline === undefined || first === undefined) return unknown("the record of objects from before");
    const client = await context.ports.etcd.dial(first.name, { timeoutMs: pageTimeoutMs, signal: context.signal });
    try {
      const now = await keysAt(client, context, 0n);
      const alien = aliensOf(now, baseline);
      const missing = baseline.keys.filter((key) => !now.has(key));
      const history = await historyAt(client, context, baseline.revision);
      const isCompacted = history === undefined;
      const isOneHistory = isCompacted && alien.length === 0 && (await isPlannedCluster(client, context));
      const lost = isCompacted
        ? missing.filter((key) => !isOneHistory && !isReplacedByControllers(key))
        : baseline.keys.filter((key) => !history.has(key));
      const unexplained = new Set(lost);
      comparison = {
        objectsBefore: baseline.keys.length,
        objectsNow: now.size,
        lost: unexplained.size,
        deletedSince: isCompacted ? missing.filter(isReplacedByControllers) : missing.filter((key) => !unexplained.has(key)),
        goneAfterCompaction: isOneHistory ? missing.filter((key) => !isReplacedByControllers(key)) : [],
      };
      const problems = [
        ...(lost.length === 0 ? [] : [`${String(lost.length)} objects are missing: ${lost.slice(0, 20).join(", ")}`]),
        ...(alien.length === 0
          ? []
          : [
              `${String(alien.length)} objects are as old as the record and not in it, so this is another history: ${alien.slice(0, 20).join(", ")}`,
            ]),
      ];
      return problems.length === 0 ? holds : fails(...problems);
    } finally {
      await client.close();
    }
  });
  return { rule, comparison };
}

/** Names, with the revision of each one's last change. */
async function keysAt(client: EtcdClient, context: StepContext, revision: Revision): Promise<Map<string, Revision>> {
  const keys = new Map<string, Revision>();
  await eachKey(client, context, revision, (page) => {
    for (const { name, modRevision } of page) keys.set(name, modRevision);
  });
  return keys;
}

/** What was last changed at or before the record's revision was there then: a key that the record lacks was written in another history. */
function aliensOf(
  now: ReadonlyMap<string, Revision>,
  baseline: { readonly revision: Revision; readonly keys: readonly string[] },
): string[] {
  const recorded = new Set(baseline.keys);
  return [...now].flatMap(([name, modRevision]) => (modRevision <= baseline.revision && !recorded.has(name) ? [name] : []));
}

/** Without an id in the plan nothing is known. */
async function isPlannedCluster(client: EtcdClient, context: StepContext): Promise<boolean> {
  const expected = context.plan.fingerprint.clusterId;
  const status = await client.status({ timeoutMs: pageTimeoutMs, signal: context.signal });
  return expected !== undefined && status.clusterId === expected;
}

/** undefined: compacted away. */
async function historyAt(client: EtcdClient, context: StepContext, revision: Revision): Promise<ReadonlyMap<string, Revision> | undefined> {
  try {
    return await keysAt(client, context, revision);
  } catch (error) {
    if (error instanceof RecoveryError && error.code === "ETCD_REFUSED" && /compacted/.test(error.message)) return undefined;
    throw error;
  }
}

/** Kinds that expire or that controllers make again under other names. */
function isReplacedByControllers(key: string): boolean {
  const [kind = "", namespace = "", name = ""] = key.slice(objectPrefix.length).split("/");
  if (kind === "secrets") return namespace === "kube-system" && (name.startsWith("bootstrap-token-") || name === "kubeadm-certs");
  if (kind === "configmaps") return name.startsWith("requorum-verify-");
  return ["events", "leases", "masterleases", "pods", "minions", "csinodes", "endpointslices", "certificatesigningrequests"].includes(kind);
}
