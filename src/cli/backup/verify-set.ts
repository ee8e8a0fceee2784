import { findSet, type PassedOver } from "../../app/backup/find-set.ts";
import { verifyBackup } from "../../app/backup/verify-backup.ts";
import { proofLevels, type BackupManifest, type ProofLevel } from "../../model/backup-set.ts";
import { errorCatalogue, type ExitName } from "../../model/error-catalogue.ts";
import { asBackupSetId, type BackupSetId } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { shellWord } from "../../model/shell-word.ts";
import { verificationDocument } from "../../render/backup-verification-document.ts";
import { verificationPage } from "../../render/backup-verification-page.ts";
import { errorPage } from "../../render/error-page.ts";
import { command, type Page } from "../../render/page.ts";
import type { Invocation } from "../command-spec.ts";
import { printResult, printShortfall } from "../print-result.ts";
import { calledWords, tellPassedOver } from "./chosen-set.ts";
import { keySourcesOf, setKeyOf } from "./set-key.ts";
import { setName } from "./set-name.ts";
import { verifyContextOf } from "./verify-context.ts";
import { withBackup, type BackupCall } from "./with-backup.ts";

/** `backup verify` and `backup drill`. */
export function verifySet(invocation: Invocation, wanted: { readonly level: ProofLevel; readonly isDrill: boolean }): Promise<ExitName> {
  const { cli } = invocation;
  return withBackup(invocation, { isQuiet: false, worksAlone: true }, async (call) => {
    const { display, backup } = call;
    const { onPassedOver, passedOver } = tellPassedOver(invocation);
    const { id, manifest, trusting } = await setOf(invocation, call, onPassedOver);
    const context = await verifyContextOf(cli, call, manifest, await setKeyOf(invocation, keySourcesOf(backup), manifest));
    const found = await verifyBackup(context, { id, ...wanted });
    display.stop();
    const document = verificationDocument({ ...found, wanted: wanted.level, isDrill: wanted.isDrill, store: backup.ports.store.place });
    printResult(cli, { ...document, passedOver }, () => [...verificationPage(document), ...trusting]);
    const exit = exitOf(found.outcomes, wanted.level);
    const { proofProblem } = found;
    if (proofProblem === undefined) return exit;
    // Who counts on this verification finds nothing of it in the store: `backup list`, pruning and `latest` know nothing of it.
    printShortfall(cli, proofProblem, errorPage(proofProblem));
    return exit === "done" ? errorCatalogue[proofProblem.code].exit : exit;
  });
}

/** A name in full needs no manifest that can be read: that it cannot is what V0 says. */
async function setOf(
  invocation: Invocation,
  { app, backup }: BackupCall,
  onPassedOver: (set: PassedOver) => void,
): Promise<{
  readonly id: BackupSetId;
  readonly manifest: BackupManifest | undefined;
  /** How the same call trusts who signed it; nothing where it does. */
  readonly trusting: Page;
}> {
  const name = setName(invocation, app.config.cluster);
  const context = { backup: backup.ports, trust: backup.trust, signal: app.signal };
  try {
    const nowMs = app.ports.clock.nowMs();
    const found = await findSet(context, { name, cluster: app.config.cluster, nowMs, onPassedOver });
    const { id, manifest } = found;
    const [signer] = found.signers;
    if (found.kind === "trusted" || signer === undefined) return { id, manifest, trusting: [] };
    const again = [...calledWords(invocation, { [name]: id }), "--trust-signer", signer].map(shellWord).join(" ");
    return { id, manifest, trusting: [command(again, "if you know the key that signed it, say so")] };
  } catch (error) {
    const isNamed = /^[0-9]{8}-[0-9]{6}-[0-9a-z]{6}$/.test(name);
    if (isNamed && error instanceof RecoveryError && error.code === "BACKUP_SET_DAMAGED")
      return { id: asBackupSetId(name), manifest: undefined, trusting: [] };
    throw error;
  }
}

function exitOf(outcomes: readonly { readonly level: ProofLevel; readonly verdict: string }[], wanted: ProofLevel): ExitName {
  const asked = outcomes.filter(({ level }) => proofLevels.indexOf(level) <= proofLevels.indexOf(wanted));
  if (asked.some(({ verdict }) => verdict === "fails")) return "verificationFailed";
  return asked.every(({ verdict }) => verdict === "holds") ? "done" : "factsIncomplete";
}
