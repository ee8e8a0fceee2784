/** A one-line value of 8 MiB ended `snapshot get` in a stack overflow: one regular expression looked at the whole word. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { kubeYaml } from "../../src/formats/kubernetes/kube-yaml.ts";

test("kubeYaml: one word of many megabytes is written as it is", () => {
  for (const letter of ["a", "/"]) {
    const word = `a${letter.repeat(9 << 20)}`;
    assert.ok(kubeYaml({ word }) === `word: ${word}\n`, letter);
  }
  const digits = `1${":1".repeat(8 << 20)}`;
  assert.ok(kubeYaml({ digits }) === `digits: "${digits}"\n`);
});
