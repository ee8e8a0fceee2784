import { readdir, stat } from "node:fs/promises";
import { randomInt } from "node:crypto";

export interface SandboxUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Numbers that systemd's table of users and groups (UIDS-GIDS.md) leaves to
 * nobody, inside the 65536 that containers are given. No account has one, so
 * that a program of the sandbox may read the sandbox and what everybody may.
 */
const unusedFrom = 60_578;
const unusedThrough = 61_183;
const triesMax = 50;

/**
 * Who the sandbox's programs run as. Decided so: as root they get a user number
 * of their own without groups and privileges, because a data dir of unknown
 * origin is read by them; anybody else's run as that person, who could have
 * started them anyway. undefined: as whoever runs requorum.
 */
export async function chooseSandboxUser(): Promise<SandboxUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const taken = await usersOfProcesses();
  for (let attempt = 0; attempt < triesMax; attempt += 1) {
    const id = randomInt(unusedFrom, unusedThrough + 1);
    if (!taken.has(id)) return { uid: id, gid: id };
  }
  throw new Error(`every user number from ${String(unusedFrom)} to ${String(unusedThrough)} that was tried has a process`);
}

/** A number that `chooseSandboxUser` may have given. */
export function isSandboxUser(uid: number): boolean {
  return uid >= unusedFrom && uid <= unusedThrough;
}

async function usersOfProcesses(): Promise<ReadonlySet<number>> {
  const users = new Set<number>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const found = await stat(`/proc/${name}`).catch(() => undefined); // it ended meanwhile
    if (found !== undefined) users.add(found.uid);
  }
  return users;
}
