import { diagnose } from "../diagnose/diagnose.ts";
import type { Diagnosis } from "../model/finding.ts";
import type { Inventory } from "../model/inventory.ts";
import { lastSeenOf } from "../model/last-seen-of.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { probeRound } from "../probe/probe-round.ts";
import { writeLastSeen } from "../schemas/last-seen.ts";
import type { AppContext } from "./app-ports.ts";
import { lastSeenFacts, lastSeenIfReadable } from "./last-seen-facts.ts";

/** One look at the cluster and what follows from it. */
export interface Look {
  readonly inventory: Inventory;
  readonly diagnosis: Diagnosis;
  /** Why it was not compared with the last good look. */
  readonly memoryProblem?: string;
}

export type LookDepth = "status" | "full";

/**
 * A whole round may take this long. Single probes have shorter limits of
 * their own; this bounds a machine that answers everything just in time.
 */
const roundLimitMs = { status: 10_000, full: 30_000 } as const;

/**
 * The second look comes this much later: more than 5 s (etcd's own
 * connectivity window) and one election timeout (1 s by default), I-G1.
 */
export const secondLookAfterMs = 6_500;

/**
 * One round of probes, diagnosed. A good look is remembered as the last-seen
 * facts. `memory`: when the facts of the last good look cannot be read, a look
 * on which nothing is decided ("wanted") says so and stands without them.
 */
export async function observeOnce(
  context: AppContext,
  options: { readonly depth: LookDepth; readonly earlier?: Inventory; readonly memory?: "needed" | "wanted" },
): Promise<Look> {
  const { ports, config } = context;
  const { lastSeen, problem } = await rememberedFacts(context, options.memory ?? "needed");
  const inventory = await probeRound(ports, config, {
    depth: options.depth,
    deadlineMs: roundLimitMs[options.depth],
    signal: context.signal,
    report: context.report,
    ...(options.earlier === undefined ? {} : { earlier: options.earlier }),
    ...(lastSeen === undefined ? {} : { lastSeen }),
  });
  const look = { inventory, diagnosis: diagnose(inventory) };
  // What could not be read is not written over: it may still be there.
  return problem === undefined ? await rememberGoodLook(context, look) : { ...withUnknown(look, problem), memoryProblem: problem };
}

/**
 * A further look, late enough after the last one to stand beside it (I-G1); it carries the summary of that one.
 * `why`: in words, what it is taken for. `changes`: what the looks so far saw differently.
 */
export async function observeAgain(
  context: AppContext,
  last: Look,
  {
    why,
    changes = [],
    memory = "needed",
  }: { readonly why?: string; readonly changes?: readonly string[]; readonly memory?: "needed" | "wanted" },
): Promise<Look> {
  const because = why ?? (changes.length === 0 ? "something is to be done" : `the situation is still changing (${changes.join("; ")})`);
  context.report({ kind: "phase", text: `${because}; looking ${changes.length === 0 ? "a second time" : "again"} before it is decided` });
  // Slept, never reckoned from the time of day: a clock that is set in between would let two looks count that stand side by side.
  await context.ports.clock.sleep(secondLookAfterMs, context.signal);
  return await observeOnce(context, { depth: "full", earlier: last.inventory, memory });
}

/** Nothing when nothing was kept yet. Where something is decided, a damaged file is an error: it may be the only record of what was. */
async function rememberedFacts(context: AppContext, memory: "needed" | "wanted"): ReturnType<typeof lastSeenIfReadable> {
  const { ports, config } = context;
  if (memory === "wanted") return await lastSeenIfReadable(ports.lastSeen, config.cluster);
  const lastSeen = await lastSeenFacts(ports.lastSeen, config.cluster);
  return lastSeen === undefined ? {} : { lastSeen };
}

function withUnknown(look: Look, words: string): Look {
  return { ...look, diagnosis: { ...look.diagnosis, unknown: [...look.diagnosis.unknown, words] } };
}

/**
 * Only a look without critical findings replaces what is remembered (H11:
 * never an orphan's view over the true one). A disk that is full keeps nobody
 * from seeing the cluster: the look then says that it was not kept.
 */
export async function rememberGoodLook(context: Pick<AppContext, "ports" | "config">, look: Look): Promise<Look> {
  if (look.diagnosis.findings.some((finding) => finding.severity === "critical")) return look;
  const facts = lastSeenOf(look.inventory);
  if (facts === undefined) return look;
  try {
    await context.ports.lastSeen.write(context.config.cluster, writeLastSeen(facts));
    return look;
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    return withUnknown(look, `this look was not kept for comparing later looks with it (${error.code}: ${error.detail})`);
  }
}
