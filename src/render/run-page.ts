import { errorCatalogue, errorCodes } from "../model/error-catalogue.ts";
import type { StepState } from "../model/journal-event.ts";
import {
  bad,
  command,
  dim,
  gap,
  good,
  heading,
  item,
  line,
  lineBreak,
  strong,
  table,
  warn,
  type Block,
  type Inline,
  type Page,
  type Span,
} from "./page.ts";
import { shortDigest } from "./plan-document.ts";
import { goalWords } from "./plan-page.ts";
import type { JournalDocument, RunDocument, RunListDocument, ShownOutcome } from "./run-document.ts";
import { restoreCommand } from "./restore-command.ts";
import { count, secondsWords, timeWords } from "./words.ts";

export function outcomeSpan(outcome: ShownOutcome): Span {
  switch (outcome) {
    case "succeeded":
      return good("succeeded");
    case "failed":
      return bad("failed");
    case "blocked":
      return warn("blocked");
    case "outcome-unknown":
      return bad("outcome unknown");
    case "interrupted":
      return warn("interrupted");
    case "unfinished":
      return warn("unfinished");
    default:
      return outcome satisfies never;
  }
}

export function stateSpan(state: StepState): Span {
  switch (state) {
    case "pending":
      return dim("not begun");
    case "started":
      return warn("begun");
    case "succeeded":
      return good("done");
    case "skipped":
      return good("was so already");
    case "failed":
      return bad("failed");
    case "blocked":
      return warn("blocked");
    case "unknown":
      return bad("unknown");
    default:
      return state satisfies never;
  }
}

/** One run: how it ended, each step, what it took and cost, what to do next. */
export function runPage(
  run: RunDocument,
  options: { readonly showsSteps: boolean; readonly showsNext: boolean } = { showsSteps: true, showsNext: true },
): Page {
  return [
    line([
      strong(`run ${run.run}  `),
      outcomeSpan(run.outcome),
      run.tookSeconds === undefined ? "" : strong(`  in ${secondsWords(run.tookSeconds)}`),
      run.rtoSeconds === undefined || run.rtoSeconds === run.tookSeconds
        ? ""
        : dim(`  (${secondsWords(run.rtoSeconds)} since the trouble was first looked at)`),
      run.detail === "" ? "" : `  ${run.detail}`,
    ]),
    line(
      dim(
        `cluster ${run.cluster}, goal ${goalWords(run)}, plan ${shortDigest(run.plan)}${run.openedAt === undefined ? "" : `, opened ${timeWords(run.openedAt)} by ${run.by ?? "unknown"}`}`,
      ),
    ),
    ...run.resumedAt.map((at) => line(dim(`resumed ${timeWords(at)}`))),
    line([strong("lost: "), run.outcome === "succeeded" ? good(run.loss.words) : `planned: ${run.loss.words}`]),
    ...(options.showsSteps ? [gap, stepTable(run)] : []),
    ...(run.facts.length === 0
      ? []
      : [gap, heading("kept for the record"), ...run.facts.map((fact) => item([strong(`${fact.name}: `), fact.value]))]),
    ...run.steps.flatMap(failureBlocks),
    ...(options.showsNext ? nextBlocks(run) : []),
  ];
}

function stepTable(run: RunDocument): Block {
  const rows = run.steps.map((step): readonly Inline[] => [
    step.id,
    stateSpan(step.state),
    step.seconds === undefined ? dim("-") : secondsWords(step.seconds),
    // What is done needs no more words; what is not done needs its reason.
    isSettledWell(step.state) || step.words === "" ? step.describes : [step.describes, lineBreak, bad(step.words)],
  ]);
  return table([{ title: "" }, { title: "state" }, { title: "took", align: "right" }, { title: "step", isFlexible: true }], rows, 0);
}

function isSettledWell(state: StepState): boolean {
  return state === "succeeded" || state === "skipped" || state === "pending";
}

/** A failed step's error as the catalogue has it. */
function failureBlocks({ id, state, errorCode }: RunDocument["steps"][number]): readonly Block[] {
  if (state !== "failed" || errorCode === undefined) return [];
  const code = errorCodes.find((known) => known === errorCode);
  if (code === undefined) return [gap, line([bad(`${id} failed`), dim(`  [${errorCode}]`)])];
  const { summary, meaning, remedies } = errorCatalogue[code];
  return [
    gap,
    line([bad(`${id} failed: `), strong(summary), dim(`  [${code}]`)]),
    line(dim(meaning), 2),
    ...(remedies ?? []).map((remedy) =>
      remedy.command === undefined ? line(`next: ${remedy.why}`, 2) : command(remedy.command, `next: ${remedy.why}`),
    ),
  ];
}

function nextBlocks(run: RunDocument): readonly Block[] {
  switch (run.outcome) {
    case "succeeded":
      return [gap, command(`requorum runs report ${run.run}`, "next: the report for the post-mortem", 0)];
    case "blocked":
      return [gap, planAgain(run.goal), command(`requorum resume ${run.run}`, "or, when the reason is settled, go on", 0)];
    case "failed":
    case "outcome-unknown":
    case "interrupted":
    case "unfinished":
      return [
        gap,
        command(`requorum resume ${run.run}`, "next: look again, and go on from what is seen", 0),
        command("requorum diagnose", "or see how the cluster is now", 0),
      ];
    default:
      return run.outcome satisfies never;
  }
}

function planAgain(goal: RunDocument["goal"]): Block {
  const why = "next: plan again from what the cluster looks like now";
  return command(goal.kind === "restore-parts" ? restoreCommand(goal) : "requorum plan", why, 0);
}

export function runListPage(list: RunListDocument): Page {
  if (list.runs.length === 0) return [line(`no runs of cluster ${list.cluster} are known on this machine`)];
  const rows = list.runs.map((run): readonly Inline[] => [
    run.run,
    outcomeSpan(run.outcome),
    `${String(run.stepsDone)}/${String(run.stepsTotal)}`,
    run.strategy?.replaceAll("-", " ") ?? dim("-"),
    run.by ?? dim("-"),
    run.problem === undefined ? "" : bad(run.problem),
  ]);
  return [
    table(
      [
        { title: "run" },
        { title: "outcome" },
        { title: "steps", align: "right" },
        { title: "way" },
        { title: "by" },
        { title: "", isFlexible: true },
      ],
      rows,
      0,
    ),
  ];
}

export function journalPage(document: JournalDocument): Page {
  const verdict = document.isIntact ? good("INTACT") : warn("NO DAMAGE SEEN, but not proven whole");
  return [
    line([verdict, `  journal of run ${document.run}: ${count(document.lines, "line")}, every hash and sequence number fits`]),
    ...document.doubts.map((doubt) => item(doubt)),
    ...(document.unknownKinds.length === 0 ? [] : [line(warn(`events of a newer version are in it: ${document.unknownKinds.join(", ")}`))]),
  ];
}
