/** Times whole commands, pair by pair, so that drift of the machine hits both. */
import { spawnSync } from "node:child_process";
import { cpus, totalmem } from "node:os";

export interface Subject {
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
  /** Exit codes that count as done. */
  readonly exits?: readonly number[];
}

export interface Measured {
  readonly name: string;
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly runs: number;
}

function once(subject: Subject): number {
  const startedMs = performance.now();
  const result = spawnSync(subject.command, subject.arguments, { stdio: ["ignore", "ignore", "pipe"], timeout: 120_000 });
  const tookMs = performance.now() - startedMs;
  if (!(subject.exits ?? [0]).includes(result.status ?? -1))
    throw new Error(`${subject.name} ended with ${String(result.status)}: ${result.stderr.toString("utf8").slice(-500)}`);
  return tookMs;
}

/** One warm-up each, then `runs` rounds in which every subject runs once. */
export function measure(subjects: readonly Subject[], runs: number): readonly Measured[] {
  for (const subject of subjects) once(subject);
  const times = subjects.map((): number[] => []);
  for (let round = 0; round < runs; round += 1) subjects.forEach((subject, index) => times[index]?.push(once(subject)));
  return subjects.map((subject, index) => {
    const sorted = [...(times[index] ?? [])].sort((a, b) => a - b);
    return {
      name: subject.name,
      medianMs: sorted[Math.floor(sorted.length / 2)] ?? NaN,
      minMs: sorted[0] ?? NaN,
      maxMs: sorted.at(-1) ?? NaN,
      runs,
    };
  });
}

export function machineWords(): string {
  const [first] = cpus();
  return `${String(cpus().length)} cores (${first?.model.trim() ?? "unknown"}), ${String(Math.round(totalmem() / 2 ** 30))} GiB, Node ${process.version}`;
}

export function printTable(title: string, rows: readonly Measured[]): void {
  process.stdout.write(`\n${title}\n${machineWords()}, ${new Date().toISOString().slice(0, 10)}\n`);
  process.stdout.write(`${"".padEnd(48)}${"median".padStart(10)}${"min".padStart(10)}${"max".padStart(10)}  runs\n`);
  for (const row of rows) {
    process.stdout.write(`${row.name.padEnd(48)}${ms(row.medianMs)}${ms(row.minMs)}${ms(row.maxMs)}${String(row.runs).padStart(6)}\n`);
  }
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`.padStart(10);
}
