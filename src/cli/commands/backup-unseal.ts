import { resolve } from "node:path";
import { LocalPlainTreeWriter } from "../../adapters/local-fs/local-plain-tree.ts";
import { findSet } from "../../app/backup/find-set.ts";
import { unsealBackup } from "../../app/backup/unseal-backup.ts";
import type { BackupSetId } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { shellWord } from "../../model/shell-word.ts";
import { unsealedDocument, unsealedPage } from "../../render/backup-unsealed.ts";
import { openSets, setKeyOf, type OpenSets } from "../backup/open-sets.ts";
import { textArgument, textOption, type CommandModule, type Invocation } from "../command-spec.ts";
import { printResult } from "../print-result.ts";

export const command: CommandModule = {
  async run(invocation) {
    const { cli } = invocation;
    const to = textOption(invocation, "to");
    if (to === undefined) throw new RecoveryError("USAGE", { subject: "option --to", detail: "say where to: --to DIR" });
    const sets = await openSets(invocation);
    try {
      const id = await idOf(invocation, sets);
      const key = await setKeyOf(invocation, sets);
      const unsealed = await unsealBackup(
        { reading: sets.reading, tree: new LocalPlainTreeWriter(), signal: cli.signal },
        { id, key, directory: resolve(cli.directories.work, to) },
      );
      const document = unsealedDocument(unsealed, sets.reading.store.place);
      printResult(cli, document, () => unsealedPage(document));
      return "done";
    } finally {
      await sets.close();
    }
  },
};

/** The set that is meant, if a known key signed it. */
async function idOf(invocation: Invocation, { reading, cluster, keys }: OpenSets): Promise<BackupSetId> {
  const name = textArgument(invocation, "set") ?? "latest";
  if (cluster === undefined && name === "latest")
    throw new RecoveryError("USAGE", {
      subject: "argument set",
      detail:
        "without a configuration nothing says which cluster's newest set is meant: give the set's name, as the store has it below sets/",
    });
  const context = { backup: { ...reading, keys }, trust: reading.trust, signal: invocation.cli.signal };
  const found = await findSet(context, { name, cluster: cluster ?? "" });
  if (found.kind === "trusted") return found.id;
  const [signer = ""] = found.signers;
  const words = (invocation.table.find(({ path }) => path.join(" ") === invocation.verb)?.options ?? []).flatMap((option) => {
    const value = textOption(invocation, option.name);
    return value === undefined ? [] : [`--${option.name}`, value];
  });
  const again = ["requorum", "backup", "unseal", found.id, ...words, ...identityWords(invocation), "--trust-signer", signer];
  throw new RecoveryError("BACKUP_SET_UNTRUSTED", {
    subject: `set ${found.id}`,
    detail: found.because,
    remedies: [
      {
        why: "if you know this key, as from `requorum backup list` on the machine that makes the backups, say so",
        command: again.map(shellWord).join(" "),
      },
    ],
  });
}

function identityWords(invocation: Invocation): readonly string[] {
  const files = invocation.options["identity"];
  return Array.isArray(files) ? files.flatMap((file) => ["--identity", String(file)]) : [];
}
