import type { JournalEvent } from "../model/journal-event.ts";
import type { RunId } from "../model/ids.ts";
import type { RecoveryPlan } from "../model/plan.ts";
import type { RunStore } from "../ports/run-store.ts";
import { runEventLine } from "../render/run-event-line.ts";
import { parseJournalLine } from "../schemas/journal-line.ts";
import type { CliContext } from "./cli-context.ts";
import { printNote } from "./print-result.ts";

/**
 * The same store, whose journal lines are also told to `listen`, after they
 * are on the disk: what the screen shows has happened.
 */
export function tappedRunStore(store: RunStore, listen: (event: JournalEvent, at: string) => void): RunStore {
  return {
    create: (run, planText) => store.create(run, planText),
    list: () => store.list(),
    readPlan: (run) => store.readPlan(run),
    readJournal: (run) => store.readJournal(run),
    appendJournal: async (run: RunId, text: string) => {
      await store.appendJournal(run, text);
      const reading = parseJournalLine(text);
      if (reading.kind === "line") listen(reading.line.event, reading.line.at);
    },
    writeArtifact: (run, name) => store.writeArtifact(run, name),
    readArtifact: (run, name) => store.readArtifact(run, name),
    statArtifact: (run, name) => store.statArtifact(run, name),
    openArtifact: (run, name) => store.openArtifact(run, name),
    pathOf: (run, name) => store.pathOf(run, name),
  };
}

/** Prints one line per event of a run on standard error. The plan gives the words; it is known by the time of the first event. */
export function runListener(cli: CliContext, planOf: () => RecoveryPlan | undefined): (event: JournalEvent, at: string) => void {
  const startedMs = new Map<string, number>();
  return (event, at) => {
    if (event.kind === "step-started") startedMs.set(event.step, Date.parse(at));
    const started = "step" in event ? startedMs.get(event.step) : undefined;
    // On a terminal the live line says what is going on; each step gets one line, when it has ended.
    if (event.kind === "step-started" && event.attempt === 1 && cli.terminal.errObeys) return;
    const page = runEventLine(event, { plan: planOf(), seconds: started === undefined ? undefined : (Date.parse(at) - started) / 1000 });
    if (page.length > 0) printNote(cli, page);
  };
}
