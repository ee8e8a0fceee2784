import * as z from "zod";
import { asPlanDigest, asRunId, asStepId } from "../model/ids.ts";
import type { JournalEvent, JournalReading } from "../model/journal-event.ts";
import { branded } from "./branded.ts";

/**
 * One line of journal.jsonl as text -> what it is. Never throws: damage is a
 * value, because the caller knows the line number. Fields that a newer minor
 * version added are ignored.
 */
const text = z.string();
const step = branded(asStepId);
const digest = branded(asPlanDigest);
const texts = z.array(text);

const eventSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("step-blocked"), step, reasons: texts }),
  z.object({ kind: z.literal("step-skipped"), step, because: text }),
  z.object({ kind: z.literal("step-started"), step, attempt: z.int().min(1) }),
  z.object({ kind: z.literal("step-outcome-unknown"), step, missing: texts }),
  z.object({ kind: z.literal("step-succeeded"), step, observed: text }),
  z.object({ kind: z.literal("step-failed"), step, errorCode: text, detail: text }),
  z.object({ kind: z.literal("run-opened"), run: branded(asRunId), cluster: text, plan: digest, by: text, program: text }),
  z.object({ kind: z.literal("consent-given"), plan: digest, by: text, how: text }),
  z.object({ kind: z.literal("attested"), host: text, statement: text, by: text }),
  z.object({ kind: z.literal("lock-acquired"), where: texts, notOn: texts }),
  z.object({ kind: z.literal("run-resumed"), by: text, program: text }),
  z.object({ kind: z.literal("fact-recorded"), name: text, value: text }),
  z.object({ kind: z.literal("lock-released"), where: texts }),
  z.object({
    kind: z.literal("run-stopped"),
    outcome: z.enum(["succeeded", "failed", "blocked", "outcome-unknown", "interrupted"]),
    detail: text,
  }),
]) satisfies z.ZodType<JournalEvent>;

const knownKinds: ReadonlySet<string> = new Set(eventSchema.options.map((option) => option.shape.kind.value));

const envelopeSchema = z.object({
  version: z.string().regex(/^[0-9]+\.[0-9]+$/),
  sequence: z.int().min(1),
  at: z.iso.datetime(),
  previous: z.string().regex(/^([0-9a-f]{64})?$/),
  event: z.looseObject({ kind: z.string() }),
});

const ourMajor = 1;
const ourMinor = 0;

/** Reads one line (without its newline). */
export function parseJournalLine(line: string): JournalReading {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return { kind: "malformed", problem: "it is not JSON" };
  }
  const envelope = envelopeSchema.safeParse(json);
  if (!envelope.success) return { kind: "malformed", problem: firstProblem(envelope.error) };
  const { version, sequence, at, previous, event } = envelope.data;
  const [major, minor] = version.split(".").map(Number);
  if (major !== ourMajor) return { kind: "newer-major", version };
  const isNewer = (minor ?? 0) > ourMinor;
  if (!knownKinds.has(event.kind)) return { kind: "unknown-kind", eventKind: event.kind, sequence, at, previous, isNewer };
  const known = eventSchema.safeParse(event);
  if (!known.success) return { kind: "malformed", problem: `event ${event.kind}: ${firstProblem(known.error)}` };
  return { kind: "line", line: { version: "1.0", sequence, at, previous, event: known.data }, isNewer };
}

function firstProblem(error: z.ZodError): string {
  const issue = error.issues[0];
  return issue === undefined ? "wrong form" : `${issue.path.join(".") || "line"}: ${issue.message}`;
}
