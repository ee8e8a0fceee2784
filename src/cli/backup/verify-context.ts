import { LocalFileSpool } from "../../adapters/local-fs/local-file-spool.ts";
import { LocalSealedSpool } from "../../adapters/local-fs/sealed-spool.ts";
import { NodeCertificates } from "../../adapters/system/node-certificates.ts";
import { nodeKeyMatcher } from "../../adapters/system/node-key-matcher.ts";
import { knownBefore } from "../../app/backup/judge-marks.ts";
import type { SnapshotEngine, VerifyContext } from "../../app/backup/verify-context.ts";
import { lastSeenIfReadable } from "../../app/last-seen-facts.ts";
import { listSets } from "../../catalogue/list-sets.ts";
import type { SetKey } from "../../catalogue/set-reader.ts";
import { lastLookOf } from "../../catalogue/source/judge-source.ts";
import type { SetTrust } from "../../catalogue/set-signing.ts";
import type { BackupManifest } from "../../model/backup-set.ts";
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
    ...(await ownLookOf(call, manifest)),
    by: app.operator.by,
    program: app.program,
    signal: app.signal,
    report: app.report,
  };
}

/**
 * What this machine kept may be damaged; the set has its own. A look from
 * before another trusted set that is older than this one counts no more, as at
 * the making of a set (`lastLookOf`): after a restore nothing replaces it.
 */
export async function ownLookOf(
  {
    app,
    backup,
  }: {
    readonly app: { readonly ports: Pick<BackupCall["app"]["ports"], "lastSeen">; readonly signal: AbortSignal };
    readonly backup: { readonly ports: Pick<BackupCall["backup"]["ports"], "store" | "ciphers">; readonly trust: SetTrust };
  },
  manifest: BackupManifest | undefined,
): Promise<Pick<VerifyContext, "lastSeen" | "lastSeenProblem">> {
  if (manifest === undefined) return { lastSeen: undefined };
  const { cluster, createdAt, snapshot } = manifest;
  const { lastSeen, problem } = await lastSeenIfReadable(app.ports.lastSeen, cluster.name);
  if (lastSeen === undefined || lastSeen.takenAt > createdAt) return { lastSeen, lastSeenProblem: problem };
  // The other sets are read only where it matters.
  if (lastSeen.clusterId === cluster.clusterId && lastSeen.revision <= snapshot.revision) return { lastSeen };
  const sets = await listSets(backup.ports, backup.trust, app.signal);
  const earlier = sets.flatMap((set) =>
    set.kind === "trusted" && set.manifest.cluster.name === cluster.name && set.manifest.createdAt < createdAt
      ? [knownBefore(set.manifest)]
      : [],
  );
  return { lastSeen: lastLookOf(lastSeen, earlier).length === 0 ? undefined : lastSeen };
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
