import { lstat, open, rm } from "node:fs/promises";
import { replaceFile } from "../adapters/local-fs/durable-file.ts";
import { errnoOf, toRecoveryError } from "../adapters/local-fs/to-recovery-error.ts";
import { RecoveryError } from "../model/recovery-error.ts";

/**
 * Writes a whole file (0600) under a temporary name of its own, syncs and
 * renames it, so that nobody ever reads half of it. When it fails, what was
 * there before is there still. LOCAL_DISK_FULL, LOCAL_FILE_FAILED.
 */
export async function writeNewFile(path: string, text: string, options: { readonly replaces: boolean }): Promise<void> {
  let isClaimed = false;
  try {
    if (!options.replaces) {
      await (await open(path, "wx", 0o600)).close();
      isClaimed = true;
    }
    await replaceFile(path, Buffer.from(text));
  } catch (cause) {
    if (isClaimed) await rm(path, { force: true });
    const code = errnoOf(cause);
    const { code: kind, detail, remedies } = toRecoveryError(cause, path, "write it");
    if (code === "EEXIST") throw existsAlready(path);
    throw new RecoveryError(kind, {
      subject: path,
      detail: code === "ENOENT" ? "its directory does not exist" : detail,
      cause,
      remedies: kind === "LOCAL_DISK_FULL" ? [{ why: "free space there, or write somewhere else" }] : remedies,
    });
  }
}

/** Before long work for a file that must not replace another one; `writeNewFile` looks again. LOCAL_FILE_FAILED. */
export async function assertNoFile(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found !== undefined) throw existsAlready(path);
}

function existsAlready(path: string): RecoveryError {
  return new RecoveryError("LOCAL_FILE_FAILED", {
    subject: path,
    detail: "it exists already and is not replaced; nothing was written",
    remedies: [{ why: "name another file, or move that one away" }],
  });
}
