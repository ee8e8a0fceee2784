/** The machine that joins lost power: the run waited twenty minutes for it, twice. */
import assert from "node:assert/strict";
import test from "node:test";
import { executeRun, resumeRun } from "../../src/execute/executor/execute-run.ts";
import { verifyJournal } from "../../src/execute/journal/verify-journal.ts";
import { asHostName } from "../../src/model/ids.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import { plan, ReplaceWorld } from "../crash/replace-world.ts";

const target = asHostName("cp2");

test("a machine that dies while it joins stops the run within two minutes, and resuming joins it once it is back", async () => {
  const world = new ReplaceWorld();
  await world.runs.create(world.run, "plan");
  const context = world.context();
  const { clock } = context.ports;
  let diedAtMs = 0;
  const dying = {
    ...context,
    ports: {
      ...context.ports,
      clock: {
        ...clock,
        sleep: async (durationMs: number, signal?: AbortSignal) => {
          if (world.join !== undefined && diedAtMs === 0) {
            diedAtMs = world.clock.nowMs();
            world.join = undefined;
            world.machines.failWith(target, () => new RecoveryError("SSH_UNREACHABLE", { subject: `host ${target}`, detail: "no answer" }));
          }
          await clock.sleep(durationMs, signal);
        },
      },
    },
  };
  const quiet = { plan, run: world.run, report: () => undefined, signal: new AbortController().signal };
  const result = await executeRun({ ...quiet, consent: world.consent(), context: dying });
  assert.notEqual(diedAtMs, 0, "no join was begun");
  assert.ok(["failed", "outcome-unknown"].includes(result.outcome), result.outcome);
  assert.match(result.detail, /host cp2/);
  assert.ok(world.clock.nowMs() - diedAtMs < 120_000, `it waited ${String((world.clock.nowMs() - diedAtMs) / 1000)} s`);
  const certificates = "/api/v1/namespaces/kube-system/secrets/kubeadm-certs";
  assert.notEqual(world.kube.store.at(certificates), undefined, "a join that may go on lost its credentials");
  verifyJournal(await world.lines(), context.journal);
  assert.equal(world.markers.size, 1, "only the machine that is silent keeps its lock");
  world.machines.heal(target);
  const resumed = await resumeRun({ ...quiet, context: world.context() });
  assert.equal(resumed.outcome, "succeeded", resumed.detail);
  assert.equal(world.effects().filter((effect) => effect.startsWith("memberRemove")).length, 1);
  assert.equal(world.kube.store.at(certificates), undefined);
});
