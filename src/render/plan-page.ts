import type { Alternative } from "../model/plan.ts";
import type { QuorumState } from "../model/quorum.ts";
import { isBrokenOff, shortDigest, type PlanDocument, type PlanDocumentStep } from "./plan-document.ts";
import {
  bad,
  command,
  dim,
  gap,
  good,
  heading,
  item,
  line,
  strong,
  table,
  warn,
  type Block,
  type Inline,
  type Page,
  type Span,
} from "./page.ts";
import { restoreCommand } from "./restore-command.ts";
import { count, quorumWords, secondsWords, timeWords } from "./words.ts";
import { shellWord } from "../model/shell-word.ts";
import { shorthandBlocks } from "./shorthand.ts";

/** Verdict, loss, alternatives side by side, steps with the quorum after each, and what to type next. */
export function planPage(plan: PlanDocument, options: { readonly showsNext: boolean }): Page {
  const said = [...headBlocks(plan), ...proofBlocks(plan), ...(plan.verdict === "act" ? stepBlocks(plan) : []), ...alternativeBlocks(plan)];
  return [...said, ...shorthandBlocks(said), ...(options.showsNext ? nextBlocks(plan) : [])];
}

function headBlocks(plan: PlanDocument): readonly Block[] {
  return [
    line([verdictSpan(plan), ...(plan.quorumNow === undefined ? [] : [strong(`  now: ${quorumWords(plan.quorumNow)}`)])]),
    line(dim(`cluster ${plan.cluster}, goal ${goalWords(plan)}, plan ${shortDigest(plan.digest)}`)),
    ...plan.reasons.map((reason) => item(reason)),
    ...(plan.verdict === "act" ? [line([strong("loss: "), isNothingLost(plan) ? good(plan.loss.words) : bad(plan.loss.words)])] : []),
  ];
}

function verdictSpan(plan: PlanDocument): Span {
  switch (plan.verdict) {
    case "act":
      return strong(
        `PLAN: ${strategyWords(plan.strategy)} (${count(plan.steps.length, "step")}, about ${secondsWords(plan.expectedSeconds)})`,
      );
    case "wait":
      return warn("WAIT: the right thing is to change nothing yet");
    case "blocked":
      return warn("BLOCKED: something must be settled first");
    case "nothing-to-do":
      return !isBrokenOff(plan.openRun) ? good("NOTHING TO DO") : warn("NOTHING TO PLAN, but a run is not finished");
    default:
      return plan.verdict satisfies never;
  }
}

export function goalWords(plan: Pick<PlanDocument, "goal">): string {
  const { goal } = plan;
  switch (goal.kind) {
    case "recover":
      return "recover";
    case "replace":
      return `replace ${goal.host}${goal.with === undefined ? "" : ` with ${goal.with}`}`;
    case "restore-parts":
      return `restore ${goal.parts.join(", ")} of set ${goal.set} on ${goal.host}`;
    default:
      return goal satisfies never;
  }
}

function strategyWords(strategy: string): string {
  return strategy.replaceAll("-", " ");
}

function isNothingLost(plan: PlanDocument): boolean {
  return plan.loss.revisions === 0n || (plan.loss.revisions === undefined && plan.loss.objects === 0);
}

function proofBlocks(plan: PlanDocument): readonly Block[] {
  const proofs = plan.lossProofs.map((proof) =>
    item(
      `member ${proof.memberId}${proof.host === undefined ? "" : ` (${proof.host})`} is lost for good, ${proof.kind.replaceAll("-", " ")}: ${proof.evidence.join("; ")}`,
    ),
  );
  const words = plan.attestations.map((word) => item(`${word.by} says that ${word.host} is lost: ${JSON.stringify(word.statement)}`));
  return proofs.length + words.length === 0 ? [] : [gap, heading("on what it rests"), ...proofs, ...words];
}

const riskSpan = (risk: string): Span => (risk === "destructive" ? bad(risk) : risk === "reversible" ? warn(risk) : dim(risk));

function stepBlocks(plan: PlanDocument): readonly Block[] {
  const rows = plan.steps.map((step): readonly Inline[] => [
    step.id,
    stepWords(step),
    riskSpan(step.risk),
    quorumCell(step.quorumAfter),
    secondsWords(step.expectedSeconds),
  ]);
  return [
    gap,
    heading("steps, and the quorum after each"),
    table(
      [
        { title: "" },
        { title: "what", isFlexible: true },
        { title: "risk" },
        { title: "quorum after" },
        { title: "about", align: "right" },
      ],
      rows,
    ),
  ];
}

function stepWords(step: PlanDocumentStep): Inline {
  return step.copyBy === undefined ? step.describes : [step.describes, dim(` (copy: ${step.copyBy})`)];
}

/** "2/3 healthy, spare 0" */
export function quorumCell(quorum: QuorumState | undefined): Inline {
  if (quorum === undefined) return warn("not known");
  const words = `${String(quorum.healthy)} of ${String(quorum.voters)}, spare ${String(quorum.faultTolerance)}`;
  return quorum.faultTolerance < 0
    ? bad(`${String(quorum.healthy)} of ${String(quorum.voters)}: lost`)
    : quorum.faultTolerance === 0
      ? warn(words)
      : good(words);
}

function alternativeBlocks(plan: PlanDocument): readonly Block[] {
  if (plan.alternatives.length === 0) return [];
  const rows = plan.alternatives.map((alternative): readonly Inline[] => [
    alternative.chosen ? strong(`> ${strategyWords(alternative.name)}`) : `  ${strategyWords(alternative.name)}`,
    possibility(alternative),
    alternative.isPossible ? alternative.loss.words : dim("-"),
    alternative.isPossible ? riskSpan(alternative.risk) : dim("-"),
    alternative.expectedSeconds === undefined ? dim("-") : secondsWords(alternative.expectedSeconds),
    alternative.because,
  ]);
  const columns = [
    { title: "  way" },
    { title: "" },
    { title: "loses", isFlexible: true },
    { title: "risk" },
    { title: "about", align: "right" as const },
    { title: "because", isFlexible: true },
  ];
  return [gap, heading("alternatives"), table(columns, rows, 0)];
}

function possibility(alternative: Alternative): Span {
  if (alternative.chosen) return good("chosen");
  return alternative.isPossible ? dim("possible") : dim("not now");
}

function nextBlocks(plan: PlanDocument): readonly Block[] {
  const { openRun } = plan;
  if (openRun === undefined) return verdictBlocks(plan);
  const why = `run ${openRun.run} is not finished (${openRun.outcome}); ${isBrokenOff(openRun) ? "go on with it before anything else" : "to go on with it"}`;
  return [gap, command(`requorum resume ${openRun.run}`, why, 0), ...verdictBlocks(plan)];
}

function verdictBlocks(plan: PlanDocument): readonly Block[] {
  switch (plan.verdict) {
    case "act": {
      if (plan.file === undefined) return [];
      return [
        gap,
        line([strong("digest   "), plan.digest]),
        line([strong("file     "), plan.file, dim(` (valid until ${timeWords(plan.expiresAt)})`)]),
        command(`requorum apply ${shellWord(plan.file)}`, "next: carry it out (you are asked to type the cluster's name)", 0),
        command(`requorum apply ${shellWord(plan.file)} --approve ${shortDigest(plan.digest)}`, "or, without a terminal", 0),
      ];
    }
    case "wait":
      return [gap, command("requorum status --watch", "next: watch, and plan again when something has changed", 0)];
    case "blocked":
      if (plan.goal.kind === "restore-parts")
        return [gap, command(restoreCommand(plan.goal), "next: settle what is said above, or accept it by name, and plan again", 0)];
      return [gap, command("requorum diagnose", "next: see what is missing, settle it, then plan again", 0)];
    case "nothing-to-do":
      return [];
    default:
      return plan.verdict satisfies never;
  }
}
