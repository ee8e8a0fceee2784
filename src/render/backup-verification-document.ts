import type { RecoveryError } from "../model/recovery-error.ts";
import type { BackupManifest, BackupProof, ProofLevel, ProofOutcome } from "../model/backup-set.ts";
import { setSummary, type BackupSetSummary } from "./backup-document.ts";

export interface BackupVerificationDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "BackupVerification";
  readonly store: string;
  readonly id: string;
  /** undefined: its manifest cannot be read. */
  readonly set: BackupSetSummary | undefined;
  /** The highest level that was asked for. */
  readonly wanted: ProofLevel;
  readonly isDrill: boolean;
  /** The highest that holds, with all before it; undefined: not even V0. */
  readonly level: ProofLevel | undefined;
  readonly levels: readonly {
    readonly level: ProofLevel;
    readonly verdict: ProofOutcome["verdict"];
    readonly because: readonly string[];
    readonly tookSeconds: number;
  }[];
  /** Of a drill: from the first byte that was fetched until etcd, and the API, answered; without the checks between. */
  readonly drill: { readonly etcdSeconds: number; readonly apiSeconds: number | undefined } | undefined;
  /** How the sandbox was kept apart. */
  readonly sandbox: string | undefined;
  /** Its name in the store; undefined: it could not be written. */
  readonly proof: string | undefined;
  readonly proofProblem: string | undefined;
}

export function verificationDocument(found: {
  readonly id: string;
  readonly manifest: BackupManifest | undefined;
  readonly outcomes: readonly ProofOutcome[];
  readonly drill: BackupProof["drill"];
  readonly sandbox: string | undefined;
  readonly proof: { readonly name: string } | undefined;
  readonly proofProblem: RecoveryError | undefined;
  readonly wanted: ProofLevel;
  readonly isDrill: boolean;
  readonly store: string;
}): BackupVerificationDocument {
  const seconds = (ms: number): number => Math.round(ms / 100) / 10;
  const { proofProblem: problem } = found;
  const broken = found.outcomes.findIndex(({ verdict }) => verdict !== "holds");
  return {
    apiVersion: "requorum/v1",
    kind: "BackupVerification",
    store: found.store,
    id: found.id,
    set: found.manifest === undefined ? undefined : setSummary(found.manifest),
    wanted: found.wanted,
    isDrill: found.isDrill,
    level: found.outcomes[(broken < 0 ? found.outcomes.length : broken) - 1]?.level,
    levels: found.outcomes.map(({ level, verdict, because, tookMs }) => ({ level, verdict, because, tookSeconds: seconds(tookMs) })),
    drill:
      found.drill === undefined
        ? undefined
        : {
            etcdSeconds: seconds(found.drill.etcdReadyMs),
            apiSeconds: found.drill.apiReadyMs === undefined ? undefined : seconds(found.drill.apiReadyMs),
          },
    sandbox: found.sandbox,
    proof: found.proof?.name,
    proofProblem: problem === undefined ? undefined : `${problem.subject}: ${problem.detail} (${problem.code})`,
  };
}
