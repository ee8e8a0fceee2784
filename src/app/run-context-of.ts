import type { RunContext } from "../execute/executor/run-context.ts";
import { stepHandlers } from "../execute/handlers/step-handlers.ts";
import { stepSpecs } from "../plan/steps/step-specs.ts";
import { parseJournalLine } from "../schemas/journal-line.ts";
import type { AppContext } from "./app-ports.ts";

/** What the executor is given of the use case's own context. */
export function runContextOf(context: AppContext): RunContext {
  const { hashing } = context.ports;
  return {
    config: context.config,
    ports: context.ports,
    localLock: context.ports.localLock,
    journal: { readLine: parseJournalLine, sha256Hex: (text) => hashing.sha256Hex(text) },
    operator: context.operator,
    program: context.program,
    specs: stepSpecs,
    handlers: stepHandlers,
  };
}
