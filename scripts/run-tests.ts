/**
 * Runs tiers of tests and ends in one plain line: `N passed, N failed`
 * (and `, N skipped` when something could not run). In CI a skip is a failure.
 *   node scripts/run-tests.ts [TIER…] [--list] [--only SUBSTRING]
 */
import { existsSync, readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { run } from "node:test";
import { finished } from "node:stream/promises";
import { tiers, type Tier } from "./test-tiers.ts";

const root = resolve(import.meta.dirname, "..");
/** "true" is what most systems set; a few say 1 or their own name. */
const isCi = !["", "0", "false"].includes(process.env["CI"] ?? "");

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

function testFiles(tier: Tier): string[] {
  return tier.folders.flatMap((folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
          .filter((name) => tier.fileForm.test(name))
          .map((name) => join(root, folder, name))
      : [],
  );
}

/** The files of one tier: each in a process of its own, or many in one where they leave nothing behind. */
async function runFiles(tier: Tier, files: readonly string[], totals: Totals): Promise<void> {
  if (tier.filesPerProcess === undefined) {
    await follow(tier, run({ files: [...files], concurrency: tier.concurrency, timeout: tier.testTimeoutMs }), totals);
    return;
  }
  // So many for each core: with one more, the others would wait for it at the end.
  const groupCount = Math.min(files.length, Math.ceil(files.length / tier.filesPerProcess / tier.concurrency) * tier.concurrency);
  // Dealt out in turns, so that neighbours, which are alike in length, do not all come to one process.
  const groups = Array.from({ length: groupCount }, (_, group) => files.filter((_file, at) => at % groupCount === group));
  const entry = join(import.meta.dirname, "run-test-group.ts");
  const worker = async (): Promise<void> => {
    for (let group = groups.shift(); group !== undefined; group = groups.shift())
      await follow(tier, run({ files: [entry], argv: [...group], timeout: tier.testTimeoutMs * group.length }), totals);
  };
  await Promise.all(Array.from({ length: tier.concurrency }, worker));
}

/** Counts what comes; prints each failure in full, and passes too where the tier is slow. */
async function follow(tier: Tier, stream: ReturnType<typeof run>, totals: Totals): Promise<void> {
  const nameOf = (data: { readonly file?: string; readonly name: string }): string => `${relative(root, data.file ?? "")} > ${data.name}`;
  stream.on("test:stdout", (data) => {
    if (tier.showOutput) process.stderr.write(data.message);
  });
  stream.on("test:stderr", (data) => {
    if (tier.showOutput) process.stderr.write(data.message);
  });
  stream.on("test:fail", (data) => {
    if (data.details.type === "suite") return;
    totals.failed += 1;
    const { error } = data.details;
    const cause: unknown = error.cause;
    process.stdout.write(
      `not ok  ${nameOf(data)}\n${indent(cause instanceof Error ? (cause.stack ?? cause.message) : (error.stack ?? error.message))}\n`,
    );
  });
  stream.on("test:pass", (data) => {
    if (data.details.type === "suite") return;
    if (data.skip !== undefined && data.skip !== false) {
      totals.skipped += 1;
      process.stdout.write(`skipped ${nameOf(data)}: ${String(data.skip)}\n`);
      return;
    }
    totals.passed += 1;
    if (tier.isSlow) process.stdout.write(`ok      ${nameOf(data)} (${(data.details.duration_ms / 1000).toFixed(1)} s)\n`);
  });
  stream.resume();
  await finished(stream);
}

function indent(text: string): string {
  return text
    .split("\n")
    .slice(0, 40)
    .map((line) => `        ${line}`)
    .join("\n");
}

async function runTier(tier: Tier, only: string | undefined, totals: Totals): Promise<void> {
  const files = testFiles(tier).filter((file) => only === undefined || file.includes(only));
  if (files.length === 0) {
    if (only !== undefined) return;
    process.stdout.write(`not ok  tier ${tier.name}: it has no test files\n`);
    totals.failed += 1;
    return;
  }
  const missing = await tier.missing({ isCi });
  if (missing.length > 0) {
    process.stdout.write(`${isCi ? "not ok " : "skipped"} tier ${tier.name}: ${missing.join("; ")}\n`);
    if (isCi) totals.failed += 1;
    else totals.skipped += files.length;
    return;
  }
  const before = { ...totals };
  const startedMs = performance.now();
  process.stdout.write(`# ${tier.name}: ${String(files.length)} files (${tier.describes})\n`);
  await runFiles(tier, files, totals);
  process.stdout.write(
    `# ${tier.name}: ${String(totals.passed - before.passed)} passed, ${String(totals.failed - before.failed)} failed in ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n\n`,
  );
}

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const onlyAt = process.argv.indexOf("--only");
const only = onlyAt === -1 ? undefined : process.argv[onlyAt + 1];
const names = wanted.filter((name) => name !== only);
const unknownNames = names.filter((name) => !tiers.some((tier) => tier.name === name));
if (process.argv.includes("--list") || unknownNames.length > 0) {
  for (const tier of tiers) process.stdout.write(`${tier.name.padEnd(14)} ${tier.describes}\n`);
  if (unknownNames.length > 0) process.stderr.write(`no such tier: ${unknownNames.join(", ")}\n`);
  process.exit(unknownNames.length > 0 ? 2 : 0);
}
const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
for (const tier of tiers.filter((one) => names.length === 0 || names.includes(one.name))) await runTier(tier, only, totals);
if (isCi && totals.skipped > 0) {
  process.stdout.write("a skipped test counts as failed in CI\n");
  totals.failed += totals.skipped;
  totals.skipped = 0;
}
process.stdout.write(
  `${String(totals.passed)} passed, ${String(totals.failed)} failed${totals.skipped > 0 ? `, ${String(totals.skipped)} skipped` : ""}\n`,
);
process.exit(totals.failed > 0 || totals.passed === 0 ? 1 : 0);
