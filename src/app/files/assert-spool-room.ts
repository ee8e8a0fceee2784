import { RecoveryError, type RecoveryErrorOptions } from "../../model/recovery-error.ts";
import type { SpoolDirectory } from "../../ports/file-spool.ts";

const mebibyte = 1024n * 1024n;
/** Left free on the operator's disk. */
const spareBytes = 64n * mebibyte;

/** A LOCAL_DISK_FULL that is of what one source says it needs: the disk has room left, and a smaller source may fit. */
export class TooLargeForSpool extends RecoveryError {
  readonly neededBytes: bigint;

  constructor(neededBytes: bigint, options: RecoveryErrorOptions) {
    super("LOCAL_DISK_FULL", options);
    this.neededBytes = neededBytes;
  }
}

/**
 * Before anything is copied. `taker` says what takes so much, up to its verb:
 * "a copy of ssh://cp1/x.db takes". Throws TooLargeForSpool.
 */
export async function assertSpoolRoom(
  spool: Pick<SpoolDirectory, "path" | "freeBytes">,
  taker: string,
  neededBytes: bigint,
): Promise<void> {
  const freeBytes = await spool.freeBytes();
  if (freeBytes >= neededBytes + spareBytes) return;
  throw new TooLargeForSpool(neededBytes, {
    subject: `directory ${spool.path}`,
    detail: `${taker} ${mebibytesUp(neededBytes)} there, ${mebibytes(freeBytes)} are free, and ${mebibytes(spareBytes)} of these stay free; nothing was copied`,
    remedies: [{ why: "free space there, or let XDG_CACHE_HOME name a directory on a larger disk" }],
  });
}

/** Whole ones, rounded down. */
export function mebibytes(bytes: bigint): string {
  return `${String(bytes / mebibyte)} MiB`;
}

export function mebibytesUp(bytes: bigint): string {
  return mebibytes(bytes + mebibyte - 1n);
}
