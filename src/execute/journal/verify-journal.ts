import type { JournalLine } from "../../model/journal-event.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { JournalTools } from "./journal-tools.ts";

/** The lines of a journal whose chain holds, and what the next line must carry. */
export interface VerifiedJournal {
  /** Lines whose event this version knows, in order. */
  readonly lines: readonly JournalLine[];
  /** Kinds of events that only a newer version knows. They stay in the file. */
  readonly unknownKinds: readonly string[];
  /** Written (in part) by a newer minor version: may be read, never appended to. */
  readonly isNewer: boolean;
  readonly lineCount: number;
  /** sha256 of the last line, "" for an empty journal. */
  readonly lastHash: string;
}

/**
 * Checks form, sequence and hash chain of every complete line. A torn last
 * line is not among them (RunStore gives it separately); it says nothing.
 * Throws JOURNAL_CORRUPT with the line number, JOURNAL_NEWER for another major.
 */
export function verifyJournal(texts: readonly string[], tools: JournalTools): VerifiedJournal {
  const lines: JournalLine[] = [];
  const unknownKinds: string[] = [];
  let isNewer = false;
  let lastHash = "";
  for (const [index, text] of texts.entries()) {
    const number = index + 1;
    const reading = tools.readLine(text);
    if (reading.kind === "malformed") throw corrupt(number, reading.problem);
    if (reading.kind === "newer-major") {
      throw new RecoveryError("JOURNAL_NEWER", {
        subject: `journal line ${number}`,
        detail: `its format is ${reading.version}; this program knows 1.x`,
      });
    }
    const { sequence, previous } = reading.kind === "line" ? reading.line : reading;
    if (sequence !== number) throw corrupt(number, `its sequence is ${sequence}; a line is missing, doubled or out of order`);
    if (previous !== lastHash)
      throw corrupt(number, "it does not carry the hash of the line before; that line was changed after it was written, or one is missing");
    isNewer ||= reading.isNewer;
    if (reading.kind === "line") lines.push(reading.line);
    else unknownKinds.push(reading.eventKind);
    lastHash = tools.sha256Hex(text);
  }
  return { lines, unknownKinds, isNewer, lineCount: texts.length, lastHash };
}

function corrupt(number: number, problem: string): RecoveryError {
  return new RecoveryError("JOURNAL_CORRUPT", { subject: `journal line ${number}`, detail: `line ${number}: ${problem}` });
}
