import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { isAlive, readProcessIdentity, type ProcessIdentity } from "./process-identity.ts";

/**
 * Takes the lock file if nobody alive holds it. A lock of a program that died
 * is removed, and false returned all the same: the next attempt gets it, or
 * somebody else did. The file appears with its content (link(2) of a finished
 * one), so one without is damage, and nobody's.
 */
export async function takeFileLock(path: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true });
  const own = `${path}.${String(process.pid)}-${randomBytes(4).toString("hex")}`;
  await writeFile(own, JSON.stringify(readProcessIdentity(process.pid)), { flag: "wx" });
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(own, { force: true });
  }
  const text = await readLock(path);
  if (text !== undefined && !isHeld(text)) await removeLock(path, text);
  return false;
}

/** undefined: unlocked, or damaged. */
export async function fileLockHolder(path: string): Promise<ProcessIdentity | undefined> {
  return identityIn((await readLock(path)) ?? "");
}

export async function dropFileLock(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** Another program may have removed the dead one's lock and taken its own since we looked: that one is put back. */
async function removeLock(path: string, seen: string): Promise<void> {
  const aside = `${path}.${String(process.pid)}-${randomBytes(4).toString("hex")}`;
  try {
    await rename(path, aside);
    if ((await readLock(aside)) !== seen) await link(aside, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "EEXIST") throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

async function readLock(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function isHeld(text: string): boolean {
  const holder = identityIn(text);
  return holder !== undefined && isAlive(holder);
}

function identityIn(text: string): ProcessIdentity | undefined {
  try {
    const { pid, startTicks } = JSON.parse(text) as Partial<ProcessIdentity>;
    return typeof pid === "number" && typeof startTicks === "string" ? { pid, startTicks } : undefined;
  } catch {
    return undefined; // cut off by a power failure
  }
}
