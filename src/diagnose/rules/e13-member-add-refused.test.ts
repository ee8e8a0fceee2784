import assert from "node:assert/strict";
import test from "node:test";
import { refusesAddWithVoterDown } from "./e13-member-add-refused.ts";

test("refusesAddWithVoterDown: true below 3.5.30 and 3.6.11, false from there on and for what cannot be read", () => {
  for (const version of ["3.4.38", "3.5.29", "3.6.10"]) assert.ok(refusesAddWithVoterDown(version), version);
  for (const version of ["3.5.30", "3.6.11", "3.7.0", "", "v3", "4.0.0"]) assert.ok(!refusesAddWithVoterDown(version), version);
});
