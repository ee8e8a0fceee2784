import { listRuns } from "../../app/run-records.ts";
import type { RunListDocument } from "../../render/run-document.ts";
import { runListPage } from "../../render/run-page.ts";
import type { CommandModule } from "../command-spec.ts";
import { printResult } from "../print-result.ts";
import { withCluster } from "../with-cluster.ts";

export const command: CommandModule = {
  run({ cli }) {
    return withCluster(cli, { isQuiet: true }, async ({ app }) => {
      const document: RunListDocument = {
        apiVersion: "requorum/v1",
        kind: "RunList",
        cluster: app.config.cluster,
        runs: await listRuns(app),
      };
      printResult(cli, document, () => runListPage(document));
      return "done";
    });
  },
};
