/**
 * What the tiers need beside Node: looked for, and installed where that can be
 * done (Debian or Ubuntu, as root). Each returns what is still missing, in
 * words that say how to get it.
 */
import { spawnSync } from "node:child_process";
import { ensureHostPrograms, installPackages, isOnPath } from "../src/adapters/lab/programs/host-programs.ts";
import { buildPrograms } from "../src/adapters/lab/programs/build-programs.ts";
import { kubeTypesModules } from "../src/adapters/lab/programs/kube-types-modules.ts";
import { defaultVersions, etcdModules, kubernetesModules, type ProgramModule } from "../src/adapters/lab/programs/program-versions.ts";
import { labPathsFrom } from "../src/adapters/lab/lab-paths.ts";
import { join, resolve } from "node:path";
import type { ReportProgress } from "../src/model/progress-event.ts";
import { RecoveryError } from "../src/model/recovery-error.ts";
import { debianEtcd34, hasDebianEtcd34 } from "../test/support/debian-etcd.ts";
import { boltOracleModule, s3ServerModule, walOracleModule } from "../test/support/oracle-modules.ts";

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
  // What test/contracts/backup-format.test.ts reads a backup set with, besides requorum.
  { program: "age", debianPackage: "age" },
  { program: "zstd", debianPackage: "zstd" },
  { program: "jq", debianPackage: "jq" },
  { program: "/usr/bin/python3", debianPackage: "python3" },
];
const pythonPackages: readonly { readonly module: string; readonly debianPackage: string }[] = [
  { module: "cryptography", debianPackage: "python3-cryptography" },
];

/** A real sshd, openssl, etcd of every supported minor version, and an S3 server, built once into the cache. */
export async function missingForContracts(): Promise<readonly string[]> {
  return [
    ...(await ensurePrograms(contractPrograms)),
    ...(await ensurePythonPackages()),
    ...(await ensureBuilt([...etcdModules, s3ServerModule])),
  ];
}

/** Those, Debian's etcd 3.4, and the Go programs that our readers of files are held against. */
export async function missingForEtcd(): Promise<readonly string[]> {
  return [
    ...(await missingForContracts()),
    ...(await ensureDebianEtcd()),
    ...(await ensureBuilt([boltOracleModule, walOracleModule, ...kubeTypesModules])),
  ];
}

/** A real kube-apiserver and its etcd. */
export async function missingForApi(): Promise<readonly string[]> {
  const kubernetes = kubernetesModules.filter(({ version }) => version === defaultVersions.kubernetes);
  return [
    ...(await ensurePrograms(contractPrograms.filter(({ program }) => program === "openssl"))),
    ...(await ensureBuilt([...etcdModules, ...kubernetes])),
  ];
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

/** Of Debian's Python, which is the one that the tests call. */
async function ensurePythonPackages(): Promise<readonly string[]> {
  const missing = pythonPackages.filter(
    ({ module }) => spawnSync("/usr/bin/python3", ["-c", `import ${module}`], { timeout: 30_000 }).status !== 0,
  );
  if (missing.length === 0) return [];
  const packages = missing.map(({ debianPackage }) => debianPackage);
  if (process.getuid?.() !== 0 || !(await isOnPath("apt-get")))
    return packages.map((name) => `a package of /usr/bin/python3 is not here; on Debian or Ubuntu: apt-get install ${name}`);
  say(`installing ${packages.join(", ")} with apt-get (about 20 s, once)`);
  return await inWords(() => installPackages(packages));
}

async function ensureBuilt(modules: readonly ProgramModule[]): Promise<readonly string[]> {
  const { cacheDir } = labPathsFrom(process.env);
  return await inWords(async () => {
    for (const module of modules) await buildPrograms(module, { toolsDir: join(root, "tools"), cacheDir, report: sayQuarters() });
  });
}

async function ensureDebianEtcd(): Promise<readonly string[]> {
  if (hasDebianEtcd34()) return [];
  say("fetching Debian's etcd 3.4 with apt-get download (about 20 MB, once; it is not installed)");
  try {
    await debianEtcd34();
    return [];
  } catch (error) {
    return [`Debian's etcd 3.4 cannot be had here: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** Phases, and of a long count every quarter: a log that nobody watches stays short. */
function sayQuarters(): ReportProgress {
  let said = -1;
  return (event) => {
    if (event.kind === "phase") say(event.text);
    if (event.kind !== "count") return;
    const quarter = Math.floor((4 * event.done) / Math.max(1, event.total));
    if (quarter <= said) return;
    said = quarter;
    say(quarter === 0 ? event.text : `${String(event.done)} of ${String(event.total)} packages`);
  };
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
