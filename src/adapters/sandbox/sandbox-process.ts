import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { symlink } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { SandboxProgram } from "../../ports/sandbox.ts";
import { privateBytes } from "./process-identity.ts";
import type { SandboxDirectory } from "./sandbox-directory.ts";
import type { SandboxUser } from "./sandbox-user.ts";
import { fileFailed, sandboxFailed, sandboxUndecided } from "./to-recovery-error.ts";

/** What a program wrote last is enough to see why it ended; all of it could fill the memory. */
const outputBytesMax = 64 * 1024;
/** Of memory that is not a mapped file: etcd takes about 1 GiB for a million keys, kube-apiserver as much. */
const memoryBytesMax = BigInt(Math.min(8 * 1024 ** 3, totalmem() / 2));
/** Of setpriv and shells: the program was not allowed to begin, or is not there. */
const notBegunCodes: readonly number[] = [126, 127];
/** What the kernel says to a program that gets no room, memory, file or port of this machine (strerror(3)). */
const ofMachine =
  /no space left on device|disk quota exceeded|cannot allocate memory|out of memory|too many open files|permission denied|operation not permitted|read-only file system|resource temporarily unavailable|input\/output error/i;
const memoryLookMs = 500;
const termGraceMs = 5_000;

/**
 * One program of the sandbox. It is run through an open file, because its user
 * may not pass the directories that lead to it; it can gain no privileges, and
 * is ended when it takes too much memory.
 */
export class SandboxProcess {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #watch = new AbortController();
  readonly #exited: Promise<void>;
  #output = "";
  #endedBecause: string | undefined;
  /** By this machine, and not by what it was given. */
  #isEndedFromOutside = false;

  private constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output = (this.#output + text).slice(-outputBytesMax);
      });
    this.#exited = new Promise((resolve) => {
      child.once("error", (error) => {
        this.#isEndedFromOutside = true;
        this.#endedBecause ??= `it could not be started: ${error.message}`;
        resolve();
      });
      child.once("close", (code, signal) => {
        // The kernel's, when memory is short, or somebody's; nothing of ours ends what is still waited for.
        if (code === null || notBegunCodes.includes(code) || ofMachine.test(this.#output)) this.#isEndedFromOutside = true;
        this.#endedBecause ??= code === null ? `it was ended by ${signal ?? "a signal"}` : `it ended with exit code ${String(code)}`;
        this.#watch.abort();
        resolve();
      });
    });
  }

  /** SANDBOX_UNDECIDED is thrown by `until` when it cannot be started; LOCAL_FILE_FAILED when its file cannot be opened. */
  static async start(request: {
    readonly program: SandboxProgram;
    readonly args: readonly string[];
    readonly directory: SandboxDirectory;
    readonly user: SandboxUser | undefined;
    readonly hasSetpriv: boolean;
  }): Promise<SandboxProcess> {
    const { program, directory, user, hasSetpriv } = request;
    let file: number;
    try {
      file = openSync(program.path, "r");
    } catch (cause) {
      throw fileFailed(cause, program.path, "open it");
    }
    try {
      // Several programs in one file know by this name which of them is meant.
      const name = join(directory.path, program.kind);
      await symlink("/proc/self/fd/3", name).catch((cause: unknown) => {
        // From an attempt before this one.
        if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw fileFailed(cause, name, "make the link");
      });
      const command = [...(hasSetpriv ? ["setpriv", "--no-new-privs", "--"] : []), name, ...request.args];
      const child = spawn(command[0] ?? name, command.slice(1), {
        cwd: directory.path,
        env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: directory.path, GOMEMLIMIT: String(memoryBytesMax) },
        stdio: ["ignore", "pipe", "pipe", file],
        // Its own group: Ctrl-C ends requorum first, which ends it.
        detached: true,
        ...(user === undefined ? {} : user),
      });
      const started = new SandboxProcess(program.kind, child);
      if (child.pid !== undefined) {
        directory.guardProcess(child.pid);
        void started.#watchMemory(child.pid);
      }
      return started;
    } finally {
      closeSync(file);
    }
  }

  /** `attempt` is repeated until it gives true. SANDBOX_FAILED when the process ends first, SANDBOX_UNDECIDED when it was ended from outside or the time is over. */
  async until(
    what: string,
    options: { readonly timeoutMs: number; readonly intervalMs: number; readonly signal: AbortSignal },
    attempt: () => Promise<boolean>,
  ): Promise<void> {
    const limitMs = performance.now() + options.timeoutMs;
    for (;;) {
      options.signal.throwIfAborted();
      if (this.#endedBecause !== undefined) throw this.#ended(`${this.#endedBecause} before ${what}`);
      if (await attempt()) return;
      if (performance.now() > limitMs)
        throw sandboxUndecided(this.#name, `not within ${String(options.timeoutMs / 1000)} s: ${what}`, this.#output);
      await Promise.race([pause(options.intervalMs, undefined, { signal: options.signal }), this.#exited]);
    }
  }

  #ended(detail: string): Error {
    return this.#isEndedFromOutside ? sandboxUndecided(this.#name, detail, this.#output) : sandboxFailed(this.#name, detail, this.#output);
  }

  /** SIGTERM, then SIGKILL. Nothing of what it holds is needed. */
  async end(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid !== undefined && exitCode === null && signalCode === null) {
      this.#child.kill("SIGTERM");
      await Promise.race([this.#exited, pause(termGraceMs, undefined, { ref: false })]);
      this.#child.kill("SIGKILL");
    }
    await this.#exited;
  }

  async #watchMemory(pid: number): Promise<void> {
    const { signal } = this.#watch;
    while (!signal.aborted) {
      const bytes = await privateBytes(pid);
      if (bytes !== undefined && bytes > memoryBytesMax) {
        this.#endedBecause = `it took more than the ${String(memoryBytesMax / 1048576n)} MiB of memory that it may, and was ended`;
        this.#child.kill("SIGKILL");
        return;
      }
      await pause(memoryLookMs, undefined, { signal, ref: false }).catch(() => undefined); // it ended
    }
  }
}

/** Ended before the directory goes: `once` waits for the whole of their output, too. */
export async function endAll(processes: readonly SandboxProcess[]): Promise<void> {
  await Promise.all(processes.map((one) => one.end()));
}
