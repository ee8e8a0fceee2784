import { bad, command, dim, gap, good, line, strong, table, warn, type Inline, type Page } from "./page.ts";
import { count } from "./words.ts";

/** What `doctor` found out about this workstation. */
export interface DoctorDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "Doctor";
  readonly isReady: boolean;
  readonly checks: readonly DoctorCheck[];
}

export interface DoctorCheck {
  readonly name: string;
  readonly state: "ok" | "warning" | "problem";
  readonly detail: string;
  readonly remedy: { readonly why: string; readonly command: string } | undefined;
}

export function doctorPage(document: DoctorDocument): Page {
  const problems = document.checks.filter((check) => check.state === "problem");
  const rows = document.checks.map((check): readonly Inline[] => [
    check.state === "ok" ? good("ok") : check.state === "warning" ? warn("look") : bad("problem"),
    check.name,
    check.state === "ok" ? dim(check.detail) : check.detail,
  ]);
  return [
    line(
      document.isReady
        ? [good("READY"), strong("  this workstation can watch and recover the cluster")]
        : [bad("NOT READY"), strong(`  ${count(problems.length, "problem")}`)],
    ),
    gap,
    table([{ title: "" }, { title: "" }, { title: "", isFlexible: true }], rows),
    ...document.checks.flatMap((check) =>
      check.remedy === undefined ? [] : [gap, command(check.remedy.command, `${check.name}: ${check.remedy.why}`, 0)],
    ),
  ];
}
