/** A place in the raft log. */
export interface FileLogPosition {
  readonly index: bigint;
  /** undefined: not known; etcd 3.4 keeps none in its database. */
  readonly term: bigint | undefined;
}

/** How new the state in one data dir is. */
export interface FileRank {
  readonly path: string;
  readonly memberId: string | undefined;
  readonly clusterId: string | undefined;
  /** No other of those ranked is newer; several can be. */
  readonly isNewest: boolean;
  /** The newest state that can be had from these files; undefined: none. */
  readonly newest: FileLogPosition | undefined;
  readonly log: FileLogPosition | undefined;
  readonly database: FileLogPosition | undefined;
  /** It lags behind what was acknowledged (failure catalogue M7). */
  readonly recordedCommit: bigint | undefined;
  /** Entries that a replay adds to the database. */
  readonly unappliedEntries: bigint;
  /** Of those, above the recorded commit index: acknowledged or not is unknown. */
  readonly uncertainEntries: bigint;
  readonly problems: readonly string[];
}

export interface FileRanking {
  /** Newest first. */
  readonly ranks: readonly FileRank[];
  /** false: the dirs are of different clusters, and their order says nothing. */
  readonly isOneCluster: boolean;
}
