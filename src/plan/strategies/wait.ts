import { modelHost, modelQuorum, type ModelMember } from "../../model/cluster-model.ts";
import { judgeEtcdData } from "../../model/etcd-data.ts";
import type { HostName } from "../../model/ids.ts";
import { valueOf } from "../../model/observation.ts";
import { hasQuorum, quorumSize } from "../../model/quorum.ts";
import type { PlanningSituation } from "../plan-input.ts";
import { signsOfLife } from "../loss-proofs.ts";
import { memberWords } from "../steps/member-verdicts.ts";
import { noLoss, notNeeded, type Candidate } from "./candidate.ts";

/**
 * N02, N09: do nothing yet. It is the right thing while a member is silent
 * and nothing proves that it is lost (I-G2).
 */
export function planWait(situation: PlanningSituation): Candidate {
  const { model, lossProofs } = situation;
  const members = model.members ?? model.believedMembers ?? [];
  const silent = members.filter((member) => member.isHealthy !== true && !lossProofs.some((proof) => proof.memberId === member.id));
  const reasons = [...silent.map((member) => silentWords(situation, member)), ...nodesNotReady(situation)];
  if (reasons.length === 0) return notNeeded("wait", "Nothing is missing that could come back by itself.");
  const words = quorumWords(situation);
  return {
    kind: "possible",
    name: "wait",
    steps: [],
    loss: noLossSoFar(situation),
    because: `${words} What is silent may come back and then catches up by itself; nothing proves that it is lost (I-G2).`,
    reasons,
  };
}

function silentWords(situation: PlanningSituation, member: ModelMember): string {
  const who = `Member ${memberWords(member)}`;
  if (member.host === undefined)
    return `${who} does not answer and belongs to no configured host: add its machine to the configuration, or look at who registered it.`;
  const host = modelHost(situation.model, member.host);
  const signs = signsOfLife(situation.inventory, member.host);
  if (host?.isReachable === true)
    return `${who} does not answer though ${member.host} can be reached; its data is not proven lost${doubtWords(situation, member.host)}. Look at etcd's log there.`;
  if (signs.length > 0)
    return `${who} is not seen from here, but it is alive: ${signs.slice(0, 3).join("; ")}. Unreachable from one place is not dead.`;
  const { goal } = situation;
  const other = goal.kind === "replace" && goal.with !== undefined ? goal.with : "HOST";
  return (
    `${who} does not answer and ${member.host} cannot be reached by anybody. A machine that is only off comes back with all its data: power it on. ` +
    `If it is gone for good, say so: requorum plan replace ${member.host} --with ${other} --attest-lost ${member.host}='what was seen'`
  );
}

/** What speaks against trusting what was seen of its data; somebody has to settle it before anything can be proven. */
function doubtWords({ inventory }: PlanningSituation, host: HostName): string {
  const facts = inventory.hosts.find((candidate) => candidate.name === host);
  const { doubt } = judgeEtcdData(facts === undefined ? undefined : valueOf(facts.etcdDataDir));
  return doubt === undefined ? "" : `: ${doubt}`;
}

function nodesNotReady(situation: PlanningSituation): readonly string[] {
  const members = situation.model.members ?? [];
  return (situation.model.nodes ?? [])
    .filter((node) => node.isReady === false && members.some((member) => member.name === node.name && member.isHealthy === true))
    .map((node) => `Node ${node.name} is not Ready, though its etcd member is well: wait for its kubelet, or look at its log.`);
}

function quorumWords({ model }: PlanningSituation): string {
  const state = modelQuorum(model);
  if (state === undefined) return "etcd has no quorum now, and as far as is known a majority can come back.";
  const tolerance = hasQuorum(state) ? `${String(state.faultTolerance)} more may fail` : "writes stop";
  return `Quorum is kept (${String(state.healthy)} of ${String(state.voters)} voters healthy, ${String(state.needed)} needed, ${tolerance}).`;
}

function noLossSoFar({ model }: PlanningSituation): typeof noLoss {
  if (model.members !== undefined) return noLoss;
  const voters = (model.believedMembers ?? []).filter((member) => !member.isLearner).length;
  return {
    ...noLoss,
    words: `Nothing is lost if ${String(quorumSize(voters))} of ${String(voters)} voters come back with their data; until then nothing can be written.`,
  };
}
