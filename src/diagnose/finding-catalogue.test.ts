import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { explanations } from "./explanations.ts";
import { findingCatalogue, findingEntryOf } from "./finding-catalogue.ts";
import { triageOrder } from "./rule.ts";
import { rules } from "./rules.ts";

const catalogueCodes = Object.keys(findingCatalogue);
const ruleCodes: readonly string[] = rules.map((rule) => rule.code);

test("finding catalogue: every rule's code has an entry, and every entry a rule", () => {
  assert.deepEqual([...ruleCodes].sort(), [...catalogueCodes].sort());
});

test("finding catalogue: a code starts with the id of its failure-catalogue entry", () => {
  for (const [code, entry] of Object.entries(findingCatalogue)) {
    assert.match(code, /^[NEPKLSOARH][0-9]{2}_[A-Z0-9_]+$/);
    assert.ok(code.startsWith(`${entry.catalogueId}_`), code);
  }
});

test("finding catalogue: every entry says what to do, what never to do and which probes it needs", () => {
  for (const [code, entry] of Object.entries(findingCatalogue)) {
    assert.ok(entry.doNext.length > 0 && entry.never.length > 0 && entry.probes.length > 0, code);
    assert.ok(
      entry.probes.every((probe) => /^PB([1-9]|1[0-5])$/.test(probe)),
      code,
    );
    for (const text of [entry.title, entry.meaning, entry.tellApart]) assert.ok(text.length > 10, code);
    assert.ok(!entry.title.endsWith("."), code);
  }
});

test("finding catalogue: unknown text has no entry, not even a property name of objects", () => {
  assert.equal(findingEntryOf("constructor"), undefined);
  assert.equal(findingEntryOf("N01_MEMBER_LOST_QUORUM_KEPT")?.catalogueId, "N01");
});

test("rules: every file of rules/ is registered, in triage order", () => {
  const files = readdirSync(join(import.meta.dirname, "rules")).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
  const expected = ruleCodes.map((code) => `${code.toLowerCase().replaceAll("_", "-")}.ts`);
  assert.deepEqual([...files].sort(), [...expected].sort());
  const stages = rules.map((rule) => triageOrder.indexOf(rule.stage));
  assert.deepEqual(
    stages,
    [...stages].sort((a, b) => a - b),
  );
});

test("explanations: no finding explains itself through others", () => {
  const symptomsOf = (code: string): readonly string[] =>
    explanations.filter((explanation) => explanation.cause === code).flatMap((explanation) => explanation.symptoms);
  const reaches = (from: string, target: string, seen: Set<string>): boolean =>
    symptomsOf(from).some((next) => next === target || (!seen.has(next) && reaches(next, target, seen.add(next))));
  for (const code of catalogueCodes) assert.ok(!reaches(code, code, new Set()), code);
});

test("scenarios: every finding code appears in at least one expected text", () => {
  const folder = join(import.meta.dirname, "../../test/scenarios");
  const texts = readdirSync(folder)
    .filter((file) => file.endsWith(".expected.txt"))
    .map((file) => readFileSync(join(folder, file), "utf8"))
    .join("");
  assert.deepEqual(
    catalogueCodes.filter((code) => !new RegExp(`^  (critical|error|warning|info) ${code} `, "m").test(texts)),
    [],
  );
});
