import type { EtcdStatus, MemberFacts } from "../../model/inventory.ts";
import { fails, holds, unknown, type Verdict } from "../../model/verdict.ts";
import { etcdCall, withEtcd } from "../ask/ask-etcd.ts";
import { judge, type ExitRule, type Verified } from "./exit-rule.ts";

/** hashkv walks the whole key space of a member: about 1 s per GB on a disk that recovery would be tried on. */
const hashTimeoutMs = 60_000;
/** etcd keeps 5000 entries for those who lag; a member within a fifth of that is following. */
const lagEntriesMax = 1_000n;

/** Members, ids, alarms, lag and equal data: each member asked by itself. */
export async function etcdRules(verified: Verified, voters: number): Promise<readonly ExitRule[]> {
  const { members, hosts, context } = verified;
  const statuses = new Map<string, EtcdStatus>();
  const answering = await judge("every member answers by itself", async () => {
    for (const host of hosts) statuses.set(host.name, await withEtcd(context, host.name, (client) => client.status(etcdCall(context))));
    return statuses.size === members.length
      ? holds
      : fails(`${String(statuses.size)} of ${String(members.length)} members live on configured machines`);
  });
  const known = [...statuses.values()];
  return [
    { rule: `${String(voters)} voters, all started, no learner`, verdict: membershipVerdict(members, voters) },
    answering,
    { rule: "one cluster id, the plan's", verdict: clusterVerdict(known, context.plan.fingerprint.clusterId) },
    {
      rule: "one leader, known to all",
      verdict: sameVerdict(
        known.map((status) => status.leaderId ?? "none"),
        "leaders",
      ),
    },
    { rule: "every member follows closely", verdict: lagVerdict(known) },
    await judge("no alarms", () => alarmVerdict(verified)),
    await judge("equal data on every member (hashkv)", () => hashVerdict(verified, known)),
  ];
}

function membershipVerdict(members: readonly MemberFacts[], voters: number): Verdict {
  const problems = [
    ...members.filter((member) => member.isLearner).map((member) => `member ${member.id} (${member.name}) is a learner`),
    ...members.filter((member) => member.name === "").map((member) => `member ${member.id} has never started`),
  ];
  const count = members.filter((member) => !member.isLearner).length;
  if (count !== voters) problems.push(`${String(count)} voters, wanted ${String(voters)}`);
  return problems.length === 0 ? holds : fails(...problems);
}

/** Members that agree with each other may still be another cluster than the one that was to be recovered (I-G3). */
function clusterVerdict(statuses: readonly EtcdStatus[], planned: string | undefined): Verdict {
  const ids = statuses.map((status) => status.clusterId);
  const foreign = ids.find((id) => planned !== undefined && id !== planned);
  return foreign === undefined
    ? sameVerdict(ids, "cluster ids")
    : fails(`cluster ids: ${[...new Set(ids)].join(", ")}; the plan is for ${planned ?? ""}`);
}

function sameVerdict(values: readonly string[], what: string): Verdict {
  if (values.length === 0) return unknown(what);
  const distinct = [...new Set(values)];
  return distinct.length === 1 && distinct[0] !== "none" ? holds : fails(`${what}: ${distinct.join(", ")}`);
}

function lagVerdict(statuses: readonly EtcdStatus[]): Verdict {
  if (statuses.length === 0) return unknown("raft indexes");
  const newest = statuses.map((status) => status.raftIndex).reduce((a, b) => (a > b ? a : b));
  const behind = statuses.filter((status) => newest - status.appliedIndex > lagEntriesMax);
  return behind.length === 0
    ? holds
    : fails(...behind.map((status) => `member ${status.memberId} is ${String(newest - status.appliedIndex)} entries behind`));
}

async function alarmVerdict({ context, hosts }: Verified): Promise<Verdict> {
  const [first] = hosts;
  if (first === undefined) return unknown("alarms: no member's machine is configured");
  const alarms = await withEtcd(context, first.name, (client) => client.alarms(etcdCall(context)));
  const raised = alarms.filter((alarm) => alarm.alarm !== "NONE");
  return raised.length === 0 ? holds : fails(...raised.map((alarm) => `${alarm.alarm} raised for member ${alarm.memberId}`));
}

/**
 * At the lowest revision that all have: a hash at a revision does not change
 * while others write. Hashes compare only when compaction is equal too.
 */
async function hashVerdict({ context, hosts }: Verified, statuses: readonly EtcdStatus[]): Promise<Verdict> {
  if (statuses.length !== hosts.length || statuses.length === 0) return unknown("the revisions of all members");
  const revision = statuses.map((status) => status.revision).reduce((a, b) => (a < b ? a : b));
  const answers = [];
  for (const host of hosts) {
    const answer = await withEtcd(context, host.name, (client) => client.hashKv(revision, etcdCall(context, hashTimeoutMs)));
    answers.push({ host: host.name, text: `${String(answer.hash)} (compacted at ${String(answer.compactRevision)})` });
  }
  const distinct = new Set(answers.map((answer) => answer.text));
  return distinct.size === 1
    ? holds
    : fails(`hashes at revision ${String(revision)} differ: ${answers.map((answer) => `${answer.host} ${answer.text}`).join(", ")}`);
}
