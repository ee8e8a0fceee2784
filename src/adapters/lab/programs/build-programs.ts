import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ReportProgress } from "../../../model/progress-event.ts";
import { runProgram } from "../run-program.ts";
import { cacheEntry, exists } from "./cache-entry.ts";
import { findGo } from "./go-toolchain.ts";
import type { ProgramModule } from "./program-versions.ts";

export interface BuildOptions {
  /** The tools/ folder of requorum. */
  readonly toolsDir: string;
  readonly cacheDir: string;
  readonly report: ReportProgress;
}

/** Kubernetes on two cores shared with seven other programs took 20 minutes. */
const buildTimeoutMs = 3_600_000;

/** The directory holding the module's programs; built if the cache does not have it. LAB_FAILED quotes the compiler. */
export async function buildPrograms(module: ProgramModule, options: BuildOptions): Promise<string> {
  const source = join(options.toolsDir, module.folder);
  const key = `${module.folder}-${module.version}-linux-${process.arch}-${await digestOfSource(source, module.moduleFile ?? "go.mod")}`;
  const target = join(options.cacheDir, "programs", key);
  if (await exists(target)) return target;
  const go = await findGo(options);
  return cacheEntry(target, async (directory) => {
    const environment = { ...process.env, CGO_ENABLED: "0", GOTOOLCHAIN: "local" };
    options.report({ kind: "phase", text: `fetching the Go modules of ${module.folder} ${module.version}, unless Go has them` });
    const modfile = module.moduleFile === undefined ? [] : [`-modfile=${module.moduleFile}`];
    await runProgram({
      reason: `downloading the Go modules of ${module.folder} ${module.version}`,
      program: go,
      args: ["mod", "download", ...modfile],
      environment,
      workingDirectory: source,
      timeoutMs: buildTimeoutMs,
    });
    const total = await countPackages(go, module, source, modfile, environment);
    const progress = packageProgress(module, total, options.report);
    for (const { path, program } of module.packages) {
      await runProgram({
        reason: `building ${program} ${module.version}`,
        program: go,
        args: [
          "build",
          "-v",
          "-trimpath",
          "-buildvcs=false",
          ...modfile,
          "-ldflags",
          linkerFlags(module),
          "-o",
          join(directory, program),
          path,
        ],
        environment,
        workingDirectory: source,
        timeoutMs: buildTimeoutMs,
        onLine: progress,
      });
    }
  });
}

/** `go build -v` prints a line per package that it compiles; packages in Go's own cache are not printed. */
function packageProgress(module: ProgramModule, total: number, report: ReportProgress): (line: string) => void {
  let done = 0;
  const minutes = Math.ceil(module.expectedBuildMs / 60_000);
  const text = `building ${module.folder} ${module.version} (about ${String(minutes)} min on two cores when nothing is cached; once per version)`;
  report({ kind: "count", text, done, total });
  return (line) => {
    if (line.includes(" ")) return; // compiler messages
    done = Math.min(total, done + 1);
    report({ kind: "count", text, done, total });
  };
}

async function countPackages(
  go: string,
  module: ProgramModule,
  source: string,
  modfile: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<number> {
  const listed = await runProgram({
    reason: `listing the packages of ${module.folder}`,
    program: go,
    args: ["list", "-deps", ...modfile, ...module.packages.map(({ path }) => path)],
    environment,
    workingDirectory: source,
    timeoutMs: 300_000, // reads every source file once
  });
  return listed.stdout.split("\n").length - 1;
}

/** Kubernetes takes its version from the linker (k8s.io/component-base/version); without it kubeadm refuses to choose images. */
function linkerFlags(module: ProgramModule): string {
  if (module.folder !== "kubenode") return "-s -w";
  const [major, minor] = module.version.split(".");
  const values = {
    gitVersion: `v${module.version}`,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: "clean",
    gitCommit: "0".repeat(40),
    buildDate: "1970-01-01T00:00:00Z",
  };
  const flags = Object.entries(values).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${String(value)}`);
  return ["-s", "-w", ...flags].join(" ");
}

/** Changes when the Go sources, or this version's module file and checksums, change: a stale program is never used. */
async function digestOfSource(folder: string, moduleFile: string): Promise<string> {
  const wanted = (name: string) => name.endsWith(".go") || name === moduleFile || name === moduleFile.replace(/\.mod$/, ".sum");
  const hash = createHash("sha256");
  for (const name of (await readdir(folder)).filter(wanted).sort())
    hash
      .update(name)
      .update("\0")
      .update(await readFile(join(folder, name)))
      .update("\0");
  return hash.digest("hex").slice(0, 8);
}
