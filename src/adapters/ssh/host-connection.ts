import { createConnection } from "node:net";
import { RecoveryError } from "../../model/recovery-error.ts";
import { SshProcess } from "./ssh-process.ts";
import { connectArguments, controlArguments, hostNameInSettings, lookArguments, settingsArguments, type SshTarget } from "./ssh-target.ts";
import { hasBanner, loginFailure, silentHost } from "./to-recovery-error.ts";

/**
 * Once sshd has named its version the machine is alive; a login may then take
 * long, because a machine in trouble is slow. 15 s is three times what a login
 * needs on a lab machine with all cores busy.
 */
const loginMsMax = 15_000;
/** Reading ssh's settings touches local files only. */
const settingsMsMax = 3_000;
/** A local socket answers at once or never. */
const controlSocketMsMax = 500;

export interface ConnectionWish {
  readonly reason: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** One host's shared connection: is it there, make it, look past it, drop it. */
export class HostConnection {
  readonly target: SshTarget;
  readonly #program: string;
  readonly #persistSeconds: number;
  #destination: Promise<string> | undefined;
  #connecting: Promise<void> | undefined;

  constructor(options: { readonly target: SshTarget; readonly program: string; readonly persistSeconds: number }) {
    this.target = options.target;
    this.#program = options.program;
    this.#persistSeconds = options.persistSeconds;
  }

  /** Does a master listen? Says nothing about the machine behind it. */
  hasMaster(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = createConnection(this.target.controlPath);
      const finish = (answer: boolean) => {
        socket.destroy();
        resolve(answer);
      };
      socket.setTimeout(controlSocketMsMax, () => finish(false));
      socket.once("connect", () => finish(true));
      socket.once("error", () => finish(false));
    });
  }

  /** Makes the shared connection; calls at the same time share one attempt, each with its own limit and signal. */
  async connect(wish: ConnectionWish): Promise<void> {
    this.#connecting ??= this.#logIn("shared", { ...wish, signal: undefined, timeoutMs: loginMsMax }).finally(
      () => (this.#connecting = undefined),
    );
    const attempt = this.#connecting;
    attempt.catch(() => undefined); // seen below, unless this caller has left before
    await new Promise<void>((resolve, reject) => {
      const leave = () =>
        reject(
          new RecoveryError("INTERRUPTED", {
            subject: `host ${this.target.host.name}`,
            detail: `"${wish.reason}" was not waited for any longer`,
            cause: wish.signal?.reason,
            retry: "transient",
          }),
        );
      if (wish.signal?.aborted === true) {
        leave();
        return;
      }
      const timer = setTimeout(
        () => reject(silentHost({ host: this.target.host, reason: wish.reason, text: "", retry: "transient" }, wish.timeoutMs)),
        wish.timeoutMs,
      );
      wish.signal?.addEventListener("abort", leave, { once: true });
      attempt.then(resolve, reject).finally(() => {
        clearTimeout(timer);
        wish.signal?.removeEventListener("abort", leave);
      });
    });
  }

  /** A login beside the shared connection: does the machine answer at all? Rejects with SSH_* when it does not. */
  look(wish: ConnectionWish): Promise<void> {
    return this.#logIn("separate", wish);
  }

  /** Ends the master. What it carried breaks; forwards close. */
  async drop(): Promise<void> {
    const process = new SshProcess(this.#program, controlArguments(this.target.controlPath, "exit"), { stdout: ignore, stderr: ignore });
    process.endInput();
    const timer = setTimeout(() => process.kill(), controlSocketMsMax);
    await process.ended.finally(() => clearTimeout(timer));
  }

  async #logIn(kind: "shared" | "separate", wish: ConnectionWish): Promise<void> {
    const { host, connectTimeoutMs } = this.target;
    this.#destination ??= this.#chooseDestination();
    const destination = await this.#destination;
    const started = performance.now();
    let text = "";
    const killed = { isKilled: false };
    const failure = () => ({ host, reason: wish.reason, text, retry: "transient" as const });
    const args =
      kind === "shared" ? connectArguments(this.target, destination, this.#persistSeconds) : lookArguments(this.target, destination);
    const process = new SshProcess(this.#program, args, { stdout: ignore, stderr: (chunk) => (text += chunk.toString("utf8")) });
    const end = () => {
      killed.isKilled = true;
      process.kill();
    };
    process.endInput();
    const bannerTimer = setTimeout(() => {
      if (!hasBanner(text)) end();
    }, connectTimeoutMs);
    const loginTimer = setTimeout(end, Math.min(wish.timeoutMs, loginMsMax));
    wish.signal?.addEventListener("abort", end, { once: true });
    try {
      const { exitCode } = await process.ended;
      wish.signal?.throwIfAborted();
      if (exitCode === 0) return;
      throw killed.isKilled ? silentHost(failure(), performance.now() - started) : this.#rejected(failure());
    } finally {
      clearTimeout(bannerTimer);
      clearTimeout(loginTimer);
      wish.signal?.removeEventListener("abort", end);
    }
  }

  #rejected(failure: { readonly text: string; readonly reason: string }): RecoveryError {
    return loginFailure({ host: this.target.host, retry: "transient", ...failure });
  }

  /**
   * ssh is called as the operator would call it: by the host's name where the
   * SSH configuration gives that name an address, else by the address of
   * requorum.yaml. An sshAddress there is a wish that needs no guess.
   */
  async #chooseDestination(): Promise<string> {
    const { host } = this.target;
    if (host.sshAddress !== undefined) return host.sshAddress;
    let text = "";
    const process = new SshProcess(this.#program, settingsArguments(this.target, host.name), {
      stdout: (chunk) => (text += chunk.toString("utf8")),
      stderr: ignore,
    });
    process.endInput();
    const timer = setTimeout(() => process.kill(), settingsMsMax);
    await process.ended.finally(() => clearTimeout(timer));
    const mapped = hostNameInSettings(text);
    return mapped !== undefined && mapped.toLowerCase() !== host.name.toLowerCase() ? host.name : host.address;
  }
}

function ignore(): void {
  // The exit code is the answer.
}
