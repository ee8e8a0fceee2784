import type { FileCheck } from "../model/file-inspection.ts";
import { wholeVerdictSpan } from "./file-check-page.ts";
import { bad, command, dim, gap, table, warn, type Inline, type Page, type Span } from "./page.ts";
import { shellWord } from "../model/shell-word.ts";

/** One of several files: its check, or why there is none. */
export interface CheckedFile {
  readonly file: string;
  readonly check: FileCheck | undefined;
  readonly error: { readonly code: string; readonly detail: string } | undefined;
}

export interface FileChecksDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "SnapshotChecks";
  readonly files: readonly CheckedFile[];
}

/** A row each, and how to see all of what is wrong with one. */
export function fileChecksPage({ files }: FileChecksDocument): Page {
  const damaged = files.find(({ check }) => check !== undefined && check.verdict !== "good");
  return [
    table(
      [
        { title: "file", isFlexible: true },
        { title: "verdict" },
        { title: "revision", align: "right" },
        { title: files.some(({ check }) => check?.form === "data-dir") ? "keys without log" : "keys", align: "right" },
        { title: "what is wrong", isFlexible: true },
      ],
      files.map(({ file, check, error }) => [
        file,
        verdictSpan(check),
        revisionWords(check),
        check?.totalKeys === undefined ? dim("unknown") : String(check.totalKeys),
        error === undefined ? wrongWords(check) : `${error.detail} (${error.code})`,
      ]),
    ),
    ...(damaged === undefined ? [] : [gap, command(`requorum snapshot check ${shellWord(damaged.file)}`, "all that is wrong with one")]),
  ];
}

function verdictSpan(check: FileCheck | undefined): Span {
  if (check === undefined) return bad("NOT READ");
  return wholeVerdictSpan(check.verdict);
}

/** Of data dirs the one after a start is what compares them; a database's own lags behind its log. */
function revisionWords(check: FileCheck | undefined): Inline {
  if (check?.startRevision !== undefined) return String(check.startRevision);
  if (check?.revision === undefined) return dim("unknown");
  return check.form === "data-dir" ? warn(`${String(check.revision)} without log`) : String(check.revision);
}

function wrongWords(check: FileCheck | undefined): string {
  const parts = check?.checks.filter((part) => part.verdict === "damaged" || part.verdict === "unjudged") ?? [];
  const noChecksum = check?.verdict === "good" && check.form === "database" ? "nothing; it has no checksum" : "";
  return parts.length === 0 ? noChecksum : parts.map((part) => `${part.name}: ${part.detail}`).join("; ");
}
