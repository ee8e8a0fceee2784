import { LocalFileSpool } from "../../adapters/local-fs/local-file-spool.ts";
import { LocalSealedSpool } from "../../adapters/local-fs/sealed-spool.ts";
import { NodeCertificates } from "../../adapters/system/node-certificates.ts";
import { nodeKeyMatcher } from "../../adapters/system/node-key-matcher.ts";
import type { SnapshotEngine, VerifyContext } from "../../app/backup/verify-context.ts";
import type { SetKey } from "../../catalogue/set-reader.ts";
import type { BackupManifest } from "../../model/backup-set.ts";
import type { LastSeen } from "../../model/inventory.ts";
import { readLastSeen } from "../../schemas/last-seen.ts";
import type { CliContext } from "../cli-context.ts";
import { runSealedFileTask } from "../file-work/run-file-task.ts";
import { sandboxesOf } from "./sandboxes.ts";
import type { BackupCall } from "./with-backup.ts";

/** What proving a set reaches through. `manifest`: undefined where it cannot be read. `key`: undefined where there is none. */
export async function verifyContextOf(
  cli: CliContext,
  call: Pick<BackupCall, "app" | "backup">,
  manifest: BackupManifest | undefined,
  key: SetKey | undefined,
): Promise<VerifyContext> {
  const { app, backup } = call;
  return {
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
    key,
    wantedRecipients: manifest?.cluster.name === app.config.cluster ? backup.settings.recipients : undefined,
    externalAuthorities: manifest?.cluster.name === app.config.cluster && backup.settings.externalCa === true,
    lastSeen: manifest === undefined ? undefined : await lastSeenOf(call, manifest.cluster.name),
    by: app.operator.by,
    program: app.program,
    signal: app.signal,
    report: app.report,
  };
}

/** What this machine kept may be damaged; the set has its own. */
async function lastSeenOf({ app }: Pick<BackupCall, "app">, cluster: string): Promise<LastSeen | undefined> {
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
