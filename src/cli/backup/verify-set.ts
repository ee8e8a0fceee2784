import { LocalFileSpool } from "../../adapters/local-fs/local-file-spool.ts";
import { LocalSealedSpool } from "../../adapters/local-fs/sealed-spool.ts";
import { NodeCertificates } from "../../adapters/system/node-certificates.ts";
import { nodeKeyMatcher } from "../../adapters/system/node-key-matcher.ts";
import { findSet } from "../../app/backup/find-set.ts";
import { verifyBackup } from "../../app/backup/verify-backup.ts";
import type { SnapshotEngine, VerifyContext } from "../../app/backup/verify-context.ts";
import { proofLevels, type BackupManifest, type ProofLevel } from "../../model/backup-set.ts";
import type { ExitName } from "../../model/error-catalogue.ts";
import { asBackupSetId, type BackupSetId } from "../../model/ids.ts";
import type { LastSeen } from "../../model/inventory.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { verificationDocument } from "../../render/backup-verification-document.ts";
import { verificationPage } from "../../render/backup-verification-page.ts";
import { readLastSeen } from "../../schemas/last-seen.ts";
import type { CliContext } from "../cli-context.ts";
import { textArgument, type Invocation } from "../command-spec.ts";
import { runSealedFileTask } from "../file-work/run-file-task.ts";
import { printResult } from "../print-result.ts";
import { sandboxesOf } from "./sandboxes.ts";
import { setKeyOf } from "./set-key.ts";
import { withBackup, type BackupCall } from "./with-backup.ts";

/** `backup verify` and `backup drill`. */
export function verifySet(invocation: Invocation, wanted: { readonly level: ProofLevel; readonly isDrill: boolean }): Promise<ExitName> {
  const { cli } = invocation;
  return withBackup(invocation, { isQuiet: false }, async (call) => {
    const { app, display, backup } = call;
    const { id, manifest } = await setOf(invocation, call);
    const context: VerifyContext = {
      backup: {
        ...backup.ports,
        spool: new LocalSealedSpool(new LocalFileSpool({ cacheDirectory: cli.directories.cache })),
        engine: engineOf(cli, app),
        sandboxes: await sandboxesOf(cli, backup.settings),
      },
      ports: {
        clock: app.ports.clock,
        hashing: app.ports.hashing,
        certificates: new NodeCertificates(),
        keyMatcher: nodeKeyMatcher,
      },
      trust: backup.trust,
      key: await setKeyOf(invocation, backup, manifest),
      wantedRecipients: manifest?.cluster.name === app.config.cluster ? backup.settings.recipients : undefined,
      lastSeen: manifest === undefined ? undefined : await lastSeenOf(call, manifest.cluster.name),
      by: app.operator.by,
      program: app.program,
      signal: app.signal,
      report: app.report,
    };
    const found = await verifyBackup(context, { id, ...wanted });
    display.stop();
    const document = verificationDocument({ ...found, wanted: wanted.level, isDrill: wanted.isDrill, store: backup.ports.store.place });
    printResult(cli, document, () => verificationPage(document));
    return exitOf(found.outcomes, wanted.level);
  });
}

/** A name in full needs no manifest that can be read: that it cannot is what V0 says. */
async function setOf(
  invocation: Invocation,
  { app, backup }: BackupCall,
): Promise<{ readonly id: BackupSetId; readonly manifest: BackupManifest | undefined }> {
  const name = textArgument(invocation, "set") ?? "latest";
  const context = { backup: backup.ports, trust: backup.trust, signal: app.signal };
  try {
    const { id, manifest } = await findSet(context, { name, cluster: app.config.cluster });
    return { id, manifest };
  } catch (error) {
    const isNamed = /^[0-9]{8}-[0-9]{6}-[0-9a-z]{6}$/.test(name);
    if (isNamed && error instanceof RecoveryError && error.code === "BACKUP_SET_DAMAGED")
      return { id: asBackupSetId(name), manifest: undefined };
    throw error;
  }
}

/** What this machine kept may be damaged; the set has its own. */
async function lastSeenOf({ app }: BackupCall, cluster: string): Promise<LastSeen | undefined> {
  const text = await app.ports.lastSeen.read(cluster);
  return text === undefined ? undefined : readLastSeen(text);
}

function engineOf(cli: CliContext, { report }: Pick<VerifyContext, "report">): SnapshotEngine {
  return {
    check: (reading, request) => runSealedFileTask(cli, "check", request, { reading, report }),
    describe: (reading, request) => runSealedFileTask(cli, "describe", request, { reading, report }),
    sealed: (reading, request) => runSealedFileTask(cli, "sealed", request, { reading, report }),
    hashKv: (reading, request) => runSealedFileTask(cli, "hashkv", request, { reading, report }),
    restore: (reading, request) => runSealedFileTask(cli, "restore", request, { reading, report }),
  };
}

function exitOf(outcomes: readonly { readonly level: ProofLevel; readonly verdict: string }[], wanted: ProofLevel): ExitName {
  const asked = outcomes.filter(({ level }) => proofLevels.indexOf(level) <= proofLevels.indexOf(wanted));
  if (asked.some(({ verdict }) => verdict === "fails")) return "verificationFailed";
  return asked.every(({ verdict }) => verdict === "holds") ? "done" : "factsIncomplete";
}
