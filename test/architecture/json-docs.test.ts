import assert from "node:assert/strict";
import test from "node:test";
import { isCliPageFresh } from "../../scripts/generate-cli-docs.ts";
import { isJsonOutputPageFresh } from "../../scripts/generate-json-docs.ts";
import { commandName, commandTable } from "../../src/cli/command-table.ts";
import { outputDocuments } from "../../src/schemas/output.ts";

test("JSON output: docs/json-output.md says what src/schemas/output.ts says; else run node scripts/generate-json-docs.ts", () => {
  assert.ok(isJsonOutputPageFresh());
});

test("JSON output: every verb that prints a result has a document, and every document a verb that exists", () => {
  const documented = new Set(Object.values(outputDocuments).flatMap((document) => document.verbs));
  const verbs = commandTable.map(commandName);
  // These hand the terminal to something else: a shell's script, another program, kubectl.
  const withoutDocument = ["completion", "lab ssh", "snapshot get", "backup get"];
  assert.deepEqual(
    verbs.filter((verb) => !documented.has(verb) && !withoutDocument.includes(verb)),
    [],
  );
  assert.deepEqual(
    [...documented].filter((verb) => verb !== "every verb" && !verbs.includes(verb)),
    [],
  );
});

test("command line: docs/cli.md says what the table of verbs says; else run node scripts/generate-cli-docs.ts", () => {
  assert.ok(isCliPageFresh());
});
