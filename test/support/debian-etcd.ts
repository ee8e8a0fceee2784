import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { labPathsFrom } from "../../src/adapters/lab/lab-paths.ts";

const run = promisify(execFile);
const aptTimeoutMs = 180_000;

function cachedDirectory(): string {
  return join(labPathsFrom(process.env).cacheDir, "programs", "etcd-3.4-3.4.23-debian");
}

export function hasDebianEtcd34(): boolean {
  return existsSync(join(cachedDirectory(), "etcdctl"));
}

/**
 * The directory with Debian's etcd and etcdctl 3.4, the last 3.4 that can be
 * had as a program: the packages are downloaded and unpacked into requorum's
 * cache, and never installed. Throws where there is no apt, no network the
 * first time, or another etcd than 3.4 in this system's Debian.
 */
export async function debianEtcd34(): Promise<string> {
  const directory = cachedDirectory();
  if (hasDebianEtcd34()) return directory;
  const work = await mkdtemp(join(tmpdir(), "requorum-etcd34-"));
  try {
    await download(work);
    for (const name of await readdir(work))
      if (name.endsWith(".deb")) await run("dpkg", ["-x", join(work, name), join(work, "unpacked")], { timeout: aptTimeoutMs });
    const { stdout } = await run(join(work, "unpacked", "usr", "bin", "etcd"), ["--version"], { timeout: aptTimeoutMs });
    if (!/^etcd Version: 3\.4\./m.test(stdout))
      throw new Error(`this system's package etcd-server is not 3.4 (Debian 12 has it): ${stdout.split("\n")[0] ?? ""}`);
    const made = `${directory}.${String(process.pid)}`;
    await mkdir(made, { recursive: true });
    for (const program of ["etcd", "etcdctl"]) await copyFile(join(work, "unpacked", "usr", "bin", program), join(made, program));
    await rename(made, directory).catch(() => rm(made, { recursive: true })); // another test was faster
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return directory;
}

/** A fresh container has no lists of packages yet. */
async function download(directory: string): Promise<void> {
  const once = () => run("apt-get", ["download", "etcd-server", "etcd-client"], { cwd: directory, timeout: aptTimeoutMs });
  try {
    await once();
  } catch (error) {
    if (process.getuid?.() !== 0) throw error;
    await run("apt-get", ["update"], { timeout: aptTimeoutMs });
    await once();
  }
}
