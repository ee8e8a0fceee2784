import { chosenRun } from "../../app/resume-run.ts";
import { readRun } from "../../app/run-records.ts";
import { runDocument } from "../../render/run-document.ts";
import { runPage } from "../../render/run-page.ts";
import { textArgument, type CommandModule } from "../command-spec.ts";
import { printResult } from "../print-result.ts";
import { withCluster } from "../with-cluster.ts";

export const command: CommandModule = {
  run(invocation) {
    const { cli } = invocation;
    return withCluster(cli, { isQuiet: true }, async ({ app }) => {
      const document = runDocument(await readRun(app, await chosenRun(app, textArgument(invocation, "run"))));
      printResult(cli, document, () => runPage(document));
      return "done";
    });
  },
};
