import { MemoryByteSource } from "../byte-source.ts";
import { WalFrames } from "../etcd/wal/wal-frames.ts";
import { readWalRecord, type WalRecord } from "../etcd/wal/wal-records.ts";
import { RecoveryError } from "../../model/recovery-error.ts";

/** Behind this many bytes of a log's only segment there must be nothing but zeroes. A log that was only begun is some 80 bytes. */
export const newbornHeadBytes = 1024;

/**
 * Pure. Are these the first bytes of a log that was begun and never got an
 * entry? That is what etcd leaves in a data dir that was emptied under a
 * living kubelet: it makes a log with the ids of the member that is still
 * registered, hears from the leader that entries were acknowledged which it
 * does not have, and panics ("tocommit … is out of range"), at every start
 * (seen with etcd 3.6). Each member that has ever applied anything has an
 * entry or a snapshot in its log, its own name's publication for one. False
 * when in doubt.
 */
export function isNewbornWalHead(base64: string): boolean {
  if (base64 === "" || base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return false;
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const frames = new WalFrames(new MemoryByteSource(bytes), { isLast: true, checksum: undefined });
  let hasMetadata = false;
  for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
    const record = readOrUndefined(() => readWalRecord(frame, "the log's head"));
    if (record === undefined || !isOfNewborn(record)) return false;
    hasMetadata ||= record.kind === "metadata";
  }
  const end = frames.stop?.kind === "end" ? frames.stop.offset : bytes.length;
  return hasMetadata && frames.stop?.kind === "end" && bytes.subarray(end).every((byte) => byte === 0);
}

function isOfNewborn(record: WalRecord): boolean {
  switch (record.kind) {
    case "checksum":
    case "metadata":
      return true;
    case "entry":
      return false;
    case "state":
      return record.state.commit === 0n;
    case "snapshot":
      return record.snapshot.index === 0n;
  }
}

function readOrUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RecoveryError && error.code === "FILE_DAMAGED") return undefined;
    throw error;
  }
}
