import { spawn, type ChildProcessByStdio } from "node:child_process";
import { createHash } from "node:crypto";
import { createInterface, type Interface } from "node:readline";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { buildPrograms } from "../../src/adapters/lab/programs/build-programs.ts";
import { labPathsFrom } from "../../src/adapters/lab/lab-paths.ts";
import { startSnapshotOf } from "../../src/formats/etcd/data-dir/rank-member.ts";
import type { RaftEntry } from "../../src/formats/etcd/raft/raft-messages.ts";
import { readInternalRequest } from "../../src/formats/etcd/raft/read-internal-request.ts";
import type { WalLog } from "../../src/formats/etcd/wal/wal-log.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import { walOracleModule } from "./oracle-modules.ts";

/** What a start finds in a log; see tools/wal-oracle/main.go. */
export interface WalAnswer {
  /** Why it is refused; then nothing else means anything. */
  readonly refused?: string;
  readonly repaired: boolean;
  readonly memberId: string;
  readonly clusterId: string;
  readonly term: string;
  readonly vote: string;
  readonly commit: string;
  readonly snapshotIndex: string;
  readonly entries: number;
  readonly lastIndex: string;
  readonly lastTerm: string;
  readonly sha256: string;
  readonly requests: Readonly<Record<string, number>>;
}

const answerTimeoutMs = 60_000;
const entryTypes = { normal: 0, "conf-change": 1, "conf-change-v2": 2 } as const;

/** etcd 3.6.16's own reader of logs, in one process for all questions. */
export class WalOracle {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;
  readonly #lines: Interface;

  private constructor(program: string) {
    this.#process = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#process.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  static async start(): Promise<WalOracle> {
    const directory = await buildPrograms(walOracleModule, {
      toolsDir: join(import.meta.dirname, "..", "..", "tools"),
      cacheDir: labPathsFrom(process.env).cacheDir,
      report: () => undefined,
    });
    return new WalOracle(join(directory, "wal-oracle"));
  }

  /** Asks about a directory of segments; a torn end in it is repaired, so give a copy. One question at a time. */
  async ask(walDir: string): Promise<WalAnswer> {
    return JSON.parse(await this.#answerTo(walDir)) as WalAnswer;
  }

  /** What a log entry's data asks for, as requestLine says it; one question at a time. */
  async askRequest(data: Uint8Array): Promise<string> {
    return JSON.parse(await this.#answerTo(`request ${Buffer.from(data).toString("hex")}`)) as string;
  }

  async #answerTo(question: string): Promise<string> {
    this.#process.stdin.write(`${question}\n`);
    const limit = setTimeout(() => this.#process.kill("SIGKILL"), answerTimeoutMs);
    const line = await this.#answers.next();
    clearTimeout(limit);
    if (line.done === true) throw new Error(`etcd's reader died on ${question}`);
    return line.value;
  }

  close(): void {
    this.#lines.close();
    this.#process.kill("SIGKILL");
  }
}

/** The same from our reader. */
export function ourAnswer(log: WalLog): WalAnswer {
  const [first] = log.breaks;
  const snapshot = startSnapshotOf(log);
  const hash = createHash("sha256");
  const requests: Record<string, number> = {};
  let [entries, lastIndex, lastTerm] = [0, 0n, 0n];
  let refused = first?.what ?? (log.end.kind === "empty" ? "no segment" : undefined);
  try {
    for (const entry of log.entries((snapshot?.index ?? 0n) + 1n)) {
      const head = Buffer.alloc(28);
      head.writeUInt32LE(entryTypes[entry.kind]);
      head.writeBigUInt64LE(entry.term, 4);
      head.writeBigUInt64LE(entry.index, 12);
      head.writeBigUInt64LE(BigInt(entry.data.length), 20);
      hash.update(head).update(entry.data);
      entries += 1;
      [lastIndex, lastTerm] = [entry.index, entry.term];
      const kind = kindOf(entry);
      if (kind !== undefined) requests[kind] = (requests[kind] ?? 0) + 1;
    }
  } catch (error) {
    if (!(error instanceof RecoveryError) || error.code !== "FILE_DAMAGED") throw error;
    refused ??= error.detail;
  }
  return {
    ...(refused === undefined ? {} : { refused }),
    repaired: log.end.kind === "torn",
    memberId: String(log.metadata?.memberId ?? 0n),
    clusterId: String(log.metadata?.clusterId ?? 0n),
    term: String(log.hardState?.term ?? 0n),
    vote: String(log.hardState?.vote ?? 0n),
    commit: String(log.hardState?.commit ?? 0n),
    snapshotIndex: String(snapshot?.index ?? 0n),
    entries,
    lastIndex: String(lastIndex),
    lastTerm: String(lastTerm),
    sha256: hash.digest("hex"),
    requests,
  };
}

/** What the oracle calls it; undefined for what it does not count. */
function kindOf(entry: RaftEntry): string | undefined {
  if (entry.kind !== "normal" || entry.data.length === 0) return undefined;
  try {
    const { kind } = readInternalRequest(entry.data, { file: "log", offset: undefined }).action;
    return kind === "auth" || kind === "downgrade-version-test" || kind === "unknown" ? "other" : kind;
  } catch (error) {
    if (error instanceof RecoveryError && error.code === "FILE_DAMAGED") return "undecodable";
    throw error;
  }
}
