import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { stalePages } from "../../scripts/generate-docs.ts";
import { errorCodes } from "../../src/model/error-catalogue.ts";

const root = resolve(import.meta.dirname, "../..");

function textsBelow(folder: string): readonly { readonly path: string; readonly text: string }[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => ({ path: join(folder, name), text: readFileSync(join(root, folder, name), "utf8") }));
}

test("error catalogue: docs/errors.md and docs/exit-codes.md say what the code says", () => {
  assert.deepEqual(stalePages(), [], "run npm run generate:docs");
});

test("error catalogue: every code is thrown somewhere", () => {
  const sources = textsBelow("src").filter((file) => !file.path.endsWith(".test.ts") && !file.path.endsWith("error-catalogue.ts"));
  const unused = errorCodes.filter((code) => !sources.some((file) => file.text.includes(`"${code}"`)));
  assert.deepEqual(unused, []);
});

test("error catalogue: every code appears in a test", () => {
  const tests = [
    ...textsBelow("src").filter((file) => file.path.endsWith(".test.ts")),
    ...textsBelow("test").filter((file) => !file.path.endsWith("error-catalogue.test.ts")),
  ];
  const untested = errorCodes.filter((code) => !tests.some((file) => file.text.includes(code)));
  assert.deepEqual(untested, []);
});
