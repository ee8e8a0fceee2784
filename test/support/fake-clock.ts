import type { Clock } from "../../src/ports/clock.ts";

/**
 * Time that only moves when somebody sleeps or calls `advance`. A sleep takes
 * no real time: it moves the clock and resolves after everything that was
 * ready has had its turn.
 */
export class FakeClock implements Clock {
  #nowMs: number;
  readonly #startMs: number;
  /** Every sleep that was asked for, in order. */
  readonly sleepsMs: number[] = [];

  constructor(startIso = "2026-03-01T03:00:00.000Z") {
    this.#startMs = Date.parse(startIso);
    this.#nowMs = this.#startMs;
  }

  nowIso(): string {
    return new Date(this.#nowMs).toISOString();
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs - this.#startMs;
  }

  advance(durationMs: number): void {
    this.#nowMs += durationMs;
  }

  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.sleepsMs.push(durationMs);
    this.advance(durationMs);
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
  }
}
