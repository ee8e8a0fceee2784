import { randomBytes } from "node:crypto";
import { mkdir, open, rename, stat, unlink, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf } from "./to-recovery-error.ts";

/**
 * Files that survive a power cut: written under another name, synced, renamed,
 * and the directory synced, because a rename lives in the directory.
 * Files are 0600, directories 0700. Everything here throws Node's own errors.
 */

export async function makePrivateDirectory(path: string): Promise<void> {
  const first = await makeDirectories(path, 0o700);
  // The name of a new directory lives in its parent; deeper ones were made inside it and are synced with their files.
  if (first !== undefined) await syncDirectory(dirname(first));
}

/**
 * Gives the first one that had to be made; undefined: all were there. Node's
 * own `recursive` never ends where a directory can not be made and says ENOENT,
 * as in /proc, and says something else of a read-only file system.
 */
export async function makeDirectories(path: string, mode: number): Promise<string | undefined> {
  const one = async (): Promise<boolean> => {
    try {
      await mkdir(path, { mode });
      return true;
    } catch (error) {
      if (errnoOf(error) === "EEXIST" && (await stat(path)).isDirectory()) return false;
      throw error;
    }
  };
  try {
    return (await one()) ? path : undefined;
  } catch (error) {
    if (errnoOf(error) !== "ENOENT" || dirname(path) === path) throw error;
  }
  const first = await makeDirectories(dirname(path), mode);
  return (await one()) ? (first ?? path) : first;
}

export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A write that must end complete: the system may take less than it was given. */
export async function writeAll(handle: FileHandle, data: Uint8Array, position: number | null = null): Promise<void> {
  let done = 0;
  while (done < data.length) {
    const { bytesWritten } = await handle.write(data, done, data.length - done, position === null ? null : position + done);
    done += bytesWritten;
  }
}

export async function replaceFile(path: string, data: Uint8Array): Promise<void> {
  const temporary = temporaryName(path);
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await writeAll(handle, data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await removeIfThere(temporary);
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Hidden, beside its target, and recognisable as ours. */
export function temporaryName(path: string): string {
  const name = path.slice(dirname(path).length + 1);
  return join(dirname(path), `.${name}.partial-${randomBytes(6).toString("hex")}`);
}

export async function removeIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (errnoOf(error) !== "ENOENT") throw error;
  });
}
