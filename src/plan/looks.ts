import type { Inventory, LookSummary } from "../model/inventory.ts";
import { summariseLook } from "../model/look-summary.ts";
import type { RecoveryPlan } from "../model/plan.ts";

/** etcd counts a peer as connected only after 5 s of stable contact; the same window separates two looks (failure catalogue, section 4). */
export const looksApartMsMin = 5_000;

export interface LooksJudgement {
  readonly looks: RecoveryPlan["looks"];
  /** Why the looks do not allow a change yet; empty: they do. */
  readonly reasons: readonly string[];
  /** What the second look saw otherwise than the first; a further look may find it settled. */
  readonly changes: readonly string[];
}

/** I-G1: two looks, far enough apart, that saw the same. Who leads may have changed in between. */
export function judgeLooks(inventory: Inventory): LooksJudgement {
  const first = inventory.earlierLook;
  if (first === undefined)
    return {
      looks: undefined,
      reasons: ["Only one look was taken; nothing is changed before a second one, at least 5 s later, agrees (I-G1)."],
      changes: [],
    };
  const second = summariseLook(inventory);
  const apartMs = Date.parse(second.takenAt) - Date.parse(first.takenAt);
  if (!(apartMs >= looksApartMsMin))
    return { looks: undefined, reasons: [`The two looks are only ${String(apartMs)} ms apart; 5 s are needed (I-G1).`], changes: [] };
  const changes = lookDifferences(first, second);
  if (changes.length > 0)
    return { looks: undefined, reasons: [`The situation is still changing (I-G1): ${changes.join("; ")}. Look again.`], changes };
  return { looks: { first: first.takenAt, second: second.takenAt }, reasons: [], changes };
}

function lookDifferences(first: LookSummary, second: LookSummary): readonly string[] {
  const differences: string[] = [];
  if (first.clusterIds.join() !== second.clusterIds.join()) differences.push("other cluster ids answered");
  if (first.memberIds.join() !== second.memberIds.join()) differences.push("the member list changed");
  for (const host of second.hosts) {
    const before = first.hosts.find((candidate) => candidate.name === host.name);
    if (before === undefined) continue;
    if (before.sshReachable !== host.sshReachable) differences.push(`${host.name} ${host.sshReachable ? "came back" : "went away"}`);
    else if (before.etcdAnswers !== host.etcdAnswers)
      differences.push(`etcd on ${host.name} ${host.etcdAnswers ? "came back" : "went away"}`);
    else if (before.dataDirPresent !== host.dataDirPresent) differences.push(`the etcd data on ${host.name} changed`);
  }
  return differences;
}
