import type { Evidence } from "../model/finding.ts";
import type { DiagnosisDocument } from "./diagnosis-document.ts";
import { bad, command, dim, gap, good, heading, item, line, strong, warn, type Block, type Page } from "./page.ts";
import { shorthandBlocks } from "./shorthand.ts";
import { count, severityTone, timeWords, toleranceWords } from "./words.ts";

type ShownFinding = DiagnosisDocument["findings"][number];

/** Root causes first; a symptom is shown below the cause that explains it, in one line. */
export function diagnosisPage(document: DiagnosisDocument, options: { readonly showsNext: boolean } = { showsNext: true }): Page {
  const explained = new Set(document.findings.flatMap((finding) => finding.explains));
  const causes = document.findings.filter((finding) => !explained.has(nameOf(finding)));
  const said = [
    ...headBlocks(document, causes),
    ...groupsOf(causes).flatMap((group, index) => [gap, ...groupBlocks(document, group, index + 1)]),
    ...unknownBlocks(document),
  ];
  return [...said, ...shorthandBlocks(said), ...(options.showsNext ? nextBlocks(document) : [])];
}

/** Findings of one code and weight are told once, with every place: the same advice three times hides the rest. */
function groupsOf(findings: readonly ShownFinding[]): readonly (readonly ShownFinding[])[] {
  const groups = new Map<string, ShownFinding[]>();
  for (const finding of findings) {
    const key = [finding.code, finding.severity, finding.confidence].join(" ");
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()];
}

function headBlocks(document: DiagnosisDocument, causes: readonly ShownFinding[]): readonly Block[] {
  const tolerance =
    document.faultTolerance === undefined
      ? warn("how many failures it still survives is not known")
      : document.faultTolerance < 0
        ? bad(toleranceWords(document.faultTolerance))
        : strong(`the cluster ${toleranceWords(document.faultTolerance)}`);
  const groups = groupsOf(causes);
  const problems = groups.filter(([first]) => first?.severity === "error" || first?.severity === "critical").length;
  const warnings = groups.filter(([first]) => first?.severity === "warning").length;
  const hints = groups.length - problems - warnings;
  const symptoms = document.findings.length - causes.length;
  const parts = [
    ...(problems > 0 ? [count(problems, "problem")] : []),
    ...(symptoms > 0 ? [`${count(symptoms, "symptom")} explained by ${problems + warnings + hints === 1 ? "it" : "them"}`] : []),
    ...(warnings > 0 ? [count(warnings, "warning")] : []),
    ...(hints > 0 ? [count(hints, "hint")] : []),
  ].join(", ");
  const words = groups.length === 0 ? good("NOTHING WRONG FOUND") : problems > 0 ? bad(parts) : good(`NOTHING IS BROKEN NOW; ${parts}`);
  return [
    line([words, "; ", tolerance]),
    line(
      dim(
        `cluster ${document.cluster}, seen ${timeWords(document.takenAt)}${document.source === "probes" ? "" : `, from ${document.source}`}`,
      ),
    ),
  ];
}

function groupBlocks(document: DiagnosisDocument, group: readonly ShownFinding[], number: number): readonly Block[] {
  const [first] = group;
  if (first === undefined) return [];
  const explains = group.flatMap((finding) =>
    finding.explains.flatMap((name) => document.findings.find((other) => nameOf(other) === name) ?? []),
  );
  const unique = (lines: readonly string[]): readonly string[] => [...new Set(lines)];
  return [
    line([
      strong(`${String(number)}. ${unique(group.map((finding) => finding.subject)).join(", ")}`),
      "  ",
      { text: first.severity, tone: severityTone(first.severity) },
      dim(`, ${confidenceWords(first)}`),
      dim(`  [${first.code}]`),
    ]),
    ...unique(group.map((finding) => finding.summary)).map((words) => line(words, 3)),
    ...section("seen", evidenceLines(group.flatMap((finding) => finding.evidence))),
    ...section("explains", unique(explains.map((symptom) => `${symptom.summary} [${symptom.code}]`))),
    ...section("ruled out", unique(group.flatMap((finding) => finding.ruledOut.map((other) => `${other.code}: ${other.because}`)))),
    ...section("would settle it", unique(group.flatMap((finding) => finding.wouldSettle ?? []))),
    ...section("do next", first.doNext),
    ...section("never", first.never),
  ];
}

function confidenceWords(finding: ShownFinding): string {
  return finding.confidence === "certain" ? "certain" : `${finding.confidence} confidence`;
}

function section(title: string, lines: readonly string[]): readonly Block[] {
  if (lines.length === 0) return [];
  return [line(dim(title), 3), ...lines.map((words) => item(words, 5))];
}

/** More than this is in the JSON; a person needs the first few. */
const evidenceShownMax = 6;

function evidenceLines(evidence: readonly Evidence[]): readonly string[] {
  const shown = evidence.slice(0, evidenceShownMax).map((piece) => `${piece.what}  (${piece.source}, ${timeOfDay(piece.observedAt)})`);
  const rest = evidence.length - evidenceShownMax;
  return rest > 0 ? [...shown, `and ${String(rest)} more: -o json shows all`] : shown;
}

function timeOfDay(iso: string): string {
  return /T(\d{2}:\d{2}:\d{2})/.exec(iso)?.[1] ?? iso;
}

function unknownBlocks(document: DiagnosisDocument): readonly Block[] {
  if (document.unknown.length === 0) return [];
  return [gap, heading("not known (neither healthy nor dead)"), ...document.unknown.map((words) => item(words))];
}

function nextBlocks(document: DiagnosisDocument): readonly Block[] {
  const [first] = document.findings;
  if (first === undefined) return [];
  const isBroken = document.findings.some((finding) => finding.severity === "error" || finding.severity === "critical");
  return [
    gap,
    ...(isBroken ? [command("requorum plan", "next: what can be done about it, with what it would cost (changes nothing)", 0)] : []),
    command(`requorum explain ${first.code}`, isBroken ? "or read about the first finding in full" : "read about the first in full", 0),
  ];
}

function nameOf(finding: { readonly code: string; readonly subject: string }): string {
  return `${finding.code} ${finding.subject}`;
}
