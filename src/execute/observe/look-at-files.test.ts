import assert from "node:assert/strict";
import { test } from "node:test";
import { asHostName } from "../../model/ids.ts";
import { readFileLook } from "./look-at-files.ts";

const host = asHostName("cp1");
const tag = (): string => "a".repeat(64);
const key = btoa("/etc/kubernetes/pki/ca.key");

test("readFileLook: a file that cannot be read is not known, with the machine's own words; the others are", () => {
  const trouble = btoa("base64: read error: Input/output error");
  const output = `file 600 0 0 ${key} :QUJD: failed ${trouble}\nabsent ${btoa("/etc/x")} ${btoa("/etc")}\nend\n`;
  const [first, second] = readFileLook(output, { host, tag });
  assert.equal(first?.state, undefined);
  assert.match(first?.why ?? "", /cannot be read: base64: read error: Input\/output error/);
  assert.deepEqual(second?.state, { kind: "absent" });
});

test("readFileLook: while a script that puts files back is at work nothing is known", () => {
  const [only] = readFileLook(`busy\nfile 600 0 0 ${key} :QUJD: ok\nend\n`, { host, tag });
  assert.deepEqual([only?.state, only?.content], [undefined, undefined]);
  assert.match(only?.why ?? "", /still running there/);
});
