import type { ClusterConfig } from "../model/cluster-config.ts";
import type { ClusterModel } from "../model/cluster-model.ts";
import type { RunId, StepId } from "../model/ids.ts";
import type { RecoveryPlan } from "../model/plan.ts";
import type { ReportProgress } from "../model/progress-event.ts";
import type { StepArgs, StepKind } from "../model/step.ts";
import type { Clock } from "../ports/clock.ts";
import type { EtcdDialer } from "../ports/etcd-client.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { HostAccess } from "../ports/host-access.ts";
import type { KubeApiDialer } from "../ports/kube-api.ts";
import type { SetPartSource } from "../ports/set-parts.ts";
import type { RunStore } from "../ports/run-store.ts";
import type { RunState } from "./journal/fold-journal.ts";

export interface StepPorts {
  readonly hostAccess: HostAccess;
  readonly etcd: EtcdDialer;
  readonly kube: KubeApiDialer;
  readonly runs: RunStore;
  readonly clock: Clock;
  readonly hashing: Hashing;
  /** Absent: no store of backup sets was opened for this call. */
  readonly setParts?: SetPartSource;
}

/** What a handler may use. Never the control-plane endpoint, except to prove at the end that it works. */
export interface StepContext {
  readonly ports: StepPorts;
  readonly plan: RecoveryPlan;
  readonly run: RunId;
  readonly step: StepId;
  readonly config: ClusterConfig;
  readonly report: ReportProgress;
  readonly signal: AbortSignal;
  /** What the journal says so far. */
  readonly state: RunState;
  /** Journals a fact for the report, synced. Never a secret. */
  recordFact(name: string, value: string): Promise<void>;
}

/** How a kind of step touches the world. One file per kind in handlers/. */
export interface StepHandler<K extends StepKind> {
  /**
   * Asks anew, changes nothing. What could not be found out is `undefined` in
   * the model; it throws only bugs and interruption.
   */
  observe(args: StepArgs[K], context: StepContext): Promise<ClusterModel>;
  /** Makes the change. Safe to call when it was made already. Observation decides what came of it. */
  perform(args: StepArgs[K], context: StepContext): Promise<void>;
  /** How long after `perform` (or its death) an effect under way may still land: it is looked for that long. */
  readonly settleMs: number;
  /**
   * Removes what a killed `perform` may have left that is not its goal
   * (credentials). Called when a step of unknown outcome was settled by
   * looking, and when its goal holds though \`perform\` failed or was not the
   * one that reached it; safe to call at any time, throws only bugs.
   */
  cleanUp?(args: StepArgs[K], context: StepContext, seen: { readonly goalHolds: boolean }): Promise<void>;
}
export type StepHandlers = { readonly [K in StepKind]: StepHandler<K> };
