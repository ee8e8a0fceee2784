import { findingCatalogue, findingEntryOf } from "../../diagnose/finding-catalogue.ts";
import { errorCatalogue, exitCodes } from "../../model/error-catalogue.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { StepKind } from "../../model/step.ts";
import { stepSpecs } from "../../plan/steps/step-specs.ts";
import { codeListPage, explanationPage, type CodeListDocument, type ExplanationDocument } from "../../render/explanation.ts";
import { stepMeanings } from "../../render/step-meanings.ts";
import { closestWord } from "../../schemas/closest-word.ts";
import { textArgument, type CommandModule } from "../command-spec.ts";
import { printResult } from "../print-result.ts";

export const command: CommandModule = {
  run(invocation) {
    const { cli } = invocation;
    const code = textArgument(invocation, "code");
    if (code === undefined) {
      const document = codeList();
      printResult(cli, document, () => codeListPage(document));
    } else {
      const document = explain(code);
      printResult(cli, document, () => explanationPage(document));
    }
    return Promise.resolve("done");
  },
};

function codeList(): CodeListDocument {
  return {
    apiVersion: "requorum/v1",
    kind: "CodeList",
    codes: [
      ...Object.entries(findingCatalogue).map(([code, entry]) => ({ code, about: "finding" as const, title: entry.title })),
      ...Object.entries(errorCatalogue).map(([code, entry]) => ({ code, about: "error" as const, title: entry.summary })),
      ...Object.entries(stepMeanings).map(([code, meaning]) => ({
        code,
        about: "step" as const,
        title: meaning.split(/[.:] /)[0] ?? meaning,
      })),
    ],
  };
}

/** Codes are taken as they are printed; a finding also by its catalogue id alone (N01), and letters of any case. */
function explain(given: string): ExplanationDocument {
  const all = codeList().codes.map((entry) => entry.code);
  const wanted = given.toLowerCase();
  const code = all.find((known) => known.toLowerCase() === wanted) ?? all.find((known) => known.toLowerCase().startsWith(`${wanted}_`));
  if (code === undefined) {
    const near = closestWord(given.toUpperCase(), all);
    throw new RecoveryError("USAGE", {
      subject: `code ${given}`,
      detail: `there is no such code${near === undefined ? "" : `; did you mean ${near}?`}`,
      remedies: [
        ...(near === undefined ? [] : [{ why: "perhaps", command: `requorum explain ${near}` }]),
        { why: "list every code", command: "requorum explain" },
      ],
    });
  }
  const nothing = {
    tellApart: undefined,
    doNext: [],
    never: [],
    remedies: [],
    exitCode: undefined,
    retry: undefined,
    risk: undefined,
    attemptsMax: undefined,
  };
  const base = { apiVersion: "requorum/v1", kind: "Explanation", code, ...nothing } as const;
  const finding = findingEntryOf(code);
  if (finding !== undefined)
    return {
      ...base,
      about: "finding",
      title: finding.title,
      meaning: finding.meaning,
      tellApart: finding.tellApart,
      doNext: finding.doNext,
      never: finding.never,
    };
  if (isErrorCode(code)) {
    const { summary, meaning, retry, exit, remedies } = errorCatalogue[code];
    return { ...base, about: "error", title: summary, meaning, retry, exitCode: exitCodes[exit], remedies: remedies ?? [] };
  }
  const kind = code as StepKind;
  const { risk, attemptsMax } = stepSpecs[kind];
  return { ...base, about: "step", title: "a kind of step", meaning: stepMeanings[kind], risk, attemptsMax };
}

function isErrorCode(code: string): code is keyof typeof errorCatalogue {
  return Object.hasOwn(errorCatalogue, code);
}
