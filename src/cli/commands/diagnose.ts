import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { observeOnce } from "../../app/observe-cluster.ts";
import { diagnose } from "../../diagnose/diagnose.ts";
import { findingEntryOf } from "../../diagnose/finding-catalogue.ts";
import type { ExitName } from "../../model/error-catalogue.ts";
import type { Diagnosis } from "../../model/finding.ts";
import type { Inventory } from "../../model/inventory.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { diagnosisDocument } from "../../render/diagnosis-document.ts";
import { diagnosisPage } from "../../render/diagnosis-page.ts";
import { redactDocument } from "../../model/redact.ts";
import { line } from "../../render/page.ts";
import { readInventory, writeInventory } from "../../schemas/inventory.ts";
import { textOption, type CommandModule } from "../command-spec.ts";
import type { CliContext } from "../cli-context.ts";
import { printNote, printResult } from "../print-result.ts";
import { withCluster } from "../with-cluster.ts";
import { assertNoFile, writeNewFile } from "../write-file.ts";

export const command: CommandModule = {
  async run(invocation) {
    const { cli } = invocation;
    const from = textOption(invocation, "from");
    const save = textOption(invocation, "save");
    if (from !== undefined) {
      if (save !== undefined)
        throw new RecoveryError("USAGE", { subject: "options --from and --save", detail: "a saved file needs no saving: use one of them" });
      const inventory = readInventory(await readGiven(from), from);
      return await print(cli, { inventory, diagnosis: diagnose(inventory), source: from });
    }
    const file = save === undefined ? undefined : resolve(cli.directories.work, save);
    // What was observed before may be the only record of how it was then.
    if (file !== undefined) await assertNoFile(file);
    return withCluster(cli, { isQuiet: true }, async ({ app, display }) => {
      const look = await observeOnce(app, { depth: "full", memory: "wanted" });
      display.stop();
      if (file !== undefined && save !== undefined) {
        // What is saved is meant to be sent to somebody: it passes the same redaction as the screen.
        await writeNewFile(file, writeInventory(redactDocument(look.inventory)), { replaces: false });
        printNote(cli, [line(`what was observed is in ${save}`)]);
      }
      return await print(cli, { ...look, source: "probes" });
    });
  },
};

function print(
  cli: CliContext,
  given: { readonly inventory: Inventory; readonly diagnosis: Diagnosis; readonly source: string },
): Promise<ExitName> {
  const document = diagnosisDocument(given.diagnosis, {
    cluster: given.inventory.config.cluster,
    source: given.source,
    advise: (code) => findingEntryOf(code) ?? { doNext: [], never: [] },
  });
  printResult(cli, document, () => diagnosisPage(document));
  return Promise.resolve(
    document.findings.length > 0
      ? "findings"
      : given.inventory.hosts.every((host) => host.ssh.kind === "known")
        ? "done"
        : "factsIncomplete",
  );
}

async function readGiven(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new RecoveryError("INVENTORY_FILE_INVALID", { subject: path, detail: "the file could not be read", cause });
  }
}
