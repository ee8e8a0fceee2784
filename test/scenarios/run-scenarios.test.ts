/**
 * Golden transcripts: NAME.scenario.txt -> NAME.expected.txt. They are reviewed
 * like code. `UPDATE_SCENARIOS=1 npm run node -- --test test/scenarios/` writes
 * what the program says now; read the difference before committing it.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { parseScenario } from "./scenario-file.ts";
import { expectedText } from "./scenario-sections.ts";

const folder = import.meta.dirname;
const isUpdate = process.env["UPDATE_SCENARIOS"] === "1";
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".scenario.txt"))
  .map((file) => file.slice(0, -".scenario.txt".length))
  .sort();

for (const name of names) {
  test(`scenario ${name}`, () => {
    const scenario = parseScenario(readFileSync(join(folder, `${name}.scenario.txt`), "utf8"), `${name}.scenario.txt`);
    const text = expectedText(scenario);
    const expectedFile = join(folder, `${name}.expected.txt`);
    if (isUpdate) writeFileSync(expectedFile, text);
    assert.ok(existsSync(expectedFile), `${name}.expected.txt does not exist; UPDATE_SCENARIOS=1 writes it`);
    assert.equal(text, readFileSync(expectedFile, "utf8"));
  });
}

test("scenarios: every expected text belongs to a scenario", () => {
  const expected = readdirSync(folder).filter((file) => file.endsWith(".expected.txt"));
  assert.deepEqual(expected.map((file) => file.slice(0, -".expected.txt".length)).sort(), names);
});
