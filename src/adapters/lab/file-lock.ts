import { mkdir, open, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { isAlive, readProcessIdentity, type ProcessIdentity } from "./process-identity.ts";

/**
 * Takes the lock file if nobody alive holds it. A lock of a program that died
 * is removed, and false returned all the same: the next attempt gets it, or
 * somebody else did.
 */
export async function takeFileLock(path: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true });
  try {
    const file = await open(path, "wx");
    await file.writeFile(JSON.stringify(readProcessIdentity(process.pid)));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const holder = await fileLockHolder(path);
  if (holder !== undefined && !isAlive(holder)) await rm(path, { force: true });
  return false;
}

/** undefined: unlocked, or taken this very moment. */
export async function fileLockHolder(path: string): Promise<ProcessIdentity | undefined> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text === "" ? undefined : (JSON.parse(text) as ProcessIdentity);
}

export async function dropFileLock(path: string): Promise<void> {
  await rm(path, { force: true });
}
