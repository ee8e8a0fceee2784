import { checkBolt } from "../../formats/bbolt/check-bolt.ts";
import { planRestore, type EtcdMinor } from "../../formats/etcd/restore/restore-plan.ts";
import { writeRestoredDatabase } from "../../formats/etcd/restore/write-restored-database.ts";
import { databasePath, restoredLogFiles } from "../../formats/etcd/restore/write-restored-log.ts";
import { readAuth } from "../../formats/etcd/schema/read-auth.ts";
import { damaged } from "../../formats/format-error.ts";
import type { FileInspection } from "../../model/file-inspection.ts";
import type { FileRestore } from "../../model/file-restore.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { NewDataDir } from "../../ports/data-dir-writer.ts";
import { mebibytes, mebibytesUp } from "./assert-spool-room.ts";
import { discarded } from "./discarded.ts";
import { onCheckedContent } from "./check-trailer.ts";
import { assertNoLogLoss } from "./replayed-state.ts";
import { showing, type FileContext } from "./file-context.ts";
import { metaDamageOf } from "./meta-damage.ts";
import { withState, type OpenState } from "./open-state.ts";

export interface RestoreFileRequest {
  readonly path: string;
  readonly dataDir: string;
  /** The member that this data dir is for; one of `members`. */
  readonly name: string;
  readonly members: readonly { readonly name: string; readonly peerUrls: readonly string[] }[];
  /** Left out: a random one, which is only right for a cluster of one member. */
  readonly clusterToken: string | undefined;
  readonly revisionBump: bigint | undefined;
  readonly targetMinor: EtcdMinor | undefined;
  readonly clearsAlarms: boolean;
  readonly committedOnly: boolean;
  readonly walDir?: string | undefined;
  /** Of a data dir: also without what its log should have given. */
  readonly acceptsLogDamage?: boolean;
  /** Also a source whose content does not have the sha256 at its end. */
  readonly skipsHashCheck?: boolean;
}

/**
 * A new data dir that etcd starts from, made of a snapshot, a database, or a
 * data dir with its log replayed. Refuses a file that is damaged, also where
 * `etcdutl` would not notice, and a target where anything is.
 */
export function restoreFile(context: FileContext, request: RestoreFileRequest): FileRestore {
  return withState(context, { path: request.path, committedOnly: request.committedOnly, walDir: request.walDir }, (opened) => {
    return onCheckedContent(context, opened, request, (checked) => restoreOpened(context, request, opened, checked));
  });
}

function restoreOpened(
  context: FileContext,
  request: RestoreFileRequest,
  opened: OpenState,
  checked: () => FileInspection["sha256"],
): FileRestore {
  const structure = checkBolt(opened.database, { onBytes: showing(context, "checking the structure") });
  const [problem] = structure.problems;
  if (structure.verdict !== "good") throw damaged(request.path, problem?.offset, problem?.what ?? "its structure is damaged");
  const { bolt, replay, loss } = opened.state();
  assertNoLogLoss(loss, request, "restore");
  const clusterToken = request.clusterToken ?? tokenFor(context, request);
  const plan = planRestore(
    bolt,
    {
      members: request.members,
      clusterToken,
      revisionBump: request.revisionBump,
      targetMinor: request.targetMinor,
      alarms: request.clearsAlarms ? "clear" : "keep",
    },
    context.sha1,
  );
  const member = plan.members.find((one) => one.name === request.name);
  if (member === undefined)
    throw new RecoveryError("RESTORE_REQUEST_INVALID", {
      subject: `member ${request.name}`,
      detail: `it is not among the members of the new cluster: ${plan.members.map((one) => one.name).join(", ")}`,
    });
  const dir = context.dataDirs.begin(request.dataDir);
  try {
    const database = dir.create(databasePath);
    const written = writeRestoredDatabase(bolt, plan, database, { onBytes: showing(context, "writing the database") });
    database.close();
    for (const file of restoredLogFiles(plan, member)) writeWhole(dir, file.path, file.bytes);
    const sha256 = checked();
    opened.assertUnchanged();
    dir.commit();
    return {
      source: request.path,
      dataDir: request.dataDir,
      member,
      clusterId: plan.clusterId,
      clusterToken,
      members: plan.members,
      sourceRevision: plan.sourceRevision,
      revision: plan.revision,
      revisionBump: plan.revisionBump,
      storageVersion: plan.storageVersion,
      authIsEnabled: readAuth(bolt).isEnabled,
      metaDamage: metaDamageOf(opened),
      sha256: { present: sha256.present, valid: sha256.valid },
      databaseSizeBytes: written.sizeBytes,
      replayedEntries: replay?.entryCount ?? 0,
      uncertainEntries: replay?.uncertain.entryCount ?? 0,
      uncertainAreIncluded: replay?.uncertain.isApplied ?? false,
      logLoss: loss,
      leftovers: dir.leftovers,
    };
  } catch (error) {
    throw discarded(dir, withRoom(error, opened.database.size, dir.freeBytes));
  }
}

/** What it takes is known by the source: a restore leaves out its free pages, and adds what the log gives. */
function withRoom(error: unknown, sourceBytes: number, freeBytes: bigint): unknown {
  if (!(error instanceof RecoveryError) || error.code !== "LOCAL_DISK_FULL") return error;
  const { code, subject, cause, remedies } = error;
  const needed = `the source's database has ${mebibytesUp(BigInt(sourceBytes))}, and ${mebibytes(freeBytes)} were free there when the restore began`;
  return new RecoveryError(code, { subject, detail: `${error.detail}; ${needed}`, cause, remedies });
}

function tokenFor(context: FileContext, request: RestoreFileRequest): string {
  if (request.members.length === 1) return `requorum-${context.hashing.randomHex(16)}`;
  throw new RecoveryError("RESTORE_REQUEST_INVALID", {
    subject: "option --initial-cluster-token",
    detail: "several members need the same token, one that was never used before; give it to each restore",
  });
}

function writeWhole(dir: NewDataDir, path: string, bytes: Uint8Array): void {
  const file = dir.create(path);
  file.write(bytes);
  file.close();
}
