import { findingCatalogue, findingEntryOf } from "../../diagnose/finding-catalogue.ts";
import { errorCatalogue, exitCodes } from "../../model/error-catalogue.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { StepKind } from "../../model/step.ts";
import { stepSpecs } from "../../plan/steps/step-specs.ts";
import { gap, line } from "../../render/page.ts";
import { codeListPage, explanationPage, type CodeListDocument, type ExplanationDocument } from "../../render/explanation.ts";
import { stepMeanings } from "../../render/step-meanings.ts";
import { closestWord } from "../../schemas/closest-word.ts";
import { textArgument, type CommandModule } from "../command-spec.ts";
import { printResult } from "../print-result.ts";

export const command: CommandModule = {
  run(invocation) {
    const { cli } = invocation;
    const given = textArgument(invocation, "code");
    const codes = given === undefined ? codeList.codes : codesOf(given);
    const [only] = codes;
    if (only !== undefined && codes.length === 1) {
      const document = explain(only.code);
      printResult(cli, document, () => explanationPage(document));
    } else {
      const document: CodeListDocument = { ...codeList, codes };
      printResult(cli, document, () => [
        ...(given === undefined ? [] : [line(`several codes begin with ${given}`), gap]),
        ...codeListPage(document),
      ]);
    }
    return Promise.resolve("done");
  },
};

/** Every code that a page or an error may show. */
export const codeList: CodeListDocument = {
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

/**
 * Codes are taken as they are printed, in letters of any case; or all that
 * begin so, up to a mark between two words: a finding's catalogue id (N01)
 * alone may stand for several. USAGE when there is none.
 */
function codesOf(given: string): CodeListDocument["codes"] {
  const wanted = given.toLowerCase();
  const exact = codeList.codes.filter(({ code }) => code.toLowerCase() === wanted);
  if (exact.length > 0) return exact;
  const begun = wanted.replace(/[_.]$/, "");
  const found = codeList.codes.filter(({ code }) => ["_", "."].some((mark) => code.toLowerCase().startsWith(`${begun}${mark}`)));
  if (found.length > 0) return found;
  const near = closestWord(
    given.toUpperCase(),
    codeList.codes.map(({ code }) => code),
  );
  throw new RecoveryError("USAGE", {
    subject: `code ${given}`,
    detail: `there is no such code${near === undefined ? "" : `; did you mean ${near}?`}`,
    remedies: [
      ...(near === undefined ? [] : [{ why: "perhaps", command: `requorum explain ${near}` }]),
      { why: "list every code", command: "requorum explain" },
    ],
  });
}

/** `code` is one of the list. */
function explain(code: string): ExplanationDocument {
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
