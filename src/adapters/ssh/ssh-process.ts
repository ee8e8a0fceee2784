import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { spawnFailure } from "./to-recovery-error.ts";

/** After ssh has ended, how long its pipes may stay open: a master of an old OpenSSH keeps them for its own life. */
const pipesGraceMs = 200;

/**
 * One ssh program. It runs in a session of its own, so that Ctrl-C in the
 * terminal reaches requorum alone and the shared master lives on.
 */
export class SshProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  #isOver = false;
  /** Resolves when it has ended and its output is read. Rejects only when it could not be started. */
  readonly ended: Promise<{ readonly exitCode: number | null }>;

  constructor(
    program: string,
    args: readonly string[],
    onOutput: { readonly stdout: (chunk: Buffer) => void; readonly stderr: (chunk: Buffer) => void },
  ) {
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], detached: true });
    this.#child.stdout.on("data", onOutput.stdout);
    this.#child.stderr.on("data", onOutput.stderr);
    // ssh that ends before it has read its input closes the pipe; how it ended tells why.
    this.#child.stdin.on("error", () => undefined);
    this.ended = new Promise((resolve, reject) => {
      this.#child.once("error", (cause: NodeJS.ErrnoException) => {
        this.#isOver = true;
        reject(spawnFailure(program, cause));
      });
      this.#child.once("exit", () => {
        this.#isOver = true;
        const timer = setTimeout(() => {
          this.#child.stdout.destroy();
          this.#child.stderr.destroy();
        }, pipesGraceMs);
        this.#child.once("close", () => clearTimeout(timer));
      });
      this.#child.once("close", (exitCode) => resolve({ exitCode }));
    });
    // Whoever awaits `ended` sees the rejection; a caller that was aborted first no longer does.
    this.ended.catch(() => undefined);
  }

  write(data: string | Uint8Array): void {
    this.#child.stdin.write(data);
  }

  endInput(data?: string | Uint8Array): void {
    if (data === undefined) this.#child.stdin.end();
    else this.#child.stdin.end(data);
  }

  /** Ends the local ssh and what it started to get through (a jump host's ssh), at once. Nothing on the machine is signalled. */
  kill(): void {
    const { pid } = this.#child;
    if (this.#isOver || pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}
