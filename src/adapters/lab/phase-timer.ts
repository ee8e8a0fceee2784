import type { ReportProgress } from "../../model/progress-event.ts";

export interface MeasuredPhase {
  readonly name: string;
  readonly durationMs: number;
}

/** Measures named phases, and says when one begins and how long it took. */
export class PhaseTimer {
  readonly #report: ReportProgress;
  readonly #phases: MeasuredPhase[] = [];

  constructor(report: ReportProgress) {
    this.#report = report;
  }

  get phases(): readonly MeasuredPhase[] {
    return this.#phases;
  }

  async measure<T>(name: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    this.#report({ kind: "phase", text: name });
    const result = await work();
    const durationMs = Math.round(performance.now() - start);
    this.#phases.push({ name, durationMs });
    this.#report({ kind: "phase", text: `${name}: done in ${(durationMs / 1000).toFixed(1)} s` });
    return result;
  }
}
