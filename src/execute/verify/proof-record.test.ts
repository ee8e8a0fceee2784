import assert from "node:assert/strict";
import { test } from "node:test";
import { holds } from "../../model/verdict.ts";
import type { StepContext } from "../step-handler.ts";
import { proofAgeMsMax, proofText, readProof } from "./proof-record.ts";

const triedAt = Date.parse("2026-01-01T00:00:00.000Z");
const rules = [{ rule: "a write through the endpoint", verdict: holds }];

function contextWith(text: string | undefined, nowMs: number): StepContext {
  return {
    run: "r",
    ports: {
      clock: { nowMs: () => nowMs },
      runs: {
        statArtifact: () => Promise.resolve(text === undefined ? undefined : {}),
        readArtifact: () => Promise.resolve(new TextEncoder().encode(text)),
      },
    },
  } as unknown as StepContext; // only what is asked for
}
const good = proofText(rules, new Date(triedAt).toISOString());

test("readProof: a fresh proof is what was proven", async () => {
  assert.deepEqual(await readProof(contextWith(good, triedAt + 60_000)), rules);
});

test("readProof: a proof that is old, from the future, missing or damaged makes the step try again", async () => {
  const damaged = [undefined, "{", "[]", '{"at":"2026-01-01T00:00:00.000Z","rules":[]}', good.replace('"holds"', '"fine"')];
  const all = [
    ...[triedAt + proofAgeMsMax + 1, triedAt - 1].map((nowMs) => contextWith(good, nowMs)),
    ...damaged.map((text) => contextWith(text, triedAt)),
  ];
  for (const context of all) assert.equal((await readProof(context))[0]?.verdict.kind, "fails");
});
