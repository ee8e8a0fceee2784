import { createConnection } from "node:net";
import { RecoveryError } from "../../model/recovery-error.ts";
import { SshProcess } from "./ssh-process.ts";
import { connectArguments, hostNameInSettings, lookArguments, settingsArguments, type SshTarget } from "./ssh-target.ts";
import { afterPendingInput } from "./after-pending-input.ts";
import { askMaster } from "./mux-control.ts";
import { LoginAttempt, type LoginWish } from "./login-attempt.ts";
import { silentHost } from "./to-recovery-error.ts";

/** Reading ssh's settings touches local files only. */
const settingsMsMax = 3_000;
const lookAgainMs = 5;
/** A local socket answers at once or never. */
const controlSocketMsMax = 500;

export interface ConnectionWish {
  readonly reason: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface Look {
  readonly answer: Promise<void>;
  readonly stop: AbortController;
  waiting: number;
}

/** One host's shared connection: is it there, make it, look past it, drop it. */
export class HostConnection {
  readonly target: SshTarget;
  readonly #program: string;
  readonly #persistSeconds: number;
  #destination: Promise<string> | undefined;
  #connecting: Promise<LoginAttempt> | undefined;
  #looking: Look | undefined;
  #heardAtMs = -Infinity;

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

  /**
   * Makes the shared connection; calls at the same time share one attempt,
   * each with its own limit and signal. A caller that leaves early does not
   * stop the attempt: the next one may find it done.
   */
  async connect(wish: ConnectionWish): Promise<void> {
    const { connectTimeoutMs } = this.target;
    this.#connecting ??= this.#attempt("shared", { reason: wish.reason, bannerMs: connectTimeoutMs });
    const connecting = this.#connecting;
    const finished = connecting
      .then((attempt) => attempt.finished)
      .finally(() => {
        if (this.#connecting === connecting) this.#connecting = undefined;
      });
    finished.catch(() => undefined); // seen below, unless this caller has left before
    await this.#waitFor(finished, wish, async () =>
      silentHost({ host: this.target.host, reason: wish.reason, text: (await connecting).text(), retry: "transient" }, wish.timeoutMs),
    );
  }

  /** The machine has answered over the shared connection just now. */
  noteLife(): void {
    this.#heardAtMs = performance.now();
  }

  /** `performance.now()` of the last answer over the shared connection; -Infinity before the first. */
  get heardAtMs(): number {
    return this.#heardAtMs;
  }

  /**
   * A login beside the shared connection: does the machine answer at all?
   * Rejects with SSH_* when it does not. `spentMs` of the limit for a machine's first word are over already.
   * Calls at the same time share one login, which ends when the last of them has left: a login costs a
   * machine in trouble more than the answer that is waited for.
   */
  async look(wish: { readonly reason: string; readonly spentMs: number; readonly signal: AbortSignal }): Promise<void> {
    this.#looking ??= this.#startLook(wish);
    const looking = this.#looking;
    looking.waiting += 1;
    const left = Promise.withResolvers<never>();
    const leave = () => {
      left.reject(wish.signal.reason as Error);
    };
    wish.signal.addEventListener("abort", leave, { once: true });
    if (wish.signal.aborted) leave();
    try {
      await Promise.race([looking.answer, left.promise]);
    } finally {
      wish.signal.removeEventListener("abort", leave);
      looking.waiting -= 1;
      if (looking.waiting === 0) looking.stop.abort(new Error("nobody waits for it any longer"));
    }
  }

  #startLook(wish: { readonly reason: string; readonly spentMs: number }): Look {
    const stop = new AbortController();
    const bannerMs = Math.max(100, this.target.connectTimeoutMs - wish.spentMs);
    const answer = this.#attempt("separate", { reason: wish.reason, bannerMs, signal: stop.signal }).then((attempt) => attempt.finished);
    const look: Look = { answer, stop, waiting: 0 };
    const forget = () => {
      if (this.#looking === look) this.#looking = undefined;
    };
    answer.then(forget, forget);
    // Left by everybody, it must not be joined by somebody new while it ends.
    stop.signal.addEventListener("abort", forget, { once: true });
    return look;
  }

  #waitFor(work: Promise<void>, wish: ConnectionWish, lateError: () => Promise<Error>): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const leave = () => {
        const detail = `"${wish.reason}" was not waited for any longer`;
        reject(
          new RecoveryError("INTERRUPTED", {
            subject: `host ${this.target.host.name}`,
            detail,
            cause: wish.signal?.reason,
            retry: "transient",
          }),
        );
      };
      if (wish.signal?.aborted === true) {
        leave();
        return;
      }
      const timer = setTimeout(() => afterPendingInput(() => void lateError().then(reject, reject)), wish.timeoutMs);
      wish.signal?.addEventListener("abort", leave, { once: true });
      void work.then(resolve, reject).finally(() => {
        clearTimeout(timer);
        wish.signal?.removeEventListener("abort", leave);
      });
    });
  }

  /** Ends the master. What it carried breaks; forwards close. */
  async drop(): Promise<void> {
    await askMaster(this.target.controlPath, { kind: "terminate" }, controlSocketMsMax);
    // It answers first and removes its socket then; a call in between would find a master that is about to end.
    const until = performance.now() + controlSocketMsMax;
    while ((await this.hasMaster()) && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
  }

  async #attempt(kind: "shared" | "separate", wish: LoginWish): Promise<LoginAttempt> {
    this.#destination ??= this.#chooseDestination();
    const destination = await this.#destination;
    const args =
      kind === "shared" ? connectArguments(this.target, destination, this.#persistSeconds) : lookArguments(this.target, destination);
    return new LoginAttempt(this.#program, args, this.target, wish);
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
