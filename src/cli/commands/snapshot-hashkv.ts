import { RecoveryError } from "../../model/recovery-error.ts";
import { logLossLines } from "../../render/log-loss-lines.ts";
import { hashKvPage, type HashKvDocument } from "../../render/restore-page.ts";
import { hasFlag, textArgument, textOption, type CommandModule } from "../command-spec.ts";
import { runFileTask } from "../file-work/run-file-task.ts";
import { walDirOption } from "../file-work/wal-dir-option.ts";
import { revisionNumber } from "../file-work/whole-number.ts";
import { printNote, printResult } from "../print-result.ts";

export const command: CommandModule = {
  async run(invocation) {
    const { cli } = invocation;
    const etcdVersion = textOption(invocation, "etcd-version")?.replace(/^v/, "");
    if (etcdVersion !== undefined && !/^3\.[4-7](\.\d+)?$/.test(etcdVersion))
      throw new RecoveryError("USAGE", { subject: "option --etcd-version", detail: `${etcdVersion} is none of 3.4 to 3.7` });
    const found = await runFileTask(cli, "hashkv", {
      path: textArgument(invocation, "file") ?? "",
      revision: revisionNumber(textOption(invocation, "revision"), "revision"),
      etcdVersion,
      walDir: walDirOption(invocation),
      acceptsLogDamage: hasFlag(invocation, "accept-log-damage"),
      skipsHashCheck: hasFlag(invocation, "skip-hash-check"),
    });
    const document: HashKvDocument = { apiVersion: "requorum/v1", kind: "SnapshotHashKv", ...found };
    printResult(cli, document, () => hashKvPage(document));
    if (found.logLoss !== undefined) printNote(cli, logLossLines(found.file, found.logLoss));
    return found.logLoss === undefined && found.metaDamage?.isInLog !== false ? "done" : "findings";
  },
};
