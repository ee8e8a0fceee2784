import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { labPathsFrom } from "../../src/adapters/lab/lab-paths.ts";
import { unpackDebianPrograms } from "./debian-programs.ts";

const run = promisify(execFile);

/** Debian's restic, unpacked into requorum's cache like Debian's etcd, and what it says of itself ("restic 0.14.0 …"). */
export async function debianRestic(): Promise<{ readonly program: string; readonly version: string }> {
  const directory = join(labPathsFrom(process.env).cacheDir, "programs", "restic-debian");
  const program = join(directory, "restic");
  if (!existsSync(program)) {
    await unpackDebianPrograms({
      packages: ["restic"],
      programs: ["restic"],
      directory,
      check: async (unpacked) => {
        await versionOf(join(unpacked, "restic"));
      },
    });
  }
  return { program, version: await versionOf(program) };
}

async function versionOf(program: string): Promise<string> {
  const { stdout } = await run(program, ["version"]);
  return /^restic \S+/.exec(stdout)?.[0] ?? stdout.trim();
}
