import type { HostName, StepId } from "./ids.ts";

/** May be dropped; never needed to understand what happened. Screens show it on stderr. */
export type ProgressEvent =
  | { readonly kind: "phase"; readonly text: string; readonly step?: StepId; readonly host?: HostName }
  | { readonly kind: "bytes"; readonly text: string; readonly done: bigint; readonly total: bigint | undefined; readonly step?: StepId }
  | { readonly kind: "count"; readonly text: string; readonly done: number; readonly total: number }
  | { readonly kind: "waiting"; readonly text: string; readonly elapsedMs: number; readonly limitMs: number; readonly step?: StepId };

export type ReportProgress = (event: ProgressEvent) => void;
