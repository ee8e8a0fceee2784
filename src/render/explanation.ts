import { command, dim, gap, heading, item, line, strong, table, type Page } from "./page.ts";
import type { Remedy } from "../model/recovery-error.ts";

/** What `explain CODE` says, for programs. */
export interface ExplanationDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "Explanation";
  readonly code: string;
  readonly about: "finding" | "error" | "step";
  readonly title: string;
  readonly meaning: string;
  readonly tellApart: string | undefined;
  readonly doNext: readonly string[];
  readonly never: readonly string[];
  readonly remedies: readonly Remedy[];
  /** For errors. */
  readonly exitCode: number | undefined;
  readonly retry: string | undefined;
  /** For steps. */
  readonly risk: string | undefined;
  readonly attemptsMax: number | undefined;
}

export interface CodeListDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "CodeList";
  readonly codes: readonly { readonly code: string; readonly about: ExplanationDocument["about"]; readonly title: string }[];
}

export function explanationPage(document: ExplanationDocument): Page {
  const list = (title: string, lines: readonly string[]): Page =>
    lines.length === 0 ? [] : [gap, heading(title), ...lines.map((words) => item(words))];
  return [
    line([strong(document.code), dim(`  ${document.about}`)]),
    line(document.title),
    gap,
    line(document.meaning),
    ...(document.tellApart === undefined ? [] : [gap, heading("how to tell it apart"), line(document.tellApart, 2)]),
    ...list("what to do", document.doNext),
    ...list("what never to do", document.never),
    ...document.remedies.flatMap((remedy) =>
      remedy.command === undefined ? [gap, line(`next: ${remedy.why}`)] : [gap, command(remedy.command, `next: ${remedy.why}`, 0)],
    ),
    ...(document.exitCode === undefined
      ? []
      : [gap, line(dim(`exit code ${String(document.exitCode)}, ${retryWords(document.retry ?? "")}`))]),
    ...(document.risk === undefined
      ? []
      : [gap, line(dim(`${document.risk}; tried at most ${String(document.attemptsMax ?? 1)} times in one run`))]),
  ];
}

function retryWords(retry: string): string {
  if (retry === "transient") return "may be repeated as it is";
  return retry === "unknown-outcome" ? "it may have taken effect: look before anything else" : "repeating it alone will not help";
}

export function codeListPage(document: CodeListDocument): Page {
  const group = (about: ExplanationDocument["about"], title: string): Page => {
    const rows = document.codes.filter((entry) => entry.about === about).map((entry) => [entry.code, entry.title]);
    if (rows.length === 0) return [];
    return [heading(title), table([{ title: "" }, { title: "", isFlexible: true }], rows), gap];
  };
  return [
    ...group("finding", "findings"),
    ...group("error", "errors"),
    ...group("step", "steps"),
    command("requorum explain CODE", "one of them in full", 0),
  ];
}
