/**
 * Damaged values of Kubernetes objects, read by us and by Kubernetes' own
 * serializer: what it refuses we never read, and what both read is the same.
 * REQUORUM_FUZZ_ROUNDS sets the number of values (4000), REQUORUM_FUZZ_SEED
 * where they start.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { builtInKubeTypes } from "../../src/formats/kubernetes/built-in-kube-types.ts";
import { fieldDiff } from "../../src/formats/kubernetes/field-diff.ts";
import { isKubeObject, textAt, valueAt } from "../../src/formats/kubernetes/kube-json.ts";
import { MalformedJson, parseKubeJson } from "../../src/formats/kubernetes/parse-kube-json.ts";
import { readStoredValue, type StoredValue } from "../../src/formats/kubernetes/stored-value.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import { storedObjectFixtures } from "../support/kube-fixtures.ts";
import { kubeTypesProgram, linesOf, newestKubeTypes } from "../support/kube-vectors.ts";
import { seededRandom } from "../support/seeded-random.ts";

const types = builtInKubeTypes();
const rounds = Number(process.env["REQUORUM_FUZZ_ROUNDS"] ?? "4000");
const firstSeed = Number(process.env["REQUORUM_FUZZ_SEED"] ?? "400000");
/** 4000 values take 5 s on a busy machine. */
const roundsAtOnce = 4000;
const goTimeoutMs = 60_000;
/** A quantity of a million digits or far more (seed 148224: "1E3456789012345678901"): Kubernetes' reader counts them out, and never ends. */
const endless = /[0-9][eE][-+]?[0-9]{6}/;

/** What we refuse and Kubernetes reads: bytes that no writer of it makes. Its generated code checks less inside map entries. */
const stricter =
  /a time outside the years|a fraction of a second|wire type|bytes where|comes twice|field number 0|raw JSON|without apiVersion or kind|a quantity that|of more than 32 bits|more than 10 bytes|of a group|without an end|is cut off/;

test(`${String(rounds)} damaged objects: none is read that Kubernetes refuses, and none is read otherwise`, async (context) => {
  const originals = storedObjectFixtures()
    .map(({ value }) => value)
    .filter((value) => value.length > 60 && value.length < 8192);
  const program = await kubeTypesProgram(newestKubeTypes());
  const ends = { bothRead: 0, bothRefuse: 0, onlyGoReads: 0, goHasNoSuchKind: 0, notAsked: 0 };
  for (let done = 0; done < rounds; done += roundsAtOnce) {
    const seeds = Array.from({ length: Math.min(roundsAtOnce, rounds - done) }, (_, at) => firstSeed + done + at);
    const cases = seeds.map((seed) => ({ seed: `seed ${String(seed)}`, value: damaged(originals, seededRandom(seed)) }));
    const asked = cases.filter(({ value }) => !endless.test(Buffer.from(value).toString("latin1")));
    ends.notAsked += cases.length - asked.length;
    const answers = answersOfGo(
      program,
      asked.map(({ value }) => value),
      `seeds ${String(seeds[0])} to ${String(seeds.at(-1))}`,
    );
    asked.forEach(({ seed, value }, at) => (ends[endOf(value, answers[at] ?? "", seed)] += 1));
  }
  assert.ok(ends.notAsked <= rounds / 1000, `${String(ends.notAsked)} were not asked about`);
  context.diagnostic(JSON.stringify(ends));
});

function answersOfGo(program: string, values: readonly Uint8Array[], seeds: string): readonly string[] {
  const input = values.map((value) => Buffer.from(value).toString("base64")).join("\n");
  const { error, status, stdout } = spawnSync(program, ["decode"], {
    input,
    encoding: "utf8",
    maxBuffer: 1 << 30,
    timeout: goTimeoutMs,
    killSignal: "SIGKILL",
  });
  assert.equal(error, undefined, `${seeds}: ${String(error)}`);
  assert.equal(status, 0, seeds);
  const answers = linesOf(stdout);
  assert.equal(answers.length, values.length, seeds);
  return answers;
}

/** How the two readers end; fails where they may not end so. */
function endOf(value: Uint8Array, line: string, seed: string): "bothRead" | "bothRefuse" | "onlyGoReads" | "goHasNoSuchKind" {
  const ours = readOurs(value);
  const answer = answerOf(line);
  if (answer.refusal?.startsWith("no kind") === true) return "goHasNoSuchKind";
  if (answer.refusal !== undefined) {
    assert.ok(typeof ours === "string" || ours.kind !== "object", `${seed}: we read what Kubernetes refuses: ${answer.refusal}`);
    return "bothRefuse";
  }
  if (typeof ours === "string" || ours.kind !== "object") {
    assert.ok(typeof ours !== "string" || stricter.test(ours), `${seed}: ${typeof ours === "string" ? ours : ""}`);
    return "onlyGoReads";
  }
  const object = valueAt(answer.parsed, "json") ?? null;
  assert.ok(isKubeObject(object), seed);
  const changes = fieldDiff(object, ours.object, { includesBookkeeping: true });
  // Kubernetes rewrites a quantity whose text is not in its canonical form; we show what is stored.
  const others = changes.filter(({ before, after }) => !isQuantity(before) || !isQuantity(after));
  assert.deepEqual(others, [], seed);
  return "bothRead";
}

/** Text: why it is refused. */
function readOurs(value: Uint8Array): StoredValue | string {
  try {
    return readStoredValue(value, { types, name: "/registry/x" });
  } catch (error) {
    assert.ok(error instanceof RecoveryError, String(error));
    assert.equal(error.code, "FILE_DAMAGED");
    return error.detail;
  }
}

function answerOf(line: string): { readonly refusal?: string; readonly parsed: ReturnType<typeof parseKubeJson> } {
  try {
    const parsed = parseKubeJson(line);
    const refusal = textAt(parsed, "error");
    return refusal === undefined ? { parsed } : { refusal, parsed };
  } catch (error) {
    if (error instanceof MalformedJson) return { refusal: "its JSON is not valid", parsed: null };
    throw error;
  }
}

function isQuantity(value: unknown): boolean {
  return typeof value === "string" && /^-?[0-9]+(?:\.[0-9]+)?(?:[numkMGTPE]|[KMGTPE]i|e-?[0-9]+)?$/.test(value);
}

function damaged(originals: readonly Uint8Array[], random: () => number): Uint8Array {
  const value = Uint8Array.from(originals[Math.floor(random() * originals.length)] ?? []);
  for (let change = 0; change <= random() * 2; change += 1) {
    const at = Math.floor(random() * value.length);
    value[at] = random() < 0.6 ? (value[at] ?? 0) ^ (1 << Math.floor(random() * 8)) : Math.floor(random() * 256);
  }
  return value;
}
