import { resolve } from "node:path";
import { isRemoteSource } from "../../app/files/remote-source.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { etcdMinors, type EtcdMinor } from "../../formats/etcd/restore/restore-plan.ts";
import { restorePage, type RestoreDocument } from "../../render/restore-page.ts";
import { hasFlag, textArgument, textOption, type CommandModule } from "../command-spec.ts";
import { runFileTask } from "../file-work/run-file-task.ts";
import { wholeNumber } from "../file-work/whole-number.ts";
import { printResult } from "../print-result.ts";

export const command: CommandModule = {
  async run(invocation) {
    const { cli } = invocation;
    const name = textOption(invocation, "name") ?? "default";
    const path = textArgument(invocation, "file") ?? "";
    const dataDir = textOption(invocation, "data-dir") ?? `${name}.etcd`;
    refuseTarget(path, dataDir);
    const restored = await runFileTask(cli, "restore", {
      path,
      dataDir,
      name,
      members: membersOf(textOption(invocation, "initial-cluster") ?? `${name}=http://localhost:2380`),
      clusterToken: textOption(invocation, "initial-cluster-token"),
      revisionBump: wholeNumber(textOption(invocation, "bump-revision"), "bump-revision"),
      targetMinor: minorOf(textOption(invocation, "etcd-version")),
      clearsAlarms: hasFlag(invocation, "clear-alarms"),
      committedOnly: hasFlag(invocation, "committed-only"),
      skipsHashCheck: hasFlag(invocation, "skip-hash-check"),
    });
    const document: RestoreDocument = { apiVersion: "requorum/v1", kind: "SnapshotRestore", ...restored };
    printResult(cli, document, () => restorePage(document));
    return "done";
  },
};

/** A data dir is made on this machine, and never in what it is made from: that is only read. */
function refuseTarget(path: string, dataDir: string): void {
  const refuse = (detail: string): never => {
    throw new RecoveryError("USAGE", { subject: "option --data-dir", detail });
  };
  if (isRemoteSource(dataDir)) refuse(`${dataDir}: a data dir is made on this machine only; run requorum on that one, or copy it there`);
  if (!isRemoteSource(path) && `${resolve(dataDir)}/`.startsWith(`${resolve(path)}/`))
    refuse(`${dataDir} is the source or lies in it, and what is read is never written to`);
}

/** `a=https://1:2380,a=https://2:2380,b=…`: a member may have several URLs, as etcd has it. */
function membersOf(text: string): readonly { readonly name: string; readonly peerUrls: readonly string[] }[] {
  const byName = new Map<string, string[]>();
  for (const part of text.split(",")) {
    const at = part.indexOf("=");
    if (at <= 0)
      throw new RecoveryError("USAGE", {
        subject: "option --initial-cluster",
        detail: `${JSON.stringify(part)} is not NAME=URL`,
      });
    const name = part.slice(0, at).trim();
    byName.set(name, [...(byName.get(name) ?? []), part.slice(at + 1).trim()]);
  }
  return [...byName].map(([name, peerUrls]) => ({ name, peerUrls }));
}

function minorOf(text: string | undefined): EtcdMinor | undefined {
  if (text === undefined) return undefined;
  const minor = etcdMinors.find((known) => text === known || text.startsWith(`${known}.`));
  if (minor === undefined)
    throw new RecoveryError("USAGE", { subject: "option --etcd-version", detail: `${text} is none of ${etcdMinors.join(", ")}` });
  return minor;
}
