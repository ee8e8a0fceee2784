/** A place in the raft log. */
export interface FileLogPosition {
  readonly index: bigint;
  /** undefined: not known; etcd 3.4 keeps none in its database. */
  readonly term: bigint | undefined;
}

/** How new the state in one data dir or file is. */
export interface FileRank {
  readonly path: string;
  readonly memberId: string | undefined;
  /** As its log says; of a file, that of the data dir among those ranked which has members in common with it. */
  readonly clusterId: string | undefined;
  /** No other of those that could be placed is newer; several can be. Never one that is damaged. */
  readonly isNewest: boolean;
  /** What it holds may be wrong or less than it was: it stands behind all that are whole, whatever its last entry is. */
  readonly isDamaged: boolean;
  /** The newest state that can be had from these files; undefined: none. */
  readonly newest: FileLogPosition | undefined;
  /** After that entry; undefined: not known. */
  readonly revision: bigint | undefined;
  /** What the newest has and this one has not; undefined: not known, as between different histories, clusters, or of what was not read. */
  readonly missingEntries: bigint | undefined;
  readonly missingRevisions: bigint | undefined;
  readonly log: FileLogPosition | undefined;
  readonly database: FileLogPosition | undefined;
  /** It lags behind what was acknowledged (failure catalogue M7). */
  readonly recordedCommit: bigint | undefined;
  /** Entries that a replay adds to the database. */
  readonly unappliedEntries: bigint;
  /** Of those, above the recorded commit index: acknowledged or not is unknown. */
  readonly uncertainEntries: bigint;
  readonly problems: readonly string[];
  /** Worth knowing, and no problem. */
  readonly remarks: readonly string[];
}

export interface FileRanking {
  /** Newest first; then those that are damaged, then those of which the cluster is not known, last those that were not read. */
  readonly ranks: readonly FileRank[];
  /** false: they are of different clusters, and their order says nothing; undefined: of one or more it is not known, or none was read. */
  readonly isOneCluster: boolean | undefined;
}
