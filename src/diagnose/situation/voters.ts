import type { Evidence } from "../../model/finding.ts";
import { evidenceOf } from "./host-view.ts";
import { dataEvidence, observedLoss, observedLossOf } from "./loss.ts";
import type { Situation, VoterView } from "./situation.ts";

/** Voters by what was observed, for a cluster whose quorum is not there. */
export interface VoterCensus {
  /** Reached, with WAL and backend on disk (running or not). */
  readonly intact: readonly VoterView[];
  /** Data observed to be gone. */
  readonly lost: readonly VoterView[];
  /** Neither: silent, unseen, or not looked at. */
  readonly unseen: readonly VoterView[];
}

export function voterCensus(situation: Situation): VoterCensus {
  const { voters } = situation.quorum;
  const lost = voters.filter((voter) => isObservedLost(voter));
  const intact = voters.filter((voter) => !lost.includes(voter) && voter.host?.presence.kind === "reached" && voter.host.data === "intact");
  return { intact, lost, unseen: voters.filter((voter) => !lost.includes(voter) && !intact.includes(voter)) };
}

function isObservedLost({ host, member }: VoterView): boolean {
  if (host === undefined) return false;
  return (member === undefined ? observedLoss(host) : observedLossOf({ host, member })) !== undefined;
}

export function voterEvidence(voter: VoterView): readonly Evidence[] {
  const host = voter.host;
  if (host === undefined) return [];
  const status = host.facts.etcd.status;
  if (status.kind === "known")
    return [
      evidenceOf(
        `${voter.label}: answers, ${status.value.leaderId === undefined ? "knows no leader" : `names ${status.value.leaderId} as leader`}`,
        status,
      ),
    ];
  if (host.etcd === "stopped" || host.etcd === "frozen")
    return [evidenceOf(`${voter.label}: etcd is ${host.etcd}`, host.facts.processes), dataEvidence(host)];
  return host.presence.evidence.slice(0, 2);
}

/** "3 voters, 2 needed" with the source of the list, for summaries. */
export function quorumWords(situation: Situation): string {
  const { voters, needed, basis } = situation.quorum;
  const source = { "live-list": "", "last-seen": " by the last good look", configuration: " by the configuration" }[basis];
  return `${String(voters.length)} voters${source}, ${String(needed)} needed`;
}
