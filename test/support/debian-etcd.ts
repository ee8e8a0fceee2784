import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { labPathsFrom } from "../../src/adapters/lab/lab-paths.ts";
import { unpackDebianPrograms } from "./debian-programs.ts";

const run = promisify(execFile);

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
  await unpackDebianPrograms({
    packages: ["etcd-server", "etcd-client"],
    programs: ["etcd", "etcdctl"],
    directory,
    check: async (unpacked) => {
      const { stdout } = await run(join(unpacked, "etcd"), ["--version"]);
      if (!/^etcd Version: 3\.4\./m.test(stdout))
        throw new Error(`this system's package etcd-server is not 3.4 (Debian 12 has it): ${stdout.split("\n")[0] ?? ""}`);
    },
  });
  return directory;
}
