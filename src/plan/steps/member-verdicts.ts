import { votingMembers, type ClusterModel, type ModelMember } from "../../model/cluster-model.ts";
import type { HostName, MemberId } from "../../model/ids.ts";
import { quorumSize } from "../../model/quorum.ts";
import { fails, holds, unknown, whenKnown, type Verdict } from "../../model/verdict.ts";

/** Judgements about the member list that several kinds of step share. */

export function withMemberList(model: ClusterModel, judge: (members: readonly ModelMember[]) => Verdict): Verdict {
  return whenKnown(model.members, "the member list (a linearizable read)", judge);
}

export function memberWords(member: Pick<ModelMember, "id" | "name">): string {
  const name = member.name === "" ? "never started" : member.name;
  return member.id === undefined ? name : `${member.id} (${name})`;
}

export function samePeerUrls(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && [...left].sort().join(" ") === [...right].sort().join(" ");
}

export function memberOfPeerUrl(members: readonly ModelMember[], peerUrl: string): ModelMember | undefined {
  return members.find((member) => member.peerUrls.includes(peerUrl));
}

/** Enough of these voters answer to form a quorum of `voterCount`. Voters of unknown health turn a failure into an unknown. */
export function quorumHolds(voters: readonly ModelMember[], voterCount: number, when: string): Verdict {
  const needed = quorumSize(voterCount);
  const healthy = voters.filter((voter) => voter.isHealthy === true).length;
  if (voterCount > 0 && healthy >= needed) return holds;
  const open = voters.filter((voter) => voter.isHealthy === undefined);
  const words = `${when}: ${String(healthy)} of ${String(voterCount)} voters healthy, ${String(needed)} needed`;
  if (voterCount > 0 && healthy + open.length >= needed) return unknown(`${words}; not known: ${open.map(memberWords).join(", ")}`);
  return fails(words);
}

/** The cluster can commit now (I-G6: every registered voter counts). */
export function quorumNow(members: readonly ModelMember[]): Verdict {
  const voters = votingMembers(members);
  return quorumHolds(voters, voters.length, "quorum now");
}

/** A healthy voter on one of `via`, other than `except`, can take the request (I-S4: a learner cannot). */
export function voterVia(members: readonly ModelMember[], via: readonly HostName[], except?: MemberId): Verdict {
  const voters = votingMembers(members).filter((voter) => voter.host !== undefined && via.includes(voter.host) && voter.id !== except);
  if (voters.some((voter) => voter.isHealthy === true)) return holds;
  if (voters.some((voter) => voter.isHealthy === undefined)) return unknown(`whether a voter on ${via.join(", ")} is healthy`);
  return fails(`no healthy voter on ${via.join(", ")} to ask`);
}
