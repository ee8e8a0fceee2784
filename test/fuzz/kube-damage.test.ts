/**
 * Damaged values of Kubernetes objects. REQUORUM_FUZZ_ROUNDS sets the number
 * of mutations (20 000 in a slice), REQUORUM_FUZZ_SEED where they start.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import { builtInKubeTypes } from "../../src/formats/kubernetes/built-in-kube-types.ts";
import { cleanForApply } from "../../src/formats/kubernetes/clean-for-apply.ts";
import { kubeYaml } from "../../src/formats/kubernetes/kube-yaml.ts";
import { readStoredValue, readTypeMeta } from "../../src/formats/kubernetes/stored-value.ts";
import { storedObjectFixtures } from "../support/kube-fixtures.ts";
import { seededRandom } from "../support/seeded-random.ts";

const rounds = Number(process.env["REQUORUM_FUZZ_ROUNDS"] ?? "20000");
const seed = Number(process.env["REQUORUM_FUZZ_SEED"] ?? "1");
/** A mutated value of some 4 KiB takes well below a millisecond; a second is a hang. */
const slowMs = 1000;

test(`readStoredValue: ${String(rounds)} damaged values end in an object or in FILE_DAMAGED, at once`, (context) => {
  const types = builtInKubeTypes();
  // The largest few take most of the time and show nothing that a smaller one does not.
  const fixtures = storedObjectFixtures().filter(({ value }) => value.length < 8192);
  const json = new TextEncoder().encode(
    '{"apiVersion":"a.b/v1","kind":"Widget","metadata":{"name":"x"},"spec":{"n":[1,2.5e10,{"a":"\\u00e9"}]}}\n',
  );
  const values = [...fixtures.map(({ value }) => value), json];
  const ends = { object: 0, damaged: 0, other: 0 };
  for (let round = 0; round < rounds; round += 1) {
    const random = seededRandom(seed + round);
    const value = mutated(values[Math.floor(random() * values.length)] ?? json, random, values);
    const startedMs = performance.now();
    try {
      readTypeMeta(value);
      const stored = readStoredValue(value, { types, name: "/registry/x" });
      if (stored.kind === "object") {
        ends.object += 1;
        kubeYaml(cleanForApply(stored.object).object);
      } else ends.other += 1;
    } catch (error) {
      assert.ok(error instanceof RecoveryError && error.code === "FILE_DAMAGED", `seed ${String(seed + round)}: ${String(error)}`);
      ends.damaged += 1;
    }
    assert.ok(performance.now() - startedMs < slowMs, `seed ${String(seed + round)}: slow`);
  }
  context.diagnostic(JSON.stringify(ends));
  assert.ok(ends.object > 0 && ends.damaged > 0);
});

function mutated(original: Uint8Array, random: () => number, others: readonly Uint8Array[]): Uint8Array {
  let value: Uint8Array = Uint8Array.from(original);
  const at = () => Math.floor(random() * Math.max(1, value.length));
  for (let change = 0; change <= random() * 4; change += 1) {
    switch (Math.floor(random() * 6)) {
      case 0: // a bit
        value[at()] = (value[at()] ?? 0) ^ (1 << Math.floor(random() * 8));
        break;
      case 1: // a byte; the ends of varints and lengths among them
        value[at()] = [0, 0x7f, 0x80, 0xff, Math.floor(random() * 256)][Math.floor(random() * 5)] ?? 0;
        break;
      case 2: // cut
        value = value.slice(0, at());
        break;
      case 3: {
        // a part again, or gone
        const from = at();
        const to = Math.min(value.length, from + Math.floor(random() * 64));
        value = random() < 0.5 ? joined(value.slice(0, to), value.slice(from)) : joined(value.slice(0, from), value.slice(to));
        break;
      }
      case 4: {
        // the end of another
        const other = others[Math.floor(random() * others.length)] ?? original;
        value = joined(value.slice(0, at()), other.slice(Math.floor(random() * other.length)));
        break;
      }
      default: // a length that is far too long
        value.set([0xff, 0xff, 0xff, 0xff, 0x0f].slice(0, Math.max(0, value.length - 1)), Math.max(0, Math.min(at(), value.length - 5)));
    }
  }
  return value;
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const value = new Uint8Array(one.length + other.length);
  value.set(one);
  value.set(other, one.length);
  return value;
}
