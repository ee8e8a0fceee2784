/**
 * What the tiers need beside Node: looked for, and installed where that can be
 * done (Debian or Ubuntu, as root). Each returns what is still missing, in
 * words that say how to get it.
 */
import { ensureHostPrograms, installPackages, isOnPath } from "../src/adapters/lab/programs/host-programs.ts";
import { buildPrograms } from "../src/adapters/lab/programs/build-programs.ts";
import { etcdModules } from "../src/adapters/lab/programs/program-versions.ts";
import { join, resolve } from "node:path";
import { RecoveryError } from "../src/model/recovery-error.ts";

const root = resolve(import.meta.dirname, "..");
const say = (text: string): void => void process.stdout.write(`# set-up: ${text}\n`);

interface NeededProgram {
  readonly program: string;
  readonly debianPackage: string;
}

const contractPrograms: readonly NeededProgram[] = [
  { program: "ssh", debianPackage: "openssh-client" },
  { program: "/usr/sbin/sshd", debianPackage: "openssh-server" },
  { program: "openssl", debianPackage: "openssl" },
];

/** A real sshd, openssl, and etcd of every supported minor version, built once into the cache. */
export async function missingForContracts(): Promise<readonly string[]> {
  return [...(await ensurePrograms(contractPrograms)), ...(await ensureEtcd())];
}

export async function missingForLab(): Promise<readonly string[]> {
  return await inWords(() => ensureHostPrograms((event) => (event.kind === "phase" ? say(event.text) : undefined)));
}

async function ensurePrograms(needed: readonly NeededProgram[]): Promise<readonly string[]> {
  const missing: NeededProgram[] = [];
  for (const entry of needed) if (!(await isOnPath(entry.program))) missing.push(entry);
  if (missing.length === 0) return [];
  const packages = [...new Set(missing.map((entry) => entry.debianPackage))];
  if (process.getuid?.() !== 0 || !(await isOnPath("apt-get"))) {
    return missing.map((entry) => `${entry.program} is not here; on Debian or Ubuntu: apt-get install ${entry.debianPackage}`);
  }
  say(`installing ${packages.join(", ")} with apt-get (about 20 s, once)`);
  return await inWords(() => installPackages(packages));
}

async function ensureEtcd(): Promise<readonly string[]> {
  const cacheDir = join(process.env["XDG_CACHE_HOME"] ?? join(process.env["HOME"] ?? "/root", ".cache"), "requorum");
  return await inWords(async () => {
    for (const module of etcdModules) {
      await buildPrograms(module, {
        toolsDir: join(root, "tools"),
        cacheDir,
        report: (event) => (event.kind === "phase" ? say(event.text) : undefined),
      });
    }
  });
}

async function inWords(ensure: () => Promise<unknown>): Promise<readonly string[]> {
  try {
    await ensure();
    return [];
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    return [error.message];
  }
}
