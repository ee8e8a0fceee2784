import { resolve } from "node:path";
import { chosenRun } from "../../app/resume-run.ts";
import { readRun } from "../../app/run-records.ts";
import { line, strong } from "../../render/page.ts";
import { textArgument, textOption, type CommandModule } from "../command-spec.ts";
import { printResult } from "../print-result.ts";
import { withCluster } from "../with-cluster.ts";
import { writeReport } from "../write-report.ts";

export const command: CommandModule = {
  run(invocation) {
    const { cli } = invocation;
    return withCluster(cli, { isQuiet: true }, async ({ app }) => {
      const run = await chosenRun(app, textArgument(invocation, "run"));
      const out = textOption(invocation, "out");
      const { html, markdown } = await writeReport(
        app,
        await readRun(app, run),
        out === undefined ? undefined : resolve(cli.directories.work, out),
      );
      const document = { apiVersion: "requorum/v1", kind: "Report", run, html, markdown } as const;
      printResult(cli, document, () => [line([strong("HTML      "), html]), line([strong("Markdown  "), markdown])]);
      return "done";
    });
  },
};
