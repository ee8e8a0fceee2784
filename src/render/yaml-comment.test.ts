import assert from "node:assert/strict";
import { test } from "node:test";
import { yamlComment } from "./yaml-comment.ts";

test("yamlComment: what ends a line in any YAML is escaped, so that a key cannot go on as an object", () => {
  assert.equal(yamlComment("/registry/configmaps/a/b of x: y"), "# /registry/configmaps/a/b of x: y\n");
  assert.equal(yamlComment("a\nb\rc\u0085d\u2028e\u2029f\u001b[2K"), "# a\\u000ab\\u000dc\\u0085d\\u2028e\\u2029f\\u001b[2K\n");
});
