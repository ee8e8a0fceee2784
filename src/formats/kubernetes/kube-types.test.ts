import assert from "node:assert/strict";
import { test } from "node:test";
import { builtInKubeTypes } from "./built-in-kube-types.ts";

const types = builtInKubeTypes();

test("KubeTypes: the table names its versions and every field of every type can be read", () => {
  assert.deepEqual(types.versions, ["1.34.4", "1.35.4", "1.36.3"]);
  assert.ok(types.kinds.length > 150, String(types.kinds.length));
  const seen = new Set<string>();
  const pending = types.kinds.map((kind) => kind.type);
  while (pending.length > 0) {
    const type = pending.pop() ?? "";
    if (seen.has(type)) continue;
    seen.add(type);
    const message = types.message(type);
    assert.equal(new Set(message.fields.map((field) => field.number)).size, message.fields.length, `${type}: a number twice`);
    for (const field of message.fields) {
      let form = field.form;
      while ("item" in form) form = form.item;
      if (form.kind === "message") pending.push(form.type);
      if (form.kind === "special" && form.schema !== "") pending.push(form.schema);
    }
  }
  assert.ok(seen.size > 900, String(seen.size));
});

test("KubeTypes: a kind that is not built in is unknown", () => {
  assert.equal(types.kindOf("example.com/v1", "Widget"), undefined);
  assert.equal(types.kindOf("v1", "Pod")?.plural, "pods");
});
