import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, openSync, readSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import type { SshTarget } from "./ssh-target.ts";
import { hasBanner, localFileFailure, loginFailure, silentHost, spawnFailure, type SshFailure } from "./to-recovery-error.ts";

/**
 * Once sshd has named its version the machine is alive; a login may then take
 * long, because a machine in trouble is slow. 15 s is ten times what a login
 * needs on a lab machine with all cores overloaded.
 */
export const loginMsMax = 15_000;
/** ssh's debug lines of one login; ten times what was seen. */
const logBytesMax = 256 * 1024;

export interface LoginWish {
  readonly reason: string;
  /** Until sshd names its version. */
  readonly bannerMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One login. What ssh says goes to an unlinked file, not to a pipe: a login
 * that is slower than this program's patience goes on when this program has
 * ended, and the next one finds the connection warm. (With a pipe ssh dies of
 * its next debug line.)
 */
export class LoginAttempt {
  readonly #target: SshTarget;
  readonly #wish: LoginWish;
  readonly #log: number;
  readonly #child: ChildProcess;
  #isKilled = false;
  #isOver = false;
  #text = "";
  /** Resolves when logged in; rejects with SSH_*, CONFIG_INVALID or the signal's reason. */
  readonly finished: Promise<void>;

  constructor(program: string, args: readonly string[], target: SshTarget, wish: LoginWish) {
    this.#target = target;
    this.#wish = wish;
    const path = join(dirname(target.controlPath), `l-${randomBytes(6).toString("hex")}`);
    this.#log = openUnlinked(path);
    this.#child = spawn(program, args, { stdio: ["ignore", "ignore", this.#log], detached: true });
    this.finished = this.#follow(program);
    this.finished.catch(() => undefined); // whoever waits sees it; a caller with less patience has left
  }

  /** What ssh has said so far. */
  text(): string {
    if (this.#isOver) return this.#text;
    const buffer = Buffer.alloc(logBytesMax);
    return buffer.toString("utf8", 0, readSync(this.#log, buffer, 0, logBytesMax, 0));
  }

  async #follow(program: string): Promise<void> {
    const started = performance.now();
    const bannerTimer = setTimeout(() => {
      const said = this.text();
      // Nothing at all, not even "Connecting": this machine's disk is full or its processors are; ssh's own limit then decides.
      if (said !== "" && !hasBanner(said)) this.#kill();
    }, this.#wish.bannerMs);
    const loginTimer = setTimeout(() => this.#kill(), loginMsMax);
    const abort = () => this.#kill();
    this.#wish.signal?.addEventListener("abort", abort, { once: true });
    try {
      const exitCode = await new Promise<number | null>((resolve, reject) => {
        this.#child.once("error", (cause: NodeJS.ErrnoException) => reject(spawnFailure(program, cause)));
        this.#child.once("exit", resolve);
      });
      this.#text = this.text();
      this.#wish.signal?.throwIfAborted();
      if (exitCode === 0) return;
      const failure: SshFailure = { host: this.#target.host, reason: this.#wish.reason, text: this.#text, retry: "transient" };
      throw this.#isKilled ? silentHost(failure, performance.now() - started) : loginFailure(failure);
    } finally {
      this.#isOver = true;
      closeSync(this.#log);
      clearTimeout(bannerTimer);
      clearTimeout(loginTimer);
      this.#wish.signal?.removeEventListener("abort", abort);
    }
  }

  /** With what it started to get through (a jump host's ssh, a proxy). */
  #kill(): void {
    const { pid } = this.#child;
    if (this.#isOver || pid === undefined) return;
    this.#isKilled = true;
    try {
      process.kill(-pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

function openUnlinked(path: string): number {
  try {
    const file = openSync(path, "wx+", 0o600);
    unlinkSync(path);
    return file;
  } catch (error) {
    throw localFileFailure(path, error as NodeJS.ErrnoException);
  }
}
