/** Time and waiting. */
export interface Clock {
  /** Wall clock, ISO 8601 UTC with milliseconds. */
  nowIso(): string;
  /** Wall clock, milliseconds since the epoch. */
  nowMs(): number;
  /** Never goes backwards; only differences mean anything. */
  monotonicMs(): number;
  /** Rejects with the signal's reason when aborted. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}
