/**
 * At most `turnsMax` requests side by side; the rest wait in line. Node's Agent has a line of its own (`maxSockets`),
 * but a request that is given up stays in it, and a connection is opened for it later (observed on Node 24).
 */
export class RequestTurns {
  #free: number;
  readonly #line: (() => void)[] = [];

  constructor(turnsMax: number) {
    this.#free = turnsMax;
  }

  /** Resolves when it is our turn: give() must follow. Rejects with the signal's reason as soon as it is aborted. */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.#line.splice(this.#line.indexOf(admit), 1);
        reject(signal.reason as Error);
      };
      const admit = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#line.push(admit);
    });
  }

  give(): void {
    const next = this.#line.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
