import type { Evidence } from "../model/finding.ts";
import type { DiagnosisDocument } from "./diagnosis-document.ts";
import { bad, command, dim, gap, good, heading, item, line, strong, warn, type Block, type Page } from "./page.ts";
import { count, severityTone, timeWords, toleranceWords } from "./words.ts";

type ShownFinding = DiagnosisDocument["findings"][number];

/** Root causes first; a symptom is shown below the cause that explains it, in one line. */
export function diagnosisPage(document: DiagnosisDocument, options: { readonly showsNext: boolean } = { showsNext: true }): Page {
  const explained = new Set(document.findings.flatMap((finding) => finding.explains));
  const causes = document.findings.filter((finding) => !explained.has(nameOf(finding)));
  return [
    ...headBlocks(document, causes.length),
    ...causes.flatMap((finding, index) => [gap, ...findingBlocks(document, finding, index + 1)]),
    ...unknownBlocks(document),
    ...(options.showsNext ? nextBlocks(document) : []),
  ];
}

function headBlocks(document: DiagnosisDocument, causes: number): readonly Block[] {
  const tolerance = document.faultTolerance === undefined ? warn("how many failures it still survives is not known") : document.faultTolerance < 0 ? bad(toleranceWords(document.faultTolerance)) : strong(`the cluster ${toleranceWords(document.faultTolerance)}`);
  const words = document.findings.length === 0
    ? good("NOTHING WRONG FOUND")
    : bad(count(causes, "problem"));
  const symptoms = document.findings.length - causes;
  return [
    line([words, symptoms > 0 ? ` (and ${count(symptoms, "symptom")} explained by them)` : "", "; ", tolerance]),
    line(dim(`cluster ${document.cluster}, seen ${timeWords(document.takenAt)}${document.source === "probes" ? "" : `, from ${document.source}`}`)),
  ];
}

function findingBlocks(document: DiagnosisDocument, finding: ShownFinding, number: number): readonly Block[] {
  const symptoms = finding.explains.flatMap((name) => document.findings.find((other) => nameOf(other) === name) ?? []);
  return [
    line([strong(`${String(number)}. `), strong(finding.subject), "  ", { text: finding.severity, tone: severityTone(finding.severity) }, dim(`, ${confidenceWords(finding)}`), dim(`  [${finding.code}]`)]),
    line(finding.summary, 3),
    ...section("seen", evidenceLines(finding.evidence)),
    ...section("explains", symptoms.map((symptom) => `${symptom.summary} [${symptom.code}]`)),
    ...section("ruled out", finding.ruledOut.map((other) => `${other.code}: ${other.because}`)),
    ...section("would settle it", finding.wouldSettle ?? []),
    ...section("do next", finding.doNext),
    ...section("never", finding.never),
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
  return [
    gap,
    command("requorum plan", "next: what can be done about it, with what it would cost (changes nothing)", 0),
    command(`requorum explain ${first.code}`, "or read about the first finding in full", 0),
  ];
}

function nameOf(finding: { readonly code: string; readonly subject: string }): string {
  return `${finding.code} ${finding.subject}`;
}
