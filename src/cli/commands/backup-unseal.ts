import { resolve } from "node:path";
import { LocalPlainTreeWriter } from "../../adapters/local-fs/local-plain-tree.ts";
import { runningBeside, thisProcess } from "../../adapters/system/node-process-owner.ts";
import { unsealBackup } from "../../app/backup/unseal-backup.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { unsealedDocument, unsealedPage } from "../../render/backup-unsealed.ts";
import { chosenSet, tellPassedOver } from "../backup/chosen-set.ts";
import { openSets } from "../backup/open-sets.ts";
import { neededSetKey } from "../backup/set-key.ts";
import { textArgument, textOption, type CommandModule } from "../command-spec.ts";
import { printResult } from "../print-result.ts";

export const command: CommandModule = {
  async run(invocation) {
    const { cli } = invocation;
    const to = textOption(invocation, "to");
    if (to === undefined) throw new RecoveryError("USAGE", { subject: "option --to", detail: "say where to: --to DIR" });
    const sets = await openSets(invocation);
    try {
      const telling = tellPassedOver(invocation);
      const id = await chosenSet(invocation, sets, textArgument(invocation, "set"), telling);
      const key = await neededSetKey(invocation, sets, id);
      const owner = await thisProcess();
      const tree = new LocalPlainTreeWriter({ owner, isRunning: runningBeside(owner) });
      const unsealed = await unsealBackup(
        { reading: sets.reading, tree, signal: cli.signal },
        { id, key, directory: resolve(cli.directories.work, to) },
      );
      const document = unsealedDocument(unsealed, sets.reading.store.place);
      printResult(cli, { ...document, passedOver: telling.passedOver }, () => unsealedPage(document));
      return "done";
    } finally {
      await sets.close();
    }
  },
};
