import assert from "node:assert/strict";
import test from "node:test";
import { healthyKubeadm3 } from "../../test/support/inventory-builder.ts";
import { planned } from "../../test/support/planned.ts";
import { drawPage } from "../cli/terminal/draw-page.ts";
import { runDocument } from "./run-document.ts";
import { runPage } from "./run-page.ts";

const plan = planned(healthyKubeadm3().freshMachine("cp3").build());
const at = "2026-11-21T03:00:02.000Z";

function pageAfter(errorCode: string): string {
  const [first] = plan.steps;
  const steps = new Map([
    [
      String(first?.id),
      { state: "failed" as const, attempts: 1, startedAt: at, changedAt: at, words: "it said: no space left", errorCode },
    ],
  ]);
  const state = {
    by: "operator@console",
    program: "requorum test",
    openedAt: at,
    lastAt: at,
    resumedAt: [],
    consent: undefined,
    attested: [],
    facts: [],
    steps,
    stopped: { outcome: "failed" as const, detail: "", at },
  };
  return drawPage(runPage(runDocument({ run: "20261121-030002-ab12", plan, state, directory: "/runs/x" })), {
    columns: 200,
    hasColor: false,
  });
}

test("runPage: a failed step's error is told as the catalogue has it, with its code and what to do", () => {
  const text = pageAfter("LOCAL_DISK_FULL");
  assert.match(text, /failed: this machine's disk is full +\[LOCAL_DISK_FULL\]/);
  assert.match(text, /next: free space on that disk.*:\n +requorum resume\n/);
  assert.match(text, /requorum resume 20261121-030002-ab12/);
});

test("runPage: an error code of a newer version is shown and not explained", () => {
  assert.match(pageAfter("SOMETHING_NEW"), /failed {2}\[SOMETHING_NEW\]/);
});
