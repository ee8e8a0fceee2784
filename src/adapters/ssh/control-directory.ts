import { chmod, lstat, mkdir, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { RecoveryError } from "../../model/recovery-error.ts";

/** Stale sockets removed in one go at most; a directory with more is swept next time. */
const sweepMax = 500;

/**
 * A directory of this user alone for sockets, with a short name. Refuses
 * (LOCAL_FILE_FAILED) a directory that somebody else owns or could write to,
 * because whoever owns a control socket owns the connection.
 */
export async function openControlDirectory(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new RecoveryError("LOCAL_FILE_FAILED", {
      subject: `directory ${path}`,
      detail: `the directory for SSH sockets, ${path}, could not be made`,
      cause,
    });
  });
  const facts = await lstat(path);
  const uid = process.getuid?.() ?? facts.uid;
  if (!facts.isDirectory() || facts.uid !== uid) {
    throw new RecoveryError("LOCAL_FILE_FAILED", {
      subject: `directory ${path}`,
      detail: `${path} must be a directory of this user (uid ${String(uid)}), but it is ${facts.isDirectory() ? `of uid ${String(facts.uid)}` : "not a directory"}; SSH sockets are not put there`,
    });
  }
  if ((facts.mode & 0o077) !== 0) await chmod(path, 0o700);
  await sweepForwards(path);
  return path;
}

/** Where the sockets go when nobody says: the user's runtime directory, else /tmp. Not $TMPDIR, which can be too long for a socket. */
export async function defaultControlDirectory(): Promise<string> {
  const uid = String(process.getuid?.() ?? 0);
  const runtime = `/run/user/${uid}`;
  const isUsable = await lstat(runtime).then(
    (facts) => facts.isDirectory() && String(facts.uid) === uid,
    () => false,
  );
  return isUsable ? `${runtime}/requorum` : `/tmp/requorum-${uid}`;
}

/** Name of a forward's socket: with the pid, so that the next program knows which are left over. */
export function forwardSocketPath(directory: string, suffix: string): string {
  return join(directory, `f-${String(process.pid)}-${suffix}`);
}

/** Removes the sockets of forwards whose program is gone. */
async function sweepForwards(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => name.startsWith("f-")).slice(0, sweepMax);
  for (const name of names) {
    const pid = Number.parseInt(name.split("-")[1] ?? "", 10);
    if (Number.isInteger(pid) && !isAlive(pid)) await unlink(join(directory, name)).catch(ignoreMissing);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Another program swept it at the same moment. */
export function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
}
