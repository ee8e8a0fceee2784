/**
 * What is written into a scenario's expected text, one section after the other.
 * Another layer adds its section here; the runner need not change.
 */
import { diagnose } from "../../src/diagnose/diagnose.ts";
import type { Diagnosis, Finding } from "../../src/model/finding.ts";
import { planSection } from "./plan-section.ts";
import type { Scenario } from "./scenario-file.ts";

export type ScenarioSection = (scenario: Scenario, diagnosis: Diagnosis) => readonly string[];

export const scenarioSections: readonly ScenarioSection[] = [findingsSection, unknownSection, planSection];

export function expectedText(scenario: Scenario): string {
  const diagnosis = diagnose(scenario.inventory);
  const head = [scenario.situation, `point: ${scenario.point}`, `catalogue: ${scenario.catalogue}`];
  return `${[head, ...scenarioSections.map((section) => section(scenario, diagnosis))].map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function findingsSection(_scenario: Scenario, diagnosis: Diagnosis): readonly string[] {
  const tolerance = diagnosis.faultTolerance === undefined ? "not known" : String(diagnosis.faultTolerance);
  return [
    `findings (fault tolerance: ${tolerance})`,
    ...(diagnosis.findings.length === 0 ? ["  none"] : diagnosis.findings.flatMap(findingLines)),
  ];
}

function findingLines(finding: Finding): readonly string[] {
  return [
    `  ${finding.severity} ${finding.code} [${finding.confidence}] ${finding.subject}`,
    `    ${finding.summary}`,
    ...(finding.lossProof === undefined ? [] : [`    loss proven: ${finding.lossProof}`]),
    ...finding.evidence.map((evidence) => `    saw: ${evidence.what} (${evidence.source})`),
    ...finding.ruledOut.map(({ code, because }) => `    not ${code}: ${because}`),
    ...(finding.wouldSettle ?? []).map((probe) => `    would settle: ${probe}`),
    ...finding.explains.map((symptom) => `    explains: ${symptom}`),
  ];
}

function unknownSection(_scenario: Scenario, diagnosis: Diagnosis): readonly string[] {
  return ["not known", ...(diagnosis.unknown.length === 0 ? ["  nothing"] : diagnosis.unknown.map((line) => `  ${line}`))];
}
