/** Somebody's word that a machine is lost, held against what the machine does right before its member goes. */
import assert from "node:assert/strict";
import test from "node:test";
import { executeRun, resumeRun } from "../../src/execute/executor/execute-run.ts";
import type { RunContext, RunResult } from "../../src/execute/executor/run-context.ts";
import type { ClusterConfig } from "../../src/model/cluster-config.ts";
import { asHostName } from "../../src/model/ids.ts";
import { consentOf } from "../../src/model/plan.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import { healthyKubeadm3 } from "../support/inventory-builder.ts";
import { planned, replaceGoal } from "../support/planned.ts";
import { ReplaceWorld } from "./replace-world.ts";

const inventory = healthyKubeadm3().hostUnreachable("cp2").spareMachine("cp4", 4).build();
const plan = planned(inventory, { goal: replaceGoal("cp2", "cp4"), attestLost: ["cp2"] });
const lost = asHostName("cp2");
const quiet = { signal: new AbortController().signal, report: () => undefined };

/** cp2 says nothing by SSH; what its neighbours meet is `reachOutcome`. */
class SilentWorld extends ReplaceWorld {
  config: ClusterConfig = inventory.config;

  constructor() {
    super();
    this.kube.addNode({ name: lost, address: "10.150.0.12", isReady: false });
    const silent = () => new RecoveryError("SSH_UNREACHABLE", { subject: "host cp2", detail: "no answer", contact: "none" });
    this.machines.failWith(lost, silent);
  }

  override context(): RunContext {
    return { ...super.context(), config: this.config };
  }

  async begin(): Promise<RunResult> {
    await this.runs.create(this.run, "the plan");
    const consent = consentOf({ digest: plan.digest, by: "someone", how: "typed-cluster-name", at: this.clock.nowIso() });
    return await executeRun({ plan, consent, run: this.run, context: this.context(), ...quiet });
  }

  async goOn(): Promise<RunResult> {
    return await resumeRun({ plan, run: this.run, context: this.context(), ...quiet });
  }

  removals(): number {
    return this.etcd.effects.filter((effect) => effect.startsWith("memberRemove")).length;
  }

  neighbour(host: string, answer: (at: string) => string | undefined): void {
    this.machines.onScript({ host: asHostName(host), reason: "look whether a machine said to be lost is silent" }, (request) => {
      const lines = (request.args ?? []).slice(1).map((at) => [at, answer(at)] as const);
      return lines.some(([, outcome]) => outcome === undefined)
        ? { exitCode: 1, stderr: "fork: Cannot allocate memory" }
        : { stdout: [...lines.map(([at, outcome]) => `reach ${at} ${outcome ?? ""}`), "end", ""].join("\n") };
    });
  }
}

async function assertKept(world: SilentWorld, words: RegExp): Promise<void> {
  const result = await world.begin();
  assert.equal(result.outcome, "blocked", result.detail);
  assert.match(result.detail, words);
  assert.equal(world.removals(), 0);
}

test("a machine that was said to be lost and is silent everywhere loses its member", async () => {
  const world = new SilentWorld();
  const result = await world.begin();
  assert.equal(world.removals(), 1, result.detail);
});

test("its management network is dead, and etcd serves by another: its member stays", async () => {
  const world = new SilentWorld();
  const hosts = world.config.hosts.map((host) => (host.name === lost ? { ...host, address: "192.168.7.12" } : host));
  world.config = { ...world.config, hosts };
  world.reachOutcome = (at) => (at === "10.150.0.12/2380" ? "open" : "silent");
  await assertKept(world, /reaches its etcd-peer port at 10\.150\.0\.12 \(open\)/);
});

test("it is not in the configuration any more: its neighbours listen at its peer URL", async () => {
  const world = new SilentWorld();
  world.config = { ...world.config, hosts: world.config.hosts.filter((host) => host.name !== lost) };
  world.reachOutcome = (at) => (at === "10.150.0.12/2380" ? "refused" : "silent");
  await assertKept(world, /cp2 was said to be lost, and cp[13] reaches its etcd-peer port at 10\.150\.0\.12 \(refused\)/);
  world.reachOutcome = () => "silent";
  const result = await world.goOn();
  assert.equal(world.removals(), 1, result.detail);
});

test("one neighbour is cut off from it and the other cannot be asked: a failed look is no silence", async () => {
  const world = new SilentWorld();
  world.neighbour("cp3", () => undefined);
  await assertKept(world, /cp3 could not be asked whether it is silent .*Cannot allocate memory/);
  world.neighbour("cp3", () => "silent");
  const result = await world.goOn();
  assert.equal(world.removals(), 1, result.detail);
});

test("one neighbour has no way to it: what it cannot reach is not silent", async () => {
  const world = new SilentWorld();
  world.neighbour("cp1", () => "unknown");
  await assertKept(world, /cp1 cannot tell whether its ssh port is silent/);
});

test("a machine that made a sign has not used up the attempts at its removal", async () => {
  const world = new SilentWorld();
  world.reachOutcome = () => "refused";
  await assertKept(world, /reaches its ssh port \(refused\)/);
  for (let look = 0; look < 4; look++) assert.equal((await world.goOn()).outcome, "blocked");
  world.reachOutcome = () => "silent";
  const result = await world.goOn();
  assert.equal(world.removals(), 1, result.detail);
});
