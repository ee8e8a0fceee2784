import type { JournalEvent } from "../model/journal-event.ts";
import type { RecoveryPlan } from "../model/plan.ts";
import { bad, dim, good, hanging, line, warn, type Inline, type Page } from "./page.ts";
import { quorumCell } from "./plan-page.ts";
import { secondsWords } from "./words.ts";

/** Words of a step begin here: after the mark and the step's id. */
const stepHang = 9;

/** One durable event of a run as it happens. Empty for events that say nothing to a watcher. */
export function runEventLine(
  event: JournalEvent,
  given: { readonly plan: RecoveryPlan | undefined; readonly seconds: number | undefined },
): Page {
  const step = "step" in event ? given.plan?.steps.find((candidate) => candidate.id === event.step) : undefined;
  const words = step?.describes ?? ("step" in event ? event.step : "");
  const took = given.seconds === undefined ? "" : dim(`  ${secondsWords(given.seconds)}`);
  const quorum: readonly (string | ReturnType<typeof dim>)[] =
    step?.quorumAfter === undefined ? [] : [dim("  quorum "), ...spans(quorumCell(step.quorumAfter))];
  switch (event.kind) {
    case "run-opened":
      return [line(["run ", event.run, dim(` of plan ${event.plan.slice(0, 12)}, by ${event.by}`)])];
    case "run-resumed":
      return [line(`resumed by ${event.by}`)];
    case "consent-given":
      return [line(dim(`consent by ${event.by} (${event.how.replaceAll("-", " ")})`))];
    case "attested":
      return [line(dim(`${event.by} attests that ${event.host} is lost: ${event.statement}`))];
    case "lock-acquired":
      return [
        line([dim(`lock held on ${event.where.join(", ")}`), event.notOn.length === 0 ? "" : warn(`, not on ${event.notOn.join(", ")}`)]),
      ];
    case "step-started":
      return [
        hanging([dim("  .. "), `${event.step} ${words}`, event.attempt > 1 ? warn(` (attempt ${String(event.attempt)})`) : ""], stepHang),
      ];
    case "step-skipped":
      return [hanging([good("  ok "), `${event.step} ${words}`, dim("  was so already")], stepHang)];
    case "step-succeeded":
      return [hanging([good("  ok "), `${event.step} ${words}`, took, ...quorum], stepHang)];
    case "step-blocked":
      return [hanging([warn("  !! "), `${event.step} ${words}`, warn(`  blocked: ${event.reasons.join("; ")}`)], stepHang)];
    case "step-failed":
      return [hanging([bad("  !! "), `${event.step} ${words}`, bad(`  failed: ${event.detail} [${event.errorCode}]`), took], stepHang)];
    case "step-outcome-unknown":
      return [hanging([bad("  ?? "), `${event.step} ${words}`, bad(`  outcome unknown: ${event.missing.join("; ")}`), took], stepHang)];
    case "fact-recorded":
    case "lock-released":
    case "run-stopped":
      return [];
    default:
      return event satisfies never;
  }
}

function spans(text: Inline): readonly (string | ReturnType<typeof dim>)[] {
  return typeof text === "string" || "tone" in text ? [text] : text;
}
