import assert from "node:assert/strict";
import { test } from "node:test";
import * as z from "zod";
import { RecoveryError } from "../model/recovery-error.ts";
import { parseJson } from "./json-text.ts";

const schema = z.object({ cluster: z.string(), hosts: z.array(z.object({ name: z.string(), port: z.number().optional() })) });
const good = `{
  "cluster": "prod",
  "hosts": [
    { "name": "a \\"quoted\\" ] name", "port": 22 },
    {"name":"b"}
  ]
}
`;

function problemsOf(text: string): readonly string[] {
  try {
    parseJson(text, schema, { code: "INVENTORY_FILE_INVALID", subject: "saved.json" });
  } catch (error) {
    assert.ok(error instanceof RecoveryError, String(error));
    assert.equal(error.code, "INVENTORY_FILE_INVALID");
    return error.detail.split("\n");
  }
  return [];
}

const malformed: readonly { readonly of: string; readonly text: string; readonly says: RegExp }[] = [
  { of: "an empty file", text: " \n", says: /^saved\.json:1:1: it is empty; expected JSON$/ },
  { of: "no JSON at all", text: "hello\n", says: /^saved\.json:1:1: it is not JSON: unexpected text$/ },
  { of: "a word without quotes", text: good.replace('"prod"', "prod"), says: /^saved\.json:2:14: it is not JSON: unexpected text$/ },
  { of: "a missing comma", text: good.replace('"prod",', '"prod"'), says: /^saved\.json:3:3: it is not JSON: unexpected text$/ },
  {
    of: "a comma too many",
    text: good.replace('{"name":"b"}', '{"name":"b"},'),
    says: /^saved\.json:6:3: it is not JSON: unexpected text$/,
  },
  { of: "a number that is none", text: good.replace("22", "22x"), says: /^saved\.json:4:48: it is not JSON: unexpected text$/ },
  { of: "a text that was cut off", text: good.slice(0, 60), says: /^saved\.json:4:\d+: it is not JSON: it ends too early$/ },
  { of: "a second document", text: `${good}{}`, says: /^saved\.json:8:1: it is not JSON: unexpected text$/ },
  { of: "a wrong type", text: good.replace("22", '"22"'), says: /^saved\.json:4:46: hosts\.0\.port: .*expected number/ },
  { of: "a wrong type in one line", text: good.replace('"b"', "7"), says: /^saved\.json:5:13: hosts\.1\.name: .*expected string/ },
  { of: "a missing value", text: good.replace('"name":"b"', ""), says: /^saved\.json:5:5: hosts\.1\.name: .*expected string/ },
  {
    of: "a key twice",
    text: good.replace('"cluster": "prod"', '"cluster": "prod", "cluster": 1'),
    says: /^saved\.json:2:33: cluster: .*expected string/,
  },
  { of: "a list instead of an object", text: "\n[[], {}]", says: /^saved\.json:2:1: the file: .*expected object/ },
];
for (const { of, text, says } of malformed) {
  test(`parseJson: ${of} is told with file, line, column and what was expected`, () => {
    assert.match(problemsOf(text)[0] ?? "", says);
  });
}

test("parseJson: several problems are told at once, each at its place, the rest counted; a good text has none", () => {
  assert.deepEqual(problemsOf(good), []);
  const many = `{"cluster": 1, "hosts": [${"\n{},".repeat(7)}\n{}]}`;
  const problems = problemsOf(many);
  assert.deepEqual(
    problems.slice(0, 3).map((problem) => problem.split(": ")[0]),
    ["saved.json:1:13", "saved.json:2:1", "saved.json:3:1"],
  );
  assert.equal(problems.at(-1), "… and 4 more");
});

test("parseJson: what stands in a damaged file is not repeated", () => {
  assert.ok(!problemsOf('{"cluster": s3cr3t}').join().includes("s3cr3t"));
});

test("parseJson: a mistake at the end of a file of a megabyte, and brackets a hundred thousand deep, are placed without waiting", () => {
  const long = `{"cluster":"c","hosts":[${'{"name":"x"},\n'.repeat(80_000)} oops]}`;
  const startedMs = performance.now();
  assert.match(problemsOf(long)[0] ?? "", /^saved\.json:80001:2: /);
  assert.match(
    problemsOf(`{"other": ${"[".repeat(100_000)}${"]".repeat(100_000)}, "cluster": 1, "hosts": []}`)[0] ?? "",
    /^saved\.json:1:200024: cluster/,
  );
  assert.ok(performance.now() - startedMs < 2_000);
});
