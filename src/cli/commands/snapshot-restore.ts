import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parseLiveSource } from "../../app/files/parse-live-source.ts";
import { isRemoteSource } from "../../app/files/remote-source.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { etcdMinors, type EtcdMinor } from "../../formats/etcd/restore/restore-plan.ts";
import { restorePage, type RestoreDocument } from "../../render/restore-page.ts";
import { shellWord } from "../../model/shell-word.ts";
import { hasFlag, textArgument, textOption, type CommandModule, type Invocation } from "../command-spec.ts";
import { runFileTask } from "../file-work/run-file-task.ts";
import { walDirOption } from "../file-work/wal-dir-option.ts";
import { wholeNumber } from "../file-work/whole-number.ts";
import { printResult } from "../print-result.ts";

export const command: CommandModule = {
  async run(invocation) {
    const { cli } = invocation;
    const name = textOption(invocation, "name") ?? "default";
    const path = textArgument(invocation, "file") ?? "";
    const dataDir = textOption(invocation, "data-dir") ?? `${name}.etcd`;
    refuseTarget([path, textOption(invocation, "wal-dir") ?? path], dataDir);
    const members = membersOfCall(invocation, name);
    refuseMarkAlone(invocation);
    refuseSeveralStates(path, members.length);
    const restored = await runFileTask(cli, "restore", {
      path,
      dataDir,
      name,
      members,
      clusterToken: textOption(invocation, "initial-cluster-token"),
      revisionBump: wholeNumber(textOption(invocation, "bump-revision"), "bump-revision"),
      targetMinor: minorOf(textOption(invocation, "etcd-version")),
      clearsAlarms: hasFlag(invocation, "clear-alarms"),
      walDir: walDirOption(invocation),
      acceptsLogDamage: hasFlag(invocation, "accept-log-damage"),
      committedOnly: hasFlag(invocation, "committed-only"),
      skipsHashCheck: hasFlag(invocation, "skip-hash-check"),
    });
    const document: RestoreDocument = { apiVersion: "requorum/v1", kind: "SnapshotRestore", ...restored };
    const others = members
      .filter((one) => one.name !== name)
      .map((other) => ({ name: other.name, call: callFor(invocation, name, other.name) }));
    printResult(cli, document, () => restorePage(document, { others, isAlone: textOption(invocation, "initial-cluster") === undefined }));
    return restored.metaDamage?.isInLog !== false ? "done" : "findings";
  },
};

/** A data dir is made on this machine, and never in what it is made from: that is only read. */
function refuseTarget(sources: readonly string[], dataDir: string): void {
  const refuse = (detail: string): never => {
    throw new RecoveryError("USAGE", { subject: "option --data-dir", detail });
  };
  if (isRemoteSource(dataDir)) refuse(`${dataDir}: a data dir is made on this machine only; run requorum on that one, or copy it there`);
  const target = `${realPath(dataDir)}/`;
  for (const source of sources.filter((one) => !isRemoteSource(one)).map(realPath)) {
    // A file of a data dir is a part of that one.
    const [member = source] = /^.*?\/member(?=\/(?:snap|wal)(?:\/|$))/s.exec(source) ?? [];
    if (target.startsWith(`${source}/`) || target.startsWith(`${member}/`))
      refuse(`${dataDir} is the source or lies in it, and what is read is never written to`);
  }
}

/** Without links, also where the last parts of the path do not exist. */
function realPath(path: string): string {
  const full = resolve(path);
  try {
    return realpathSync(full);
  } catch {
    // What does not exist is no link; who may not look there may not write there either, and learns it from the writer.
    return dirname(full) === full ? full : join(realPath(dirname(full)), basename(full));
  }
}

/** Each member has a restore of its own, and members that begin with different states stay different without anybody noticing. */
function refuseSeveralStates(path: string, memberCount: number): void {
  if (memberCount === 1 || parseLiveSource(path) === undefined) return;
  throw new RecoveryError("USAGE", {
    subject: `source ${path}`,
    detail: `each of the ${String(memberCount)} restores would take a snapshot of its own, and members of one cluster must begin with the same`,
    remedies: [{ why: "save one snapshot, and restore every member from that", command: "etcdctl snapshot save backup.db" }],
  });
}

/** `etcdutl` wants it beside --bump-revision, and nowhere else. */
function refuseMarkAlone(invocation: Invocation): void {
  if (!hasFlag(invocation, "mark-compacted") || textOption(invocation, "bump-revision") !== undefined) return;
  throw new RecoveryError("USAGE", {
    subject: "option --mark-compacted",
    detail: "it goes with --bump-revision, which always does it; there is nothing to mark without a bump",
  });
}

/** The same restore for another member, to be copied: its name, and its data dir where the name is part of that. */
function callFor(invocation: Invocation, own: string, other: string): string {
  const spec = invocation.table.find(({ path }) => path.join(" ") === invocation.verb);
  const given = (spec?.options ?? []).flatMap(({ name }): readonly string[] => {
    const value = textOption(invocation, name);
    switch (name) {
      case "name":
      case "initial-advertise-peer-urls":
        return [];
      case "data-dir":
        return value === undefined ? [] : [`--${name}`, join(dirname(value), basename(value).replaceAll(own, other))];
      default:
        return value !== undefined ? [`--${name}`, value] : hasFlag(invocation, name) ? [`--${name}`] : [];
    }
  });
  const words = ["requorum", "snapshot", "restore", textArgument(invocation, "file") ?? "", "--name", other, ...given];
  return words.map(shellWord).join(" ");
}

type RequestedMember = { readonly name: string; readonly peerUrls: readonly string[] };

/** Of --initial-cluster; --initial-advertise-peer-urls says the same of one member, and must not say anything else. */
function membersOfCall(invocation: Invocation, name: string): readonly RequestedMember[] {
  const advertised = textOption(invocation, "initial-advertise-peer-urls")
    ?.split(",")
    .map((url) => url.trim());
  const cluster = textOption(invocation, "initial-cluster");
  if (cluster === undefined) return [{ name, peerUrls: advertised ?? ["http://localhost:2380"] }];
  const members = membersOf(cluster);
  const own = members.find((one) => one.name === name);
  const sorted = (urls: readonly string[]): string =>
    urls
      .map((url) => url.replace(/\/$/, ""))
      .toSorted()
      .join();
  if (advertised !== undefined && own !== undefined && sorted(advertised) !== sorted(own.peerUrls))
    throw new RecoveryError("USAGE", {
      subject: "option --initial-advertise-peer-urls",
      detail: `it is ${advertised.join(",")}, and --initial-cluster has ${own.peerUrls.join(",")} for ${name}`,
    });
  return members;
}

/** `a=https://1:2380,a=https://2:2380,b=…`: a member may have several URLs, as etcd has it. */
function membersOf(text: string): readonly RequestedMember[] {
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
  const minor = etcdMinors.find((known) => `${text.replace(/^v/, "")}.`.startsWith(`${known}.`));
  if (minor === undefined)
    throw new RecoveryError("USAGE", { subject: "option --etcd-version", detail: `${text} is none of ${etcdMinors.join(", ")}` });
  return minor;
}
