import type { FileLogLoss, MetaDamage } from "./file-inspection.ts";
import type { ClusterId, MemberId } from "./ids.ts";

/** What `snapshot restore` made. */
export interface FileRestore {
  readonly source: string;
  readonly dataDir: string;
  readonly member: { readonly id: MemberId; readonly name: string; readonly peerUrls: readonly string[] };
  readonly clusterId: ClusterId;
  readonly clusterToken: string;
  /** All members of the new cluster; each needs its own restore, from the same source with the same options. */
  readonly members: readonly { readonly id: MemberId; readonly name: string; readonly peerUrls: readonly string[] }[];
  readonly sourceRevision: bigint;
  /** What the restored cluster starts with. */
  readonly revision: bigint;
  readonly revisionBump: bigint | undefined;
  readonly storageVersion: string | undefined;
  /** As in the source: clients need a user and a password. */
  readonly authIsEnabled: boolean;
  readonly metaDamage: MetaDamage | undefined;
  readonly sha256: { readonly present: boolean; readonly valid: boolean | undefined };
  readonly databaseSizeBytes: number;
  /** From a data dir: entries of its log that were replayed, and of those the ones that may not have been acknowledged. */
  readonly replayedEntries: number;
  readonly uncertainEntries: number;
  readonly uncertainAreIncluded: boolean;
  /** What the log should have given and is not in it, as was accepted. */
  readonly logLoss: FileLogLoss | undefined;
  /** Beside the data dir: what a restore that was killed has left, or one that runs now is writing. Nobody removes it unasked. */
  readonly leftovers: readonly string[];
}
