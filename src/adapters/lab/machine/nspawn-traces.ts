import { readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { MachinePaths } from "../lab-paths.ts";

/** What nspawn keeps in the host's /run per machine, and leaves there when it is killed (systemd 252, nspawn.c and machine-image.c). */
const namedDirectories = ["/run/systemd/nspawn/propagate", "/run/systemd/nspawn/unix-export"] as const;
const lockDirectory = "/run/systemd/nspawn/locks";

/** Removes the lock files of a machine's boots. The machine must be off. */
export async function removeBootLocks(paths: MachinePaths): Promise<void> {
  const roots = await readFile(paths.bootRoots, "utf8").catch(() => ""); // never booted
  for (const root of roots.split("\n")) if (/^\d+:\d+$/.test(root)) await rm(join(lockDirectory, `inode-${root}`), { force: true });
  await rm(paths.bootRoots, { force: true });
}

/** Removes what carries the names of a lab's machines. */
export async function removeNamedTraces(lab: string): Promise<void> {
  for (const directory of namedDirectories) {
    for (const name of await readdir(directory).catch(() => [])) {
      if (name.startsWith(`rq-${lab}-`)) await rm(join(directory, name), { recursive: true, force: true });
    }
  }
}
