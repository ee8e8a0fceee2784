/**
 * Quorum arithmetic. It counts *registered voters*: learners are left out,
 * unstarted and zombie members are counted in (invariant I-G6).
 */

/** Voters that must agree: floor(n/2)+1. Zero voters have no quorum that could be met: 1. */
export function quorumSize(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/** Voters that may be lost while all are alive: n - quorum. */
export function faultTolerance(voters: number): number {
  return voters === 0 ? 0 : voters - quorumSize(voters);
}

export interface QuorumState {
  /** Registered voting members. */
  readonly voters: number;
  /** Votes needed: floor(voters/2)+1. */
  readonly needed: number;
  /** Voters proven healthy. */
  readonly healthy: number;
  /** Healthy voters that may still fail before writes stop; negative means quorum is lost already. */
  readonly faultTolerance: number;
}

export function quorumState(options: { readonly voters: number; readonly healthy: number }): QuorumState {
  const needed = quorumSize(options.voters);
  return { voters: options.voters, needed, healthy: options.healthy, faultTolerance: options.healthy - needed };
}

export function hasQuorum(state: QuorumState): boolean {
  return state.voters > 0 && state.healthy >= state.needed;
}
