import type { Verdict } from "../../model/verdict.ts";
import type { StepContext } from "../step-handler.ts";
import type { ExitRule } from "./exit-rule.ts";

/** The part of the verification that was proven by doing; looking reads it back. */
export const proofArtifact = "write-proof.json";

/**
 * A proof is as old as the state it was made in. Ten minutes hold the longest
 * wait for the other rules (2 min) and a program that was killed and resumed at
 * once; what was true hours ago proves nothing.
 */
export const proofAgeMsMax = 10 * 60_000;

export function proofText(rules: readonly ExitRule[], at: string): string {
  return `${JSON.stringify({ at, rules }, undefined, 1)}\n`;
}

/** What was proven, or a rule that fails so that the step runs: not tried yet, too long ago, or not to be read. */
export async function readProof(context: StepContext): Promise<readonly ExitRule[]> {
  const again = (because: string): readonly ExitRule[] => [{ rule: "writes were tried", verdict: { kind: "fails", because: [because] } }];
  const { runs, clock } = context.ports;
  if ((await runs.statArtifact(context.run, proofArtifact)) === undefined)
    return again("writing through every API server and the endpoint was not tried yet");
  const record = parseProof(new TextDecoder().decode(await runs.readArtifact(context.run, proofArtifact)));
  if (record === undefined) return again(`the record of the last try (${proofArtifact}) cannot be read`);
  const ageMs = clock.nowMs() - Date.parse(record.at);
  // A clock that was set back makes any age possible.
  if (!(ageMs >= 0 && ageMs <= proofAgeMsMax))
    return again(`writing was last tried at ${record.at}: too long ago to say anything about now`);
  return record.rules;
}

function parseProof(text: string): { readonly at: string; readonly rules: readonly ExitRule[] } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (!isRecord(value) || typeof value["at"] !== "string" || !Array.isArray(value["rules"])) return undefined;
  const rules = value["rules"].map(ruleOf);
  return rules.length > 0 && rules.every((rule) => rule !== undefined) ? { at: value["at"], rules } : undefined;
}

function ruleOf(value: unknown): ExitRule | undefined {
  if (!isRecord(value) || typeof value["rule"] !== "string" || !isRecord(value["verdict"])) return undefined;
  const verdict = verdictOf(value["verdict"]);
  return verdict === undefined ? undefined : { rule: value["rule"], verdict };
}

function verdictOf(value: { readonly [name: string]: unknown }): Verdict | undefined {
  const texts = (list: unknown): list is readonly string[] => Array.isArray(list) && list.every((one) => typeof one === "string");
  switch (value["kind"]) {
    case "holds":
      return { kind: "holds" };
    case "fails":
      return texts(value["because"]) ? { kind: "fails", because: value["because"] } : undefined;
    case "unknown":
      return texts(value["missing"]) ? { kind: "unknown", missing: value["missing"] } : undefined;
    default:
      return undefined;
  }
}

function isRecord(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
