import type { OpenSet } from "../../catalogue/set-reader.ts";
import { placeOf, type TextPart } from "../../catalogue/verify/set-content.ts";
import type { BackupPart } from "../../model/backup-set.ts";
import type { ErrorCode } from "../../model/error-catalogue.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { SealedDirectory } from "../../ports/sealed-spool.ts";
import { assertSpoolRoom } from "../files/assert-spool-room.ts";
import type { VerifyContext } from "./verify-context.ts";

/** Certificates, keys and settings are far smaller; what is larger is read and not kept. */
const textBytesMax = 4 * 1024 * 1024;
const allTextBytesMax = 256 * 1024 * 1024;
const reportEveryBytes = 4 * 1024 * 1024;
/** Of one part; the others may be whole. */
const partErrors: readonly ErrorCode[] = ["BACKUP_SET_DAMAGED", "BACKUP_OBJECT_MISSING"];

export interface SetContent {
  readonly texts: readonly TextPart[];
  readonly partBytes: bigint;
  /** Parts that are not what was stored, with the reason. */
  readonly damagedParts: readonly string[];
  /** Of the snapshot in the spool; undefined: there is none, or it is not whole. */
  readonly snapshotPath: string | undefined;
  /** How long it took to fetch and open etcd's data. */
  readonly snapshotMs: number;
}

/** Reads every part to its end: small ones into memory, etcd's data into the sealed spool. LOCAL_DISK_FULL, LOCAL_FILE_FAILED, BACKUP_STORE_*. */
export async function readSetContent(context: VerifyContext, set: OpenSet, spool: SealedDirectory): Promise<SetContent> {
  const { clock } = context.ports;
  const files = set.parts.filter(({ type }) => type === "file");
  const snapshot = files.filter(({ kind }) => kind === "snapshot");
  const snapshotBytes = snapshot.reduce((sum, { sizeBytes }) => sum + BigInt(sizeBytes), 0n);
  if (!spool.holdsInMemory(Number(snapshotBytes)))
    await assertSpoolRoom(spool, `a sealed copy of the snapshot of set ${set.manifest.id} takes`, snapshotBytes);
  const total = files.reduce((sum, { sizeBytes }) => sum + BigInt(sizeBytes), 0n);
  const texts: TextPart[] = [];
  const damagedParts: string[] = [];
  let [done, reported, kept, snapshotMs] = [0n, 0n, 0, 0];
  const onBytes = (count: number): void => {
    done += BigInt(count);
    if (done - reported < BigInt(reportEveryBytes)) return;
    reported = done;
    context.report({ kind: "bytes", text: `reading set ${set.manifest.id}`, done, total });
  };
  let isSnapshotWhole = snapshot.length > 0;
  for (const part of files) {
    const isSnapshot = part.kind === "snapshot";
    const beganMs = clock.monotonicMs();
    try {
      if (isSnapshot) await intoSpool(context, set, { part, spool, onBytes });
      else {
        const keeps = part.sizeBytes <= textBytesMax && kept + part.sizeBytes <= allTextBytesMax;
        const text = await readText(context, set, { part, keeps, onBytes });
        if (text !== undefined) texts.push({ part, text });
        kept += keeps ? part.sizeBytes : 0;
      }
    } catch (error) {
      if (!(error instanceof RecoveryError) || !partErrors.includes(error.code)) throw error;
      damagedParts.push(`${placeOf(part)}: ${error.detail}`);
      isSnapshotWhole &&= !isSnapshot;
    }
    if (isSnapshot) snapshotMs += clock.monotonicMs() - beganMs;
  }
  return { texts, partBytes: total, damagedParts, snapshotPath: isSnapshotWhole ? pathOf(snapshot) : undefined, snapshotMs };
}

/** A stream is one file; of a data dir the directory that "member" is in. */
function pathOf(snapshot: readonly BackupPart[]): string | undefined {
  const [first] = snapshot;
  // The place of the data dir may have a directory of that name, too.
  const at = first?.path.lastIndexOf("/member/") ?? -1;
  return at < 0 ? first?.path : first?.path.slice(0, at);
}

async function intoSpool(
  { signal }: VerifyContext,
  set: OpenSet,
  { part, spool, onBytes }: { readonly part: BackupPart; readonly spool: SealedDirectory; readonly onBytes: (count: number) => void },
): Promise<void> {
  const file = await spool.create(part.path, part.sizeBytes);
  try {
    for await (const bytes of set.readPart(part, signal)) {
      await file.append(bytes);
      onBytes(bytes.length);
    }
    await file.close();
  } catch (error) {
    await file.discard();
    throw error;
  }
}

async function readText(
  { signal }: VerifyContext,
  set: OpenSet,
  { part, keeps, onBytes }: { readonly part: BackupPart; readonly keeps: boolean; readonly onBytes: (count: number) => void },
): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of set.readPart(part, signal)) {
    if (keeps) text += decoder.decode(bytes, { stream: true });
    onBytes(bytes.length);
  }
  return keeps ? text + decoder.decode() : undefined;
}
