import { elsewhereWords } from "../../app/files/nothing-got.ts";
import type { FileObject, FileObjects } from "../../model/file-objects.ts";
import { logLossWords } from "../../model/log-loss-words.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { checksumLines } from "../../render/checksum-lines.ts";
import { yamlComment } from "../../render/yaml-comment.ts";
import { line, warn } from "../../render/page.ts";
import type { CliContext } from "../cli-context.ts";
import { hasFlag, listArgument, textArgument, textOption, type CommandModule } from "../command-spec.ts";
import { runFileTask } from "../file-work/run-file-task.ts";
import { walDirOption } from "../file-work/wal-dir-option.ts";
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
      prefix: textOption(invocation, "prefix"),
      walDir: walDirOption(invocation),
      committedOnly: hasFlag(invocation, "committed-only"),
      skipsHashCheck: hasFlag(invocation, "skip-hash-check"),
    });
    const withoutChecksum = checksumLines(found.file, found.sha256);
    if (withoutChecksum.length > 0) printNote(cli, withoutChecksum);
    print(cli, found);
    // JSON has no comments.
    if (cli.global.output === "json" && found.leftAside.length > 0) printNote(cli, [line(warn(asideWords(found)))]);
    const shortfalls = shortfallsOf(found);
    if (shortfalls.length === 0) return "done";
    const page = shortfalls.map((words) => line(warn(words)));
    printShortfall(cli, shortfallError(found, shortfalls), page);
    return "findings";
  },
};

/** What was asked for and is not in what is printed. */
function shortfallsOf(found: FileObjects): readonly string[] {
  return [
    ...(found.logLoss === undefined
      ? []
      : [`the log was not read to its end, objects may be older than they were: ${logLossWords(found.logLoss)}`]),
    ...found.unread.map(({ key, why }) => `left out: ${key}: ${why}`),
    ...found.missing.map(({ why }) => why),
    ...(found.elsewhere.length === 0 ? [] : [`left out: ${elsewhereWords(found)}; --prefix takes those`]),
    ...found.objects.flatMap((one) => (one.unknownFieldCount === 0 ? [] : [`not whole: ${one.key}: ${unknownWords(one)}`])),
  ];
}

function unknownWords({ unknownFields, unknownFieldCount }: FileObject): string {
  const fields = unknownFieldCount === 1 ? "a field" : `${String(unknownFieldCount)} fields`;
  const more = unknownFieldCount > unknownFields.length ? ", …" : "";
  return `it lacks ${fields} of a newer Kubernetes than requorum knows (${unknownFields.join(", ")}${more})`;
}

/** The worst reason names it. */
function shortfallError({ file, unread, objects, logLoss }: FileObjects, shortfalls: readonly string[]): RecoveryError {
  const isUnreadable = unread.some(({ isSealed }) => !isSealed) || objects.some((one) => one.unknownFieldCount > 0);
  const code = isUnreadable ? "OBJECT_UNREADABLE" : unread.length > 0 ? "VALUE_SEALED" : "OBJECT_NOT_FOUND";
  return new RecoveryError(logLoss === undefined ? code : "LOG_DOES_NOT_FIT", { subject: `file ${file}`, detail: shortfalls.join("; ") });
}

function print(cli: CliContext, found: FileObjects): void {
  if (cli.global.output === "json") {
    const items = found.objects.map((one) => one.json.replaceAll("\n", "\n    ")).join(",\n    ");
    cli.terminal.objects(`{\n  "apiVersion": "v1",\n  "kind": "List",\n  "items": [\n    ${items}\n  ]\n}\n`);
    return;
  }
  const parts = found.objects.map((one) => {
    const comments = [
      yamlComment(`${one.key} of ${found.file}, written at revision ${String(one.modRevision)}`),
      ...(one.leftOut.length === 0 ? [] : [yamlComment(`left out: ${one.leftOut.join(", ")}`)]),
      ...(one.unknownFieldCount === 0 ? [] : [yamlComment(`not whole: ${unknownWords(one)}`)]),
    ];
    return `${comments.join("")}${one.yaml}`;
  });
  const aside = found.leftAside.length === 0 ? "" : yamlComment(asideWords(found));
  cli.terminal.objects(`${aside}${parts.join("---\n")}`);
}

function asideWords({ leftAside }: FileObjects): string {
  const count = leftAside.reduce((sum, one) => sum + one.objects, 0);
  const each = leftAside.map(({ resource, objects }) => `${String(objects)} ${resource}`).join(", ");
  return `${count === 1 ? "1 object" : `${String(count)} objects`} that the cluster makes again by itself left out (${each}); --all includes them`;
}
