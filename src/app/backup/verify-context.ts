import type { SetKey } from "../../catalogue/set-reader.ts";
import type { SetTrust } from "../../catalogue/set-signing.ts";
import type { FileCheck, FileHashKv } from "../../model/file-inspection.ts";
import type { FileRestore } from "../../model/file-restore.ts";
import type { LastSeen } from "../../model/inventory.ts";
import type { ReportProgress } from "../../model/progress-event.ts";
import type { SealedFacts } from "../../model/sealed-facts.ts";
import type { SnapshotDescription } from "../../model/snapshot-description.ts";
import type { CertificateReader, KeyMatcher } from "../../ports/certificates.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Hashing } from "../../ports/hashing.ts";
import type { Sandboxes } from "../../ports/sandbox.ts";
import type { SealedReading, SealedSpool } from "../../ports/sealed-spool.ts";
import type { DescribeSnapshotRequest } from "../files/describe-snapshot.ts";
import type { HashKvRequest } from "../files/hash-kv-file.ts";
import type { SealedFactsRequest } from "../files/read-sealed-facts.ts";
import type { RestoreFileRequest } from "../files/restore-file.ts";
import type { BackupPorts } from "./backup-context.ts";

/** The file engine on sealed copies: in a thread of its own, where there is one. Each throws as the task of app/files does. */
export interface SnapshotEngine {
  check(reading: SealedReading, request: { readonly path: string }): Promise<FileCheck>;
  describe(reading: SealedReading, request: DescribeSnapshotRequest): Promise<SnapshotDescription>;
  sealed(reading: SealedReading, request: SealedFactsRequest): Promise<SealedFacts>;
  hashKv(reading: SealedReading, request: HashKvRequest): Promise<FileHashKv>;
  restore(reading: SealedReading, request: RestoreFileRequest): Promise<FileRestore>;
}

/** What a verification reaches through. No cluster is asked. */
export interface VerifyContext {
  readonly backup: Pick<BackupPorts, "store" | "ciphers" | "wrapping" | "keys"> & {
    readonly spool: SealedSpool;
    readonly engine: SnapshotEngine;
    readonly sandboxes: Sandboxes;
  };
  readonly ports: {
    readonly clock: Clock;
    readonly hashing: Hashing;
    readonly certificates: CertificateReader;
    readonly keyMatcher: KeyMatcher;
  };
  readonly trust: SetTrust;
  /** undefined: none was given, and this machine holds none; then V1 is as far as it goes. */
  readonly key: SetKey | undefined;
  /** For whom the configuration wants sets to be sealed; undefined: there is none at hand. */
  readonly wantedRecipients: readonly string[] | undefined;
  /** `backup.externalCa` of the configuration. */
  readonly externalAuthorities: boolean;
  /** What this machine saw last of the set's cluster. */
  readonly lastSeen: LastSeen | undefined;
  /** Why it cannot be read, with what to do. */
  readonly lastSeenProblem?: string | undefined;
  /** "user@workstation" */
  readonly by: string;
  /** "requorum 0.1.0" */
  readonly program: string;
  readonly signal: AbortSignal;
  readonly report: ReportProgress;
}
