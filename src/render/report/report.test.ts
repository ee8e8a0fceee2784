import assert from "node:assert/strict";
import test from "node:test";
import { healthyKubeadm3 } from "../../../test/support/inventory-builder.ts";
import { planned } from "../../../test/support/planned.ts";
import { foldJournal } from "../../execute/journal/fold-journal.ts";
import { asBackupSetId, asHostName, asRunId } from "../../model/ids.ts";
import type { JournalEvent, JournalLine } from "../../model/journal-event.ts";
import type { RecoveryPlan } from "../../model/plan.ts";
import { planSchema, runSchema } from "../../schemas/output.ts";
import { planDocument } from "../plan-document.ts";
import { runDocument } from "../run-document.ts";
import { runPage } from "../run-page.ts";
import { toJsonValue } from "../to-json-value.ts";
import { secondsWords } from "../words.ts";
import { reportOf, type Report } from "./report.ts";
import { renderReportHtml } from "./report-html.ts";
import { renderReportMarkdown } from "./report-markdown.ts";

const run = asRunId("20261121-030002-ab12");
const evil = `<script>alert("x")</script> | **bold** \`code\``;

/** A whole run of the plan for a machine that was reinstalled, ten seconds a step. */
function journal(options: { readonly stopsAt?: number } = {}): {
  readonly lines: readonly JournalLine[];
  readonly plan: ReturnType<typeof planned>;
} {
  const plan = planned(healthyKubeadm3().freshMachine("cp3").build());
  let second = 0;
  const lines: JournalLine[] = [];
  const add = (event: JournalEvent, after: number): void => {
    second += after;
    lines.push({
      version: "1.0",
      sequence: lines.length + 1,
      at: new Date(Date.parse("2026-11-21T03:00:02.000Z") + second * 1000).toISOString(),
      previous: "",
      event,
    });
  };
  add({ kind: "run-opened", run, cluster: plan.cluster, plan: plan.digest, by: "operator@console", program: "requorum 0.1.0" }, 0);
  add({ kind: "consent-given", plan: plan.digest, by: "operator@console", how: "typed-cluster-name" }, 0);
  add({ kind: "attested", host: "cp3", statement: evil, by: "operator@console" }, 0);
  for (const [index, step] of plan.steps.entries()) {
    if (index === options.stopsAt) {
      add({ kind: "step-started", step: step.id, attempt: 1 }, 0);
      add({ kind: "step-failed", step: step.id, errorCode: "STEP_FAILED", detail: evil }, 10);
      add({ kind: "run-stopped", outcome: "failed", detail: `${step.id} failed` }, 0);
      return { lines, plan };
    }
    if (index === 1) add({ kind: "step-skipped", step: step.id, because: "it was so" }, 1);
    else {
      add({ kind: "step-started", step: step.id, attempt: 1 }, 0);
      add({ kind: "step-succeeded", step: step.id, observed: `seen ${evil}` }, 10);
    }
  }
  add({ kind: "fact-recorded", name: "first write through the control-plane endpoint", value: lines.at(-1)?.at ?? "" }, 0);
  add({ kind: "run-stopped", outcome: "succeeded", detail: "" }, 1);
  return { lines, plan };
}

function report(options: { readonly stopsAt?: number } = {}): Report {
  const { lines, plan } = journal(options);
  return reportOf({
    record: { run, plan, state: foldJournal(lines), directory: "/state/runs/x" },
    lines,
    rules: [
      { rule: "one cluster id", verdict: { kind: "holds" } },
      { rule: "pods", verdict: { kind: "unknown", missing: [evil] } },
    ],
    writtenAt: "2026-11-21T03:10:00.000Z",
    titleOf: (code) => `title of ${code}`,
  });
}

test("runDocument: a finished run has its recovery time, each step's time, and the published form", () => {
  const { lines, plan } = journal();
  const document = runDocument({ run, plan, state: foldJournal(lines), directory: "/state/runs/x" });
  assert.equal(document.outcome, "succeeded");
  assert.equal(document.rtoSeconds, (plan.steps.length - 1) * 10 + 1);
  assert.equal(document.steps[0]?.seconds, 10);
  assert.equal(document.steps[1]?.state, "skipped");
  const json: unknown = toJsonValue(document);
  assert.deepEqual(runSchema.parse(json), json);
});

test("runDocument: a run that failed has no recovery time, and its page says how to go on", () => {
  const { lines, plan } = journal({ stopsAt: 3 });
  const document = runDocument({ run, plan, state: foldJournal(lines), directory: "/state/runs/x" });
  assert.equal(document.outcome, "failed");
  assert.equal(document.rtoSeconds, undefined);
  assert.ok(runPage(document).some((block) => block.kind === "command" && block.command === `requorum resume ${run}`));
});

test("runDocument: a run that was killed before its first event is unfinished, and nothing was done", () => {
  const { plan } = journal();
  const document = runDocument({ run, plan, state: undefined, directory: "/state/runs/x" });
  assert.equal(document.outcome, "unfinished");
  assert.ok(document.steps.every((step) => step.state === "pending"));
  const json: unknown = toJsonValue(document);
  assert.deepEqual(runSchema.parse(json), json);
});

test("planDocument: plans that act and plans that wait have the published form", () => {
  for (const builder of [healthyKubeadm3().freshMachine("cp3"), healthyKubeadm3().hostUnreachable("cp2"), healthyKubeadm3()]) {
    const json: unknown = toJsonValue(planDocument(planned(builder.build()), "plan.json"));
    assert.deepEqual(planSchema.parse(json), json);
  }
});

test("report: the HTML is one file that loads nothing, runs nothing, and shows markup from outside as text", () => {
  for (const html of [renderReportHtml(report()), renderReportHtml(report({ stopsAt: 3 }))]) {
    assert.ok(!/<script|<link|<iframe|<img|src=|href=|url\(|@import/i.test(html), "nothing is loaded");
    assert.ok(html.includes("&lt;script&gt;"), "what came from outside is there, as text");
    assert.match(html, /<svg class="timeline"/);
    assert.match(html, /default-src 'none'/);
    const opened = [...html.matchAll(/<(section|table|div|svg|g|tr|td|details|dl)\b/g)].length;
    const closed = [...html.matchAll(/<\/(section|table|div|svg|g|tr|td|details|dl)>/g)].length;
    assert.equal(opened, closed);
  }
});

test("report: the Markdown keeps foreign text in its cell", () => {
  const markdown = renderReportMarkdown(report());
  assert.ok(!markdown.includes("<script>"));
  for (const row of markdown.split("\n").filter((text) => text.startsWith("| s0") && text.includes("seen")))
    assert.equal(row.replace(/\\\|/g, "").split("|").length, 7, row);
});

test("report: a run that was not proven promises no tolerance, however far it came", () => {
  const { plan } = journal();
  assert.equal(report({ stopsAt: plan.steps.length - 1 }).toleranceNow, undefined);
});

test("report: the recovery time ends with the proof, and the first write is counted from the same first look", () => {
  const { lines, plan } = journal();
  const [opened, ...rest] = lines;
  assert.ok(opened !== undefined && opened.event.kind === "run-opened");
  const seen: JournalLine = { ...opened, event: { kind: "fact-recorded", name: "detected at", value: "2026-11-21T02:59:52.000Z" } };
  const closedLater = rest.map((line) => (line.event.kind === "run-stopped" ? { ...line, at: "2026-11-22T03:00:00.000Z" } : line));
  const record = { run, plan, state: foldJournal([opened, seen, ...closedLater]), directory: "/state/runs/x" };
  const { run: shown, firstWriteAfterSeconds } = reportOf({
    record,
    lines,
    rules: [],
    writtenAt: "2026-11-22T03:00:00.000Z",
    titleOf: (code) => code,
  });
  assert.equal(shown.rtoSeconds, firstWriteAfterSeconds);
  assert.equal(shown.tookSeconds, (shown.rtoSeconds ?? 0) - 10, "the run itself began when it was opened");
  const page = JSON.stringify(runPage(shown));
  assert.match(page, new RegExp(`in ${secondsWords(shown.tookSeconds)}.*${secondsWords(shown.rtoSeconds ?? 0)} since the trouble`));
  const goal: RecoveryPlan["goal"] = {
    kind: "restore-parts",
    host: asHostName("cp1"),
    set: asBackupSetId("20260301-030000-aaaaaa"),
    parts: ["pki"],
    accepts: [],
  };
  const parts = runDocument({ ...record, plan: { ...plan, goal } });
  assert.equal(parts.rtoSeconds, shown.tookSeconds, "files that are put back are counted from the run, however old its plan is");
  assert.ok((shown.rtoSeconds ?? 86_400) < 300);
});

test("report: it says what happened, what it cost, and how many failures the cluster now survives", () => {
  const { toleranceNow, verification, timeline, findings } = report();
  assert.equal(toleranceNow, 1);
  assert.deepEqual(
    verification.map((rule) => rule.result),
    ["holds", "unknown"],
  );
  assert.ok(timeline.length > 10);
  assert.ok(findings.some((finding) => finding.code === "N01_MEMBER_LOST_QUORUM_KEPT"));
});
