import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { labPathsFrom } from "../../src/adapters/lab/lab-paths.ts";

const run = promisify(execFile);
const aptTimeoutMs = 180_000;

/**
 * The directory with Debian's etcd and etcdctl 3.4, the last 3.4 that can be
 * had as a program: the packages are downloaded and unpacked into requorum's
 * cache, and never installed. Throws where there is no apt, or no network the
 * first time.
 */
export async function debianEtcd34(): Promise<string> {
  const directory = join(labPathsFrom(process.env).cacheDir, "programs", "etcd-3.4-3.4.23-debian");
  if (existsSync(join(directory, "etcdctl"))) return directory;
  const work = await mkdtemp(join(tmpdir(), "requorum-etcd34-"));
  try {
    await run("apt-get", ["download", "etcd-server", "etcd-client"], { cwd: work, timeout: aptTimeoutMs });
    for (const name of await readdir(work))
      if (name.endsWith(".deb")) await run("dpkg", ["-x", join(work, name), join(work, "unpacked")], { timeout: aptTimeoutMs });
    const made = `${directory}.${String(process.pid)}`;
    await mkdir(made, { recursive: true });
    for (const program of ["etcd", "etcdctl"]) await copyFile(join(work, "unpacked", "usr", "bin", program), join(made, program));
    await rename(made, directory).catch(() => rm(made, { recursive: true })); // another test was faster
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return directory;
}
