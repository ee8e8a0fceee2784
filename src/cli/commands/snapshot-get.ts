import { stringify } from "yaml";
import type { FileObjects } from "../../model/file-objects.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { line, warn, type Page } from "../../render/page.ts";
import type { CliContext } from "../cli-context.ts";
import { hasFlag, listArgument, textArgument, textOption, type CommandModule } from "../command-spec.ts";
import { runFileTask } from "../file-work/run-file-task.ts";
import { wholeNumber } from "../file-work/whole-number.ts";
import { printNote, printShortfall } from "../print-result.ts";

/**
 * The result is made for kubectl, also as JSON: a List of objects and not a
 * document of ours. Nothing is redacted: the objects were asked for.
 */
export const command: CommandModule = {
  async run(invocation) {
    const { cli } = invocation;
    const [what, ...names] = listArgument(invocation, "what");
    const found = await runFileTask(cli, "get", {
      path: textArgument(invocation, "file") ?? "",
      selection: {
        what,
        names,
        namespace: hasFlag(invocation, "all-namespaces") ? undefined : textOption(invocation, "namespace"),
        selector: textOption(invocation, "selector"),
      },
      revision: wholeNumber(textOption(invocation, "revision"), "revision") ?? 0n,
      isRaw: hasFlag(invocation, "raw"),
      encryptionConfig: textOption(invocation, "encryption-config"),
      includesMadeAgain: hasFlag(invocation, "all"),
      committedOnly: hasFlag(invocation, "committed-only"),
      skipsHashCheck: hasFlag(invocation, "skip-hash-check"),
    });
    print(cli, found);
    // JSON has no comments.
    if (cli.global.output === "json" && found.leftAside.length > 0) printNote(cli, [line(warn(asideWords(found)))]);
    if (found.sealed.length > 0) printShortfall(cli, sealedError(found), sealedPage(found));
    return found.sealed.length === 0 ? "done" : "findings";
  },
};

function sealedPage({ sealed }: FileObjects): Page {
  return sealed.map(({ key, why }) => line(warn(`left out: ${key}: ${why}`)));
}

function sealedError({ file, sealed }: FileObjects): RecoveryError {
  return new RecoveryError("VALUE_SEALED", {
    subject: `file ${file}`,
    detail: `left out: ${sealed.map(({ key, why }) => `${key}: ${why}`).join("; ")}`,
  });
}

function print(cli: CliContext, found: FileObjects): void {
  if (cli.global.output === "json") {
    const items = found.objects.map((one) => one.json.replaceAll("\n", "\n    ")).join(",\n    ");
    cli.terminal.objects(`{\n  "apiVersion": "v1",\n  "kind": "List",\n  "items": [\n    ${items}\n  ]\n}\n`);
    return;
  }
  const parts = found.objects.map((one) => {
    const leftOut = one.leftOut.length === 0 ? "" : `# left out: ${one.leftOut.join(", ")}\n`;
    return `${comment(`${one.key} of ${found.file}, written at revision ${String(one.modRevision)}`)}${leftOut}${one.yaml}`;
  });
  const aside = found.leftAside.length === 0 ? "" : comment(asideWords(found));
  cli.terminal.objects(`${aside}${parts.join("---\n")}`);
}

function asideWords({ leftAside }: FileObjects): string {
  const count = leftAside.reduce((sum, one) => sum + one.objects, 0);
  const each = leftAside.map(({ resource, objects }) => `${String(objects)} ${resource}`).join(", ");
  return `${count === 1 ? "1 object" : `${String(count)} objects`} that the cluster makes again by itself left out (${each}); --all includes them`;
}

/** One line, whatever the file is called. */
function comment(text: string): string {
  return `# ${stringify(text, { lineWidth: 0 }).trim().replaceAll("\n", " ")}\n`;
}
