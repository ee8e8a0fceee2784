import { stringify } from "yaml";
import { redactDocument } from "../model/redact.ts";
import type { RecoveryError } from "../model/recovery-error.ts";
import type { Page } from "../render/page.ts";
import { toJsonValue } from "../render/to-json-value.ts";
import type { CliContext } from "./cli-context.ts";
import { pageOnChosenCluster } from "./chosen-cluster.ts";
import { errorLine } from "./error-line.ts";
import { jsonLine } from "./json-line.ts";
import { drawPage } from "./terminal/draw-page.ts";

/** The result of a verb on standard output, in the form that was asked for. The page is made only when it is shown. */
export function printResult(cli: Pick<CliContext, "terminal" | "global">, document: object, page: () => Page): void {
  const { terminal } = cli;
  switch (cli.global.output) {
    case "text":
      terminal.result(
        drawPage(pageOnChosenCluster(page(), cli.global), {
          columns: terminal.outColumns,
          hasColor: terminal.outHasColor,
          keepsWords: !terminal.outIsTty,
        }),
      );
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

/** Something for the person, on standard error; left out where a program reads that. */
export function printNote(cli: Pick<CliContext, "terminal" | "global">, page: Page): void {
  const { terminal } = cli;
  terminal.note(drawPage(pageOnChosenCluster(page, cli.global), { columns: terminal.errColumns, hasColor: terminal.errHasColor }));
}

/** What went wrong beside a result that stands: a page for the person, or the Error document for a program. Once in a call. */
export function printShortfall(cli: Pick<CliContext, "terminal" | "global">, error: RecoveryError, page: Page): void {
  if (cli.global.output === "text") printNote(cli, page);
  else cli.terminal.problem(errorLine(error, "", cli.global));
}
