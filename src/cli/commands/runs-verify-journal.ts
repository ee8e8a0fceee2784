import { chosenRun } from "../../app/resume-run.ts";
import { readRun } from "../../app/run-records.ts";
import { journalDoubts } from "../../execute/journal/journal-doubts.ts";
import type { JournalDocument } from "../../render/run-document.ts";
import { journalPage } from "../../render/run-page.ts";
import { textArgument, type CommandModule } from "../command-spec.ts";
import { printResult } from "../print-result.ts";
import { withCluster } from "../with-cluster.ts";

export const command: CommandModule = {
  run(invocation) {
    const { cli } = invocation;
    return withCluster(cli, { isQuiet: true }, async ({ app }) => {
      const run = await chosenRun(app, textArgument(invocation, "run"));
      // Reading verifies: a damaged journal or plan ends here with JOURNAL_CORRUPT or PLAN_INVALID.
      const record = await readRun(app, run);
      const { journal } = record;
      const doubts = journalDoubts(record);
      const document: JournalDocument = {
        apiVersion: "requorum/v1",
        kind: "JournalVerification",
        run,
        isIntact: doubts.length === 0,
        doubts,
        lines: journal.lineCount,
        lastHash: journal.lastHash,
        unknownKinds: journal.unknownKinds,
      };
      printResult(cli, document, () => journalPage(document));
      return doubts.length === 0 ? "done" : "factsIncomplete";
    });
  },
};
