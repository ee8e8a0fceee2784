/**
 * A lab of one test file, driven as a person would: by the program's own
 * commands. Everything that they print is kept, so that a test can search it
 * for planted secrets.
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
const main = join(root, "bin/requorum.js");

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

export type Json = { readonly [field: string]: unknown };

export class LabSession {
  readonly name: string;
  readonly scratch: string;
  /** Where the runs of this lab's cluster are kept. */
  readonly stateDirectory: string;
  readonly outputs: string[] = [];
  private readonly environment: NodeJS.ProcessEnv;

  constructor(name: string, environment: NodeJS.ProcessEnv = {}) {
    this.name = name;
    this.scratch = mkdtempSync(join(tmpdir(), `requorum-test-${name}-`));
    this.stateDirectory = process.env["XDG_STATE_HOME"] ?? join(process.env["HOME"] ?? "/root", ".local/state");
    this.environment = { ...process.env, NO_COLOR: "1", ...environment };
  }

  get config(): string {
    return join(this.stateDirectory, "requorum/labs", this.name, "requorum.yaml");
  }

  /** Starts the program, or `through` that starts it (nsenter …); the caller may kill it. */
  start(words: readonly string[], environment: NodeJS.ProcessEnv = {}, through: readonly string[] = []): Running {
    const [program = "", ...args] = [...through, process.execPath, main, ...words];
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...this.environment, ...environment } });
    const out: string[] = [];
    const err: string[] = [];
    child.stdout.setEncoding("utf8").on("data", (text: string) => out.push(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err.push(text);
      process.stderr.write(text);
    });
    const ended = new Promise<Ended>((done) => {
      child.on("close", (code, signal) => {
        const result = { code: code ?? (signal === "SIGKILL" ? 137 : 130), stdout: out.join(""), stderr: err.join("") };
        this.outputs.push(result.stdout, result.stderr);
        done(result);
      });
    });
    return { child, ended };
  }

  run(words: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.start(words, environment).ended;
  }

  /** Fails with what was printed when the exit code is another one. */
  async expect(exits: number | readonly number[], words: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const result = await this.run(words, environment);
    const wanted = typeof exits === "number" ? [exits] : exits;
    assert.ok(
      wanted.includes(result.code),
      `requorum ${words.join(" ")} ended with ${String(result.code)}, wanted ${wanted.join(" or ")}; its last lines:\n${lastLines(result.stdout)}\n${lastLines(result.stderr)}\nall of it:\n${result.stdout}\n${result.stderr}`,
    );
    return result;
  }

  /** On this lab's cluster. */
  on(...words: readonly string[]): readonly string[] {
    return [...words, "--config", this.config];
  }

  async json(words: readonly string[], exits: number | readonly number[] = 0): Promise<Json> {
    return JSON.parse((await this.expect(exits, [...this.on(...words), "-o", "json"])).stdout) as Json;
  }

  lab(verb: string, ...words: readonly string[]): Promise<Ended> {
    return this.expect(0, ["lab", verb, ...words, "--name", this.name]);
  }

  /** Runs a command on a machine of the lab; fails when it fails. */
  async ssh(machine: string, script: string): Promise<string> {
    return (await this.expect(0, ["lab", "ssh", machine, "--name", this.name, "--", "sh", "-c", script])).stdout;
  }

  /** Waits until `status` says that all voters are healthy; fails after `limitMs`. */
  async healthy(voters: number, limitMs = 180_000): Promise<Json> {
    const startedMs = performance.now();
    for (;;) {
      const status = await this.json(["status"], [0, 3, 10]);
      if (field(status, "quorum.voters") === voters && field(status, "quorum.healthy") === voters) return status;
      assert.ok(
        performance.now() - startedMs < limitMs,
        `not ${String(voters)} healthy voters after ${String(limitMs / 1000)} s: ${JSON.stringify(field(status, "quorum"))}`,
      );
      await new Promise((done) => setTimeout(done, 1_000));
    }
  }

  /** Makes a plan, which must act, and returns its file and digest. */
  async plan(...words: readonly string[]): Promise<{ readonly file: string; readonly digest: string; readonly text: string }> {
    const file = join(this.scratch, `plan-${String(readdirSync(this.scratch).length)}.json`);
    const { stdout } = await this.expect(0, this.on("plan", ...words, "--out", file));
    const digest = String(field(JSON.parse(readFileSync(file, "utf8")), "digest"));
    return { file, digest, text: stdout };
  }

  /** Nothing is left to do: what every finished recovery must show. */
  async nothingToDo(): Promise<void> {
    const plan = await this.json(["plan", "--out", join(this.scratch, "nothing.json")], 0);
    assert.equal(plan["verdict"], "nothing-to-do", JSON.stringify(plan, undefined, 1).slice(0, 4_000));
  }

  /** The folders of this cluster's runs, oldest first; `state` is what XDG_STATE_HOME was. */
  runFolders(state: string = this.stateDirectory): readonly string[] {
    const folder = join(state, "requorum", this.name, "runs");
    return existsSync(folder)
      ? readdirSync(folder)
          .sort()
          .map((name) => join(folder, name))
      : [];
  }

  /** Every file that the program keeps on this machine about the cluster's runs. */
  keptFiles(): readonly string[] {
    const folder = join(this.stateDirectory, "requorum", this.name);
    if (!existsSync(folder)) return [];
    return (
      readdirSync(folder, { recursive: true, encoding: "utf8" })
        .map((name) => join(folder, name))
        // A file that is being written goes by another name a moment later.
        .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
    );
  }
}

export function field(document: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((value, key) => (typeof value === "object" && value !== null ? (value as Json)[key] : undefined), document);
}

export function list(document: unknown, path: string): readonly Json[] {
  const value = field(document, path);
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** A report of many failures is cut, and what ended a call stands at its end. */
function lastLines(text: string): string {
  return text.trimEnd().split("\n").slice(-20).join("\n");
}
