/**
 * `npm run demo`: the real program on a real cluster. It builds a lab of three
 * machines, destroys one machine's disk, and then types the commands that an
 * operator would type. It holds no recovery logic: it only starts requorum and
 * reads the JSON that everybody can read.
 *   npm run demo -- [--keep] [--victim cp1|cp2|cp3] [--name NAME]
 */
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { withScratchDirectory } from "./scratch-directory.ts";

const root = resolve(import.meta.dirname, "..");
const { values } = parseArgs({
  options: {
    keep: { type: "boolean", default: false },
    victim: { type: "string", default: "cp2" },
    name: { type: "string", default: "demo" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  process.stdout.write(
    "npm run demo -- [--keep] [--victim cp1|cp2|cp3] [--name NAME]\n  --keep    leave the lab running afterwards (take it down with: requorum lab down --name NAME)\n",
  );
  process.exit(0);
}
const startedMs = performance.now();
const seconds = (): string => `${((performance.now() - startedMs) / 1000).toFixed(0)} s`;
const isTerminal = process.stderr.isTTY;
const bold = (text: string): string => (isTerminal ? `\u001b[1m${text}\u001b[0m` : text);

// Changed by a signal at any time, which the compiler cannot see in plain variables.
const now: { isLabUp: boolean; isInterrupted: boolean; running: ChildProcess | undefined } = {
  isLabUp: false,
  isInterrupted: false,
  running: undefined,
};
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    now.isInterrupted = true;
    // A terminal sends Ctrl-C to the whole group; a plain kill reaches only us.
    now.running?.kill(signal);
  });
}

function chapter(text: string): void {
  process.stderr.write(`\n${bold(`== ${text}`)}  (${seconds()})\n`);
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
}

/** Starts requorum as a person would. `captured` keeps stdout instead of showing it. */
function requorum(
  verbArguments: readonly string[],
  options: { readonly captured?: boolean; readonly isCleanup?: boolean } = {},
): Promise<Ended> {
  if (now.isInterrupted && options.isCleanup !== true) throw new Error("interrupted");
  if (options.captured !== true) process.stderr.write(`${bold(`$ requorum ${verbArguments.join(" ")}`)}\n`);
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [join(root, "bin/requorum.js"), ...verbArguments], {
      stdio: ["ignore", options.captured === true ? "pipe" : "inherit", "inherit"],
      // The clean-up must not die from the Ctrl-C that caused it.
      detached: options.isCleanup === true,
    });
    now.running = child;
    const chunks: string[] = [];
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
    child.on("error", failed);
    child.on("close", (code) => done({ code: code ?? 130, stdout: chunks.join("") }));
  });
}

async function must(verbArguments: readonly string[], expected: readonly number[] = [0]): Promise<void> {
  const { code } = await requorum(verbArguments);
  if (!expected.includes(code))
    throw new Error(`requorum ${verbArguments.join(" ")} ended with ${String(code)}, expected ${expected.join(" or ")}`);
}

/** Looks of a busy computer at its lab may end with 10, "not everything was seen": then once more, as a person would. */
const looksMax = 6;
const betweenLooksMs = 5_000;

async function mustSee(verbArguments: readonly string[], expected: readonly number[] = [0]): Promise<void> {
  for (let look = 1; ; look += 1) {
    const { code } = await requorum(verbArguments);
    if (expected.includes(code)) return;
    if (code !== 10 || look === looksMax)
      throw new Error(`requorum ${verbArguments.join(" ")} ended with ${String(code)}, expected ${expected.join(" or ")}`);
    process.stderr.write("\nNot every machine answered in time: this computer is busy. Looking again.\n");
    await new Promise((done) => setTimeout(done, betweenLooksMs));
  }
}

async function json(verbArguments: readonly string[]): Promise<{ readonly [field: string]: unknown }> {
  const { code, stdout } = await requorum([...verbArguments, "-o", "json"], { captured: true });
  if (code !== 0 && code !== 3) throw new Error(`requorum ${verbArguments.join(" ")} ended with ${String(code)}`);
  return JSON.parse(stdout) as { readonly [field: string]: unknown };
}

function field(document: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (value, key) => (typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined),
      document,
    );
}

/** A lab that is there already is somebody's (kept, perhaps): it is not used, and not taken down at the end. */
async function assertNoLab(name: string): Promise<void> {
  const labs = field(await json(["lab", "status"]), "labs");
  if (Array.isArray(labs) && labs.some((lab) => field(lab, "name") === name))
    throw new Error(
      `there is a lab ${name} already. Take it down (npm run -s requorum -- lab down --name ${name}) or choose another name (npm run demo -- --name NAME)`,
    );
}

async function play(): Promise<void> {
  const { name, victim } = values;
  chapter("A lab: three machines, keepalived and haproxy, a real kubeadm cluster with some load");
  process.stderr.write(
    "With nothing cached this builds Kubernetes and etcd from source first (about 10 minutes); with caches about 1.5 minutes.\n",
  );
  await assertNoLab(name);
  now.isLabUp = true;
  await must(["lab", "up", "--name", name]);
  const config = String(field(await json(["lab", "status", "--name", name]), "config"));
  const here = ["--config", config];
  chapter("The healthy cluster");
  await mustSee(["status", ...here]);

  chapter(`${victim} loses its disk: the machine comes back with a fresh operating system and nothing else`);
  await must(["lab", "break", "wipe-machine", victim, "--name", name]);
  chapter("What the person on call sees");
  await mustSee(["status", ...here], [0, 3]);
  await mustSee(["diagnose", ...here], [3]);

  chapter("The plan");
  // The run keeps the plan that it carries out, beside its journal and report.
  await withScratchDirectory("requorum-demo-", async (scratch) => {
    const planFile = join(scratch, "plan.json");
    await must(["plan", "--out", planFile, ...here]);
    const digest = String(field(JSON.parse(readFileSync(planFile, "utf8")), "digest"));
    chapter("Consent is given by this demo, for exactly this plan; you would type the cluster's name");
    await must(["apply", planFile, "--approve", digest, ...here]);
  });

  chapter("Afterwards");
  await mustSee(["status", ...here]);
  await must(["plan", ...here]);
  await conclude(here);
}

/** Says how it ended, from the same JSON that anybody can read. Throws when it is not what was promised. */
async function conclude(here: readonly string[]): Promise<void> {
  const status = await json(["status", ...here]);
  const run = await json(["runs", "show", ...here]);
  const voters = field(status, "quorum.voters");
  const healthy = field(status, "quorum.healthy");
  const outcome = field(run, "outcome");
  const lost = field(run, "loss.objects");
  await must(["runs", "report", ...here]);
  process.stderr.write(
    `\n${bold("Result")}: run ${String(outcome)}, ${String(healthy)} of ${String(voters)} voters healthy, objects lost: ${String(lost)}, time to recovery ${String(field(run, "rtoSeconds"))} s; the whole demo took ${seconds()}.\n`,
  );
  if (outcome !== "succeeded" || voters !== 3 || healthy !== 3 || String(lost) !== "0")
    throw new Error("the recovery did not end as promised");
}

async function cleanUp(): Promise<void> {
  if (!now.isLabUp) return;
  if (values.keep) {
    process.stderr.write(
      [
        "\nThe lab is kept. What to do with it:",
        `  npm run -s requorum -- lab status --name ${values.name}                its machines, and where its requorum.yaml is`,
        `  npm run -s requorum -- lab break power-off cp1 --name ${values.name}   break it again (docs/lab.md); lab heal takes it back`,
        `  npm run -s requorum -- lab down --name ${values.name}                  take it down\n`,
      ].join("\n"),
    );
    return;
  }
  chapter("Taking the lab down");
  const { code } = await requorum(["lab", "down", "--name", values.name], { isCleanup: true });
  if (code !== 0) throw new Error(`lab down ended with ${String(code)}: run npm run -s requorum -- lab down --name ${values.name}`);
}

let exitCode = 0;
try {
  await play();
} catch (error) {
  process.stderr.write(`\ndemo: ${error instanceof Error ? error.message : String(error)}\n`);
  exitCode = now.isInterrupted ? 130 : 1;
}
try {
  await cleanUp();
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  exitCode = exitCode === 0 ? 1 : exitCode;
}
process.exit(exitCode);
