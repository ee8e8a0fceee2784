import { stringify } from "yaml";
import { redactDocument } from "../model/redact.ts";
import type { Page } from "../render/page.ts";
import { toJsonValue } from "../render/to-json-value.ts";
import type { CliContext } from "./cli-context.ts";
import { jsonLine } from "./json-line.ts";
import { drawPage } from "./terminal/draw-page.ts";

/** The result of a verb on standard output, in the form that was asked for. The page is made only when it is shown. */
export function printResult(cli: Pick<CliContext, "terminal" | "global">, document: object, page: () => Page): void {
  const { terminal } = cli;
  switch (cli.global.output) {
    case "text":
      terminal.result(drawPage(page(), { columns: terminal.outColumns, hasColor: terminal.outHasColor }));
      return;
    case "json":
      terminal.result(jsonLine(redactDocument(toJsonValue(document)), 2));
      return;
    case "yaml":
      terminal.result(stringify(redactDocument(toJsonValue(document))));
      return;
    default:
      cli.global.output satisfies never;
  }
}

/** Something for the person, on standard error, whatever the form of the result. */
export function printProblem(cli: Pick<CliContext, "terminal">, page: Page): void {
  const { terminal } = cli;
  terminal.problem(drawPage(page, { columns: terminal.errColumns, hasColor: terminal.errHasColor }));
}
