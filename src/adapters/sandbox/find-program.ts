import { execFile } from "node:child_process";
import { access, constants, mkdtemp, readdir, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import type { FoundProgram, SandboxProgram, SandboxProgramKind } from "../../ports/sandbox.ts";

const run = promisify(execFile);
/** 60 ms from a warm cache; a file of 150 MB from a cold disk takes longer. */
const versionTimeoutMs = 30_000;
/** Far more than anybody has versions. */
const entriesMax = 500;

export interface ProgramPlaces {
  /** Of the configuration (`backup.etcdPrograms`, `backup.kubePrograms`): looked into first, with the directories in it. */
  readonly directories: readonly string[];
  /** In the form of PATH; undefined: this process's own. */
  readonly path: string | undefined;
  /** Where the lab keeps what it built: looked into last, with the directories in it. */
  readonly cache: string | undefined;
}

/** As they are called in a release, and what the lab's build has in one file. */
const fileNames: { readonly [K in SandboxProgramKind]: readonly string[] } = {
  etcd: ["etcd"],
  "kube-apiserver": ["kube-apiserver", "kubenode"],
};

/** Programs say their own version; names of directories are not believed. */
export async function findProgram(kind: SandboxProgramKind, version: string, places: ProgramPlaces): Promise<FoundProgram> {
  const wanted = /^v?(\d+\.\d+)(?:\.(\d+))?/.exec(version);
  if (wanted === null) return { kind: "missing", why: `${JSON.stringify(version)} is no version of ${kind}` };
  const [, minor = "", patch] = wanted;
  const seen: string[] = [];
  const fits: SandboxProgram[] = [];
  for (const path of await candidates(kind, places)) {
    const found = await versionOf(kind, path);
    if (found === undefined) continue;
    seen.push(found);
    if (found.startsWith(`${minor}.`)) fits.push({ kind, path, version: found });
    if (found === `${minor}.${patch ?? ""}`) break;
  }
  const best = fits.find((one) => one.version === `${minor}.${patch ?? ""}`) ?? fits.toSorted(byPatch).at(-1);
  if (best !== undefined) return { kind: "found", program: best };
  const setting = kind === "etcd" ? "backup.etcdPrograms" : "backup.kubePrograms";
  const others = seen.length === 0 ? "none of any version" : `only ${[...new Set(seen)].join(", ")}`;
  return {
    kind: "missing",
    why: `no ${kind} ${minor} was found, ${others}: install ${kind} ${version.replace(/^v/, "")}, or unpack its release, and name the directory in ${setting} of the configuration`,
  };
}

function byPatch(one: SandboxProgram, other: SandboxProgram): number {
  const patch = ({ version }: SandboxProgram): number => Number(version.split(".")[2] ?? 0);
  return patch(one) - patch(other);
}

async function candidates(kind: SandboxProgramKind, places: ProgramPlaces): Promise<readonly string[]> {
  const found: string[] = [];
  const look = async (directory: string): Promise<void> => {
    for (const name of fileNames[kind]) {
      const path = join(directory, name);
      const isProgram = await access(path, constants.X_OK).then(
        async () => (await stat(path)).isFile(),
        () => false, // not here
      );
      if (isProgram) found.push(path);
    }
  };
  const lookBelow = async (directory: string): Promise<void> => {
    await look(directory);
    const names = await readdir(directory).catch(() => []); // no such directory
    for (const name of names.toSorted().slice(0, entriesMax)) await look(join(directory, name));
  };
  for (const directory of places.directories) await lookBelow(directory);
  for (const directory of (places.path ?? process.env["PATH"] ?? "").split(":").filter((one) => one.startsWith("/"))) await look(directory);
  if (places.cache !== undefined) await lookBelow(places.cache);
  return found;
}

const versionLine: { readonly [K in SandboxProgramKind]: RegExp } = {
  etcd: /^etcd Version: (\d+\.\d+\.\d+)/m,
  "kube-apiserver": /^Kubernetes v(\d+\.\d+\.\d+)/m,
};

/** undefined: it does not say one, and is nothing to be started then. */
async function versionOf(kind: SandboxProgramKind, path: string): Promise<string | undefined> {
  // What is many programs in one file goes by the name that it is called by.
  const links = basename(path) === kind ? undefined : await mkdtemp(join(tmpdir(), "requorum-program-"));
  try {
    const name = links === undefined ? path : join(links, kind);
    if (links !== undefined) await symlink(path, name);
    const { stdout } = await run(name, ["--version"], { timeout: versionTimeoutMs, maxBuffer: 1 << 20, cwd: "/" });
    return versionLine[kind].exec(stdout)?.[1];
  } catch {
    return undefined; // not for this machine, or not what its name says: another may be
  } finally {
    if (links !== undefined) await rm(links, { recursive: true, force: true });
  }
}
