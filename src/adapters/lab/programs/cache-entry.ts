import { access, mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { dropFileLock, takeFileLock } from "../file-lock.ts";
import { waitUntil } from "../wait-until.ts";

/** An hour: the slowest maker (Kubernetes on two busy cores) was seen to need 15 minutes. */
const makeTimeoutMs = 3_600_000;

/**
 * The directory `path`, made by `make` if it does not exist. Made under another
 * name and renamed, so that it is either whole or absent; a lock beside it
 * keeps two programs from making it twice, and a lock whose holder died is
 * taken over. What `make` throws is passed on and nothing is left.
 */
export async function cacheEntry(path: string, make: (temporaryPath: string) => Promise<void>): Promise<string> {
  if (await exists(path)) return path;
  await mkdir(dirname(path), { recursive: true });
  const lockPath = `${path}.lock`;
  const isOurs = await waitUntil({ what: `${path} (another program makes it)`, timeoutMs: makeTimeoutMs, intervalMs: 500 }, async () => {
    if (await exists(path)) return "made-by-another" as const;
    return (await takeFileLock(lockPath)) && ("ours" as const);
  });
  if (isOurs === "made-by-another") return path;
  try {
    if (await exists(path)) return path; // finished between our look and our lock
    await removeUnfinished(path);
    // Our own name: a child of a maker that was killed may still be writing under the old one.
    const temporaryPath = `${path}.making-${String(process.pid)}`;
    await mkdir(temporaryPath, { recursive: true });
    try {
      await make(temporaryPath);
      await rename(temporaryPath, path);
    } catch (error) {
      await rm(temporaryPath, { recursive: true, force: true });
      throw error;
    }
    return path;
  } finally {
    await dropFileLock(lockPath);
  }
}

export async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

async function removeUnfinished(path: string): Promise<void> {
  for (const name of await readdir(dirname(path))) {
    if (name.startsWith(`${basename(path)}.making`)) await rm(join(dirname(path), name), { recursive: true, force: true });
  }
}
