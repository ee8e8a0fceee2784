import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const aptTimeoutMs = 180_000;

/**
 * Programs of Debian's packages, downloaded and unpacked into `directory`, and
 * never installed. `check` is given the directory that has them before they
 * count, and throws when they are not those that are wanted. Throws where
 * there is no apt, or no network.
 */
export async function unpackDebianPrograms(options: {
  readonly packages: readonly string[];
  /** Of /usr/bin. */
  readonly programs: readonly string[];
  readonly directory: string;
  readonly check: (unpacked: string) => Promise<void>;
}): Promise<void> {
  const { directory } = options;
  const work = await mkdtemp(join(tmpdir(), "requorum-debian-"));
  try {
    await download(options.packages, work);
    for (const name of await readdir(work))
      if (name.endsWith(".deb")) await run("dpkg", ["-x", join(work, name), join(work, "unpacked")], { timeout: aptTimeoutMs });
    const unpacked = join(work, "unpacked", "usr", "bin");
    await options.check(unpacked);
    const made = `${directory}.${String(process.pid)}`;
    await mkdir(made, { recursive: true });
    for (const program of options.programs) await copyFile(join(unpacked, program), join(made, program));
    await rename(made, directory).catch(() => rm(made, { recursive: true })); // another test was faster
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** A fresh container has no lists of packages yet. */
async function download(packages: readonly string[], directory: string): Promise<void> {
  const once = () => run("apt-get", ["download", ...packages], { cwd: directory, timeout: aptTimeoutMs });
  try {
    await once();
  } catch (error) {
    if (process.getuid?.() !== 0) throw error;
    await run("apt-get", ["update"], { timeout: aptTimeoutMs });
    await once();
  }
}
