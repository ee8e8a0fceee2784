/** Proves a backup set, level by level (design section 10), and writes what it found beside the set. */
import { openSet, type OpenSet } from "../../catalogue/set-reader.ts";
import { writeProof } from "../../catalogue/write-proof.ts";
import { judgeConsistency } from "../../catalogue/verify/consistent-level.ts";
import { notTried } from "../../catalogue/verify/level-result.ts";
import { proveSigned } from "../../catalogue/verify/signed-level.ts";
import { proveStored, type StoredSet } from "../../catalogue/verify/stored-level.ts";
import type { BackupManifest, BackupProof, ProofLevel, ProofOutcome } from "../../model/backup-set.ts";
import type { BackupSetId } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { openContent, type OpenedContent } from "./open-content.ts";
import { setEvidence } from "./set-evidence.ts";
import { TriedLevels } from "./tried-levels.ts";
import { proveInSandbox, type DrillTimes } from "./prove-in-sandbox.ts";
import type { VerifyContext } from "./verify-context.ts";

export interface VerifyRequest {
  readonly id: BackupSetId;
  /** The highest level that is wanted. */
  readonly level: ProofLevel;
  /** Times are kept as evidence of how long a recovery takes. */
  readonly isDrill: boolean;
}

export interface VerifiedBackup {
  readonly id: BackupSetId;
  /** undefined: it cannot be read. */
  readonly manifest: BackupManifest | undefined;
  /** Every level, in order. */
  readonly outcomes: readonly ProofOutcome[];
  readonly drill: BackupProof["drill"];
  /** How the sandbox was kept apart; undefined: none was made. */
  readonly sandbox: string | undefined;
  /** What the set said of itself, and the evidence that was written; undefined: there is no manifest to write of. */
  readonly proof: { readonly name: string; readonly proof: BackupProof } | undefined;
  /** Why the evidence could not be written: the set is what it is all the same. */
  readonly proofProblem: RecoveryError | undefined;
}

/** BACKUP_SET_NOT_FOUND, BACKUP_SET_UNSUPPORTED, BACKUP_STORE_*, LOCAL_*; what is wrong with the set is an outcome, not an error. */
export async function verifyBackup(context: VerifyContext, request: VerifyRequest): Promise<VerifiedBackup> {
  const levels = new TriedLevels(context, request.level);
  let set: StoredSet | undefined;
  await levels.attempt("V0", async () => {
    context.report({ kind: "phase", text: "looking for what the set names" });
    const stored = await proveStored(context.backup, request.id, context.signal);
    set = stored.set;
    return stored.result;
  });
  let drill: DrillTimes | undefined;
  if (set !== undefined) {
    const stored = set;
    await levels.attempt("V1", () =>
      proveSigned({ ...context.backup, trust: context.trust, report: context.report }, stored, context.signal),
    );
    drill = await proveContent(context, levels, request.id);
  }
  const times =
    request.isDrill && drill?.etcdReadyMs !== undefined ? { etcdReadyMs: drill.etcdReadyMs, apiReadyMs: drill.apiReadyMs } : undefined;
  const found = { id: request.id, manifest: set?.manifest, outcomes: levels.outcomes(), drill: times, sandbox: drill?.sandbox };
  return { ...found, ...(await keepProof(context, found, set)) };
}

/** V2 and above: with the set's key. */
async function proveContent(context: VerifyContext, levels: TriedLevels, id: BackupSetId): Promise<DrillTimes | undefined> {
  if (!levels.isWanted("V2")) return undefined;
  const { backup, key, trust, signal } = context;
  if (key === undefined) {
    await levels.attempt("V2", () =>
      Promise.resolve(
        notTried("there is no key to open the set with: give --identity or --passphrase-file; this machine holds none of this store"),
      ),
    );
    return undefined;
  }
  const spool = await backup.spool.open();
  let open: OpenSet | undefined;
  try {
    let opened: OpenedContent | undefined;
    await levels.attempt("V2", async () => {
      open = await openSet({ ...backup, trust }, id, key, signal);
      const read = await openContent(context, open, spool);
      opened = read.opened;
      return read.result;
    });
    if (opened === undefined) return undefined;
    const content = opened;
    await levels.attempt("V3", () =>
      Promise.resolve(judgeConsistency(setEvidence(context, content.set, { ...content, ...content.content }))),
    );
    if (!levels.isWanted("V4")) return undefined;
    return await proveInSandbox(context, levels, content);
  } finally {
    open?.close();
    await spool.remove();
  }
}

async function keepProof(
  context: VerifyContext,
  found: Pick<VerifiedBackup, "id" | "outcomes" | "drill">,
  set: StoredSet | undefined,
): Promise<Pick<VerifiedBackup, "proof" | "proofProblem">> {
  if (set === undefined) return { proof: undefined, proofProblem: undefined };
  const { backup, ports, signal } = context;
  const proof: BackupProof = {
    apiVersion: "requorum.backup/v1",
    kind: "BackupProof",
    set: found.id,
    manifestSha256: set.manifestSha256,
    at: ports.clock.nowIso(),
    by: context.by,
    program: context.program,
    outcomes: found.outcomes,
    drill: found.drill,
  };
  try {
    const key = await backup.keys.signingKey();
    const name = await writeProof(backup, proof, { key, random: ports.hashing.randomHex(3), signal });
    return { proof: { name, proof }, proofProblem: undefined };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof RecoveryError)) throw error;
    return { proof: undefined, proofProblem: error };
  }
}
