import type { PruneEntry, PrunePlan } from "../model/prune-plan.ts";
import { bad, command, dim, gap, good, item, line, strong, table, warn, type Block, type Page } from "./page.ts";
import { bytesWords, count, secondsWords, timeWords } from "./words.ts";

/** The plan, and what was done of it. */
export interface BackupPruneDocument extends Omit<PrunePlan, "kind"> {
  readonly kind: "BackupPrune";
  /** undefined: nothing was done. */
  readonly pruned:
    | {
        readonly sets: readonly string[];
        readonly objects: number;
        readonly objectsLeftBecause: string | undefined;
        readonly aside: number;
      }
    | undefined;
}

/** `again`: this very call, to which consent is added. */
export function backupPrunePage(document: BackupPruneDocument, again: string): Page {
  const going = document.sets.filter(({ verdict }) => verdict === "remove");
  return [
    line([
      strong(document.store),
      dim(`  cluster ${document.cluster}  `),
      `${count(document.sets.length - going.length, "set")} kept, ${String(going.length)} ${document.pruned === undefined ? "to go" : "removed"}`,
    ]),
    line(dim(policyWords(document)), 2),
    ...(document.sets.length === 0
      ? []
      : [
          gap,
          table(
            [{ title: "" }, { title: "set" }, { title: "made", hideBelow: 90 }, { title: "proven" }, { title: "why", isFlexible: true }],
            document.sets.map((entry) => [
              verdictSpan(entry),
              entry.id ?? entry.objectName,
              madeWords(entry),
              entry.proven ?? "-",
              whyWords(entry),
            ]),
          ),
        ]),
    ...document.breaks.flatMap(breakBlocks),
    ...asideBlocks(document),
    ...document.refusals.map((refusal) => item([bad("refused"), `  ${refusal}`])),
    ...outcomeBlocks(document, again),
  ];
}

/** What the operator is asked; the answer is the cluster's name. */
export function pruneQuestion(plan: PrunePlan): Page {
  const going = plan.sets.filter(({ verdict }) => verdict === "remove");
  return [
    gap,
    line([strong(`This removes ${count(going.length, "backup set")} of cluster ${plan.cluster}`), ` from ${plan.store}.`]),
    ...going.map((entry) => line(bad(`${entry.id ?? entry.objectName}  ${madeWords(entry)}`), 4)),
    line(["To agree to exactly this plan (", plan.digest.slice(0, 12), "), type the name of the cluster: ", strong(plan.cluster)]),
  ];
}

function verdictSpan({ verdict }: PruneEntry) {
  return verdict === "keep" ? good("keep") : bad("goes");
}

function madeWords({ createdAt }: PruneEntry): string {
  return createdAt === undefined ? "-" : timeWords(createdAt);
}

function whyWords({ because, marks }: PruneEntry): string {
  const marked = marks.length === 0 ? [] : [`marks: ${marks.join(", ")}`];
  return [...because, ...marked].join("; ");
}

function policyWords({ policy }: BackupPruneDocument): string {
  const within = policy.withinMs === undefined ? "" : `all of the last ${secondsWords(policy.withinMs / 1000)}, `;
  return `kept are the newest ${String(policy.last)}, ${within}the newest of ${String(policy.daily)} days, ${String(policy.weekly)} weeks and ${String(policy.monthly)} months; never fewer than ${String(policy.neverBelow)}`;
}

function breakBlocks(one: BackupPruneDocument["breaks"][number]): readonly Block[] {
  const accepted = one.isAccepted ? "; you said that from there on they are the true cluster's" : "";
  return [item([warn("not what must follow"), `  set ${one.newer}: ${one.because}${accepted}`])];
}

function asideBlocks({ aside, pruned }: BackupPruneDocument): readonly Block[] {
  if (aside.count === 0) return [];
  const age = secondsWords(aside.afterMs / 1000);
  const does = pruned === undefined ? "to be deleted for good" : "deleted for good";
  return [item(`${count(aside.count, "object")} of ${bytesWords(aside.sizeBytes)}, removed more than ${age} ago: ${does}`)];
}

function outcomeBlocks({ pruned, digest, refusals, sets }: BackupPruneDocument, again: string): readonly Block[] {
  if (pruned === undefined) {
    if (refusals.length > 0) return [gap, line("Nothing was changed.")];
    if (sets.every(({ verdict }) => verdict === "keep")) return [gap, line("No set is to go.")];
    return [gap, command(`${again} --approve ${digest.slice(0, 12)}`, "agree to exactly this plan")];
  }
  const left = pruned.objectsLeftBecause;
  const isIdle = pruned.sets.length + pruned.objects + pruned.aside === 0;
  return [
    gap,
    isIdle
      ? line("Nothing was to go.")
      : line([good("removed"), `  ${count(pruned.sets.length, "set")}, and ${count(pruned.objects, "object")} that no set needs any more`]),
    ...(left === undefined ? [] : [item([warn("packs were left"), `  ${left}`])]),
  ];
}
