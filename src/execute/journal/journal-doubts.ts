import type { RunState } from "./fold-journal.ts";
import type { VerifiedJournal } from "./verify-journal.ts";

/**
 * Why a journal whose every line fits may yet have lost some, in words; empty:
 * it ends with the end of its run. The chain of hashes runs forwards, so it
 * misses nothing that was cut off behind its last line.
 */
export function journalDoubts(read: {
  readonly journal: VerifiedJournal;
  readonly state: RunState | undefined;
  readonly tornTail: string;
}): readonly string[] {
  const { journal, state, tornTail } = read;
  const torn =
    tornTail === ""
      ? []
      : [
          `what stands behind line ${String(journal.lineCount)} (${String(tornTail.length)} characters) is no whole line: the program was killed while it wrote it, or the file was cut`,
        ];
  if (journal.lineCount === 0)
    return ["there is no line in it: the run was killed before its first event, or the journal was emptied", ...torn];
  if (state?.stopped !== undefined) return torn;
  return [
    "it has no end: whether the run is under way, was killed, or lines were cut off behind the last one cannot be told from it",
    ...torn,
  ];
}
