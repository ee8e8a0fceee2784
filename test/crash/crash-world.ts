import { createHash } from "node:crypto";
import type { ClusterConfig } from "../../src/model/cluster-config.ts";
import { defaultPaths } from "../../src/model/cluster-config.ts";
import type { ClusterModel } from "../../src/model/cluster-model.ts";
import { asHostName, asPlanDigest, asRunId, asStepId } from "../../src/model/ids.ts";
import { consentOf, type PlannedStep, type RecoveryPlan } from "../../src/model/plan.ts";
import type { StepKind, StepSpecs } from "../../src/model/step.ts";
import { fails, holds, unknown } from "../../src/model/verdict.ts";
import type { StepHandlers } from "../../src/execute/step-handler.ts";
import type { RunContext } from "../../src/execute/executor/run-context.ts";
import { parseJournalLine } from "../../src/schemas/journal-line.ts";

/** Everything after it stays undone, as after kill -9: no port answers any more. */
export class Killed extends Error {}

/**
 * A tiny world for the executor alone: a step's goal holds when its id is in
 * `effects`. It counts every effect, so that doing one twice shows.
 */
export class CrashWorld {
  readonly lines: string[] = [];
  readonly effects: string[] = [];
  readonly markers = new Map<string, string>();
  /** Steps whose look fails for now. */
  readonly blind = new Set<string>();
  /** Steps whose precondition does not hold. */
  readonly blocked = new Set<string>();
  readonly failing = new Map<string, Error>();
  killAt: { readonly append: number; readonly when: "before" | "after" } | undefined;
  onPerform: ((step: string) => void) | undefined;
  appends = 0;
  nowMs = Date.parse("2026-01-01T00:00:00.000Z");
  sleeps = 0;
  isDead = false;

  /** A new process on the same disk and cluster. */
  revive(): void {
    this.isDead = false;
    this.killAt = undefined;
    this.appends = 0;
  }

  alive(): void {
    if (this.isDead) throw new Killed("the program is dead");
  }

  context(): RunContext {
    const never = () => Promise.reject(new Error("not in this world"));
    return {
      config,
      ports: {
        hostAccess: {
          run: (host, request) => {
            this.alive();
            return Promise.resolve(this.marker(host, request.reason, request.args ?? []));
          },
          ping: never,
          readFile: never,
          readFirst: never,
          upload: never,
          forward: never,
          close: never,
        },
        etcd: { dial: never, close: never },
        kube: { dial: never, close: never },
        runs: {
          create: never,
          list: never,
          readPlan: never,
          writeArtifact: never,
          readArtifact: never,
          statArtifact: never,
          openArtifact: () => {
            throw new Error("not in this world");
          },
          readJournal: () => Promise.resolve({ lines: [...this.lines], tornTail: "" }),
          appendJournal: (_run, line) => this.appendJournal(line),
          pathOf: () => "/nowhere",
        },
        clock: {
          nowIso: () => new Date(this.nowMs).toISOString(),
          nowMs: () => this.nowMs,
          monotonicMs: () => this.nowMs,
          sleep: (durationMs) => {
            this.alive();
            this.sleeps++;
            this.nowMs += durationMs;
            return Promise.resolve();
          },
        },
        hashing: {
          sha256Hex: sha256,
          startSha256: () => {
            throw new Error("not in this world");
          },
          randomHex: () => "00",
        },
      },
      localLock: { acquire: () => Promise.resolve({ release: () => Promise.resolve() }) },
      journal: { readLine: parseJournalLine, sha256Hex: sha256 },
      operator: { by: "someone", host: "laptop" },
      program: "requorum test",
      specs,
      handlers: this.handlers(),
    };
  }

  private async appendJournal(line: string): Promise<void> {
    this.alive();
    const count = this.appends++;
    if (this.killAt?.append === count && this.killAt.when === "before") this.die();
    this.lines.push(line);
    if (this.killAt?.append === count && this.killAt.when === "after") this.die();
    await Promise.resolve();
  }

  private die(): never {
    this.isDead = true;
    throw new Killed("kill -9");
  }

  private marker(host: string, reason: string, args: readonly string[]): { exitCode: number; stdout: string; stderr: string } {
    const [first = "", replaces = ""] = args;
    const held = this.markers.get(host);
    if (reason.startsWith("look who")) return { exitCode: 0, stdout: held ?? "", stderr: "" };
    if (reason.startsWith("release")) {
      if (held?.includes(first) === true) this.markers.delete(host);
      return { exitCode: 0, stdout: "released\n", stderr: "" };
    }
    if (held !== undefined && held !== replaces) return { exitCode: 0, stdout: `held\n${held}\n`, stderr: "" };
    this.markers.set(host, first);
    return { exitCode: 0, stdout: "acquired\n", stderr: "" };
  }

  private handlers(): StepHandlers {
    const handler = {
      settleMs: 3_000,
      observe: (_args: unknown, context: { readonly step: string }) => {
        this.alive();
        const judged = this.blind.has(context.step)
          ? "blind"
          : this.effects.includes(context.step)
            ? "done"
            : this.blocked.has(context.step)
              ? "blocked"
              : "todo";
        return Promise.resolve({ ...emptyModel, cluster: judged });
      },
      perform: (_args: unknown, context: { readonly step: string }) => {
        this.alive();
        this.onPerform?.(context.step);
        const failure = this.failing.get(context.step);
        if (failure !== undefined) return Promise.reject(failure);
        this.effects.push(context.step);
        return Promise.resolve();
      },
    };
    return new Proxy({}, { get: () => handler }) as StepHandlers;
  }
}

export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

const spec = {
  post: (model: ClusterModel) =>
    model.cluster === "done" ? holds : model.cluster === "blind" ? unknown("everything") : fails("not done yet"),
  pre: (model: ClusterModel) => (model.cluster === "todo" ? holds : fails("something is in the way")),
};
const specs = new Proxy({}, { get: () => spec }) as StepSpecs;

const emptyModel: ClusterModel = {
  cluster: "",
  clusterId: undefined,
  members: undefined,
  hosts: [],
  nodes: undefined,
  masterLeases: undefined,
  clusterInfoServer: undefined,
  kubeadmEndpoint: undefined,
  snapshots: [],
  verified: undefined,
};

const config: ClusterConfig = {
  apiVersion: "requorum/v1",
  cluster: "test",
  platform: "kubeadm",
  etcdTopology: "stacked",
  controlPlaneEndpoint: "10.0.0.9:8443",
  loadBalancer: "keepalived-haproxy",
  hosts: ["cp1", "cp2", "cp3"].map((name, index) => ({ name: asHostName(name), address: `10.0.0.${index + 1}`, roles: ["control-plane"] })),
  ssh: { connectTimeoutMs: 1000 },
  paths: defaultPaths,
  policy: { planLifetimeMs: 0 },
};

export const run = asRunId("20260101-000000-test");
const digest = asPlanDigest("a".repeat(64));

export const consent = consentOf({ digest, by: "someone", how: "typed-cluster-name", at: "2026-01-01T00:00:00.000Z" });

export function planOf(kinds: readonly StepKind[]): RecoveryPlan {
  const steps = kinds.map((kind, index): PlannedStep => {
    const id = asStepId(`s${String(index + 1).padStart(2, "0")}`);
    const after = index === 0 ? [] : [asStepId(`s${String(index).padStart(2, "0")}`)];
    return {
      id,
      kind,
      args: {},
      host: undefined,
      risk: "reversible",
      describes: `step ${id}`,
      after,
      quorumAfter: undefined,
      expectedSeconds: 1,
      attemptsMax: 2,
    } as unknown as PlannedStep;
  });
  return {
    apiVersion: "requorum/v1",
    kind: "RecoveryPlan",
    digest,
    parent: undefined,
    cluster: "test",
    createdAt: "2026-01-01T00:00:00.000Z",
    expiresAt: "2026-01-02T00:00:00.000Z",
    goal: { kind: "recover" },
    verdict: "act",
    strategy: "replace-member",
    reasons: [],
    findings: [],
    lossProofs: [],
    looks: undefined,
    steps,
    start: emptyModel,
    alternatives: [],
    attestations: [{ kind: "host-lost", host: asHostName("cp3"), statement: "it burnt", by: "someone", at: "2026-01-01T00:00:00.000Z" }],
    fingerprint: { clusterId: undefined, members: [], revisionAtLeast: 1n, hosts: [] },
    loss: { revisions: 0n, objects: 0, seconds: 0, words: "nothing" },
  };
}

export const wholeReplacePlan = planOf([
  "etcd.saveSnapshot",
  "etcd.removeMember",
  "kubernetes.deleteNode",
  "kubernetes.deleteMasterLease",
  "host.checkPrepared",
  "kubeadm.joinControlPlane",
  "etcd.awaitVoter",
  "kubernetes.awaitNodeReady",
  "cluster.verify",
]);
