import type { FileCheck, FileCheckPart } from "../model/file-inspection.ts";
import { bad, dim, gap, good, item, line, strong, table, warn, type Page, type Span } from "./page.ts";

const maxShown = 20;

/** Which checks were made, how each ended, and where the damage is. */
export function fileCheckPage(check: FileCheck): Page {
  const problems = check.checks.flatMap((part) => part.problems);
  return [
    line([wholeVerdictSpan(check.verdict), ...withoutChecksum(check), "  ", strong(check.file), dim(`  ${formWords(check.form)}`)]),
    gap,
    table(
      [{ title: "check" }, { title: "verdict" }, { title: "what was seen", isFlexible: true }],
      check.checks.map((part) => [part.name, verdictSpan(part.verdict), detailWords(part)]),
    ),
    ...(problems.length === 0 ? [] : [gap, line(strong("Problems"))]),
    ...problems
      .slice(0, maxShown)
      .map((problem) => item(problem.offset === undefined ? problem.what : `byte ${String(problem.offset)}: ${problem.what}`)),
    ...(problems.length > maxShown ? [item(dim(`and ${String(problems.length - maxShown)} more, see -o json`))] : []),
    ...remarkLines(check),
  ];
}

/** What costs nothing, and is not to be passed over in silence. */
export function remarkLines({ remarks }: Pick<FileCheck, "remarks">): Page {
  return remarks.length === 0 ? [] : [gap, ...remarks.map((remark) => item(remark))];
}

/** What the list of problems says with its place is not said twice. */
function detailWords({ detail, problems }: FileCheckPart): string {
  return problems.some((problem) => problem.what.endsWith(detail)) ? "it cannot be read, see below" : detail;
}

/** A changed one looks the same. A data dir never has one. */
function withoutChecksum({ form, verdict }: FileCheck): readonly Span[] {
  return form === "database" && verdict === "good" ? [warn(", but without checksum")] : [];
}

export function wholeVerdictSpan(verdict: FileCheck["verdict"]): Span {
  switch (verdict) {
    case "good":
      return good("GOOD");
    case "damaged":
      return bad("DAMAGED");
    case "incomplete":
      return warn("NOT ALL JUDGED");
    default:
      return verdict satisfies never;
  }
}

function verdictSpan(verdict: FileCheckPart["verdict"]): Span {
  switch (verdict) {
    case "good":
      return good("good");
    case "damaged":
      return bad("damaged");
    case "absent":
      return warn("absent");
    case "skipped":
      return dim("skipped");
    case "unjudged":
      return warn("not judged");
    default:
      return verdict satisfies never;
  }
}

export function formWords(form: FileCheck["form"]): string {
  switch (form) {
    case "snapshot":
      return "a snapshot with its checksum";
    case "database":
      return "a database without checksum";
    case "data-dir":
      return "a data dir";
    default:
      return form satisfies never;
  }
}
