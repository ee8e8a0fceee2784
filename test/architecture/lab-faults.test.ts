import assert from "node:assert/strict";
import { test } from "node:test";
import { faults } from "../../src/adapters/lab/faults/faults.ts";
import { labFaults } from "../../src/cli/specs/lab-specs.ts";

test("the command line knows exactly the faults that the lab has", () => {
  assert.deepEqual([...labFaults].sort(), faults.map((fault) => fault.kind).sort());
});
