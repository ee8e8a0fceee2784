import { open, rename, rm } from "node:fs/promises";
import { RecoveryError } from "../model/recovery-error.ts";

/**
 * Writes a whole file (0600) under a temporary name, syncs and renames it, so
 * that nobody ever reads half of it. LOCAL_DISK_FULL, LOCAL_FILE_FAILED.
 */
export async function writeNewFile(path: string, text: string, options: { readonly replaces: boolean }): Promise<void> {
  const temporary = `${path}.part`;
  try {
    if (!options.replaces) await (await open(path, "wx", 0o600)).close();
    const handle = await open(temporary, "w", 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    throw new RecoveryError(code === "ENOSPC" || code === "EDQUOT" ? "LOCAL_DISK_FULL" : "LOCAL_FILE_FAILED", {
      subject: path,
      detail: code === "EEXIST" ? "it exists already and is not replaced" : code === "ENOENT" ? "its directory does not exist" : "it could not be written",
      cause,
    });
  }
}
