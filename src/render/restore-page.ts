import type { FileHashKv } from "../model/file-inspection.ts";
import type { FileRestore } from "../model/file-restore.ts";
import { shellWord } from "../model/shell-word.ts";
import { bad, command, gap, good, line, strong, table, warn, type Inline, type Page } from "./page.ts";
import { checksumLines } from "./checksum-lines.ts";
import { metaDamageLines } from "./meta-damage-lines.ts";
import { missingWords } from "../model/log-loss-words.ts";
import { bytesWords, count } from "./words.ts";

export interface RestoreDocument extends FileRestore {
  readonly apiVersion: "requorum/v1";
  readonly kind: "SnapshotRestore";
}
export interface HashKvDocument extends FileHashKv {
  readonly apiVersion: "requorum/v1";
  readonly kind: "SnapshotHashKv";
}

export interface RestoreNext {
  /** The calls that make the data dirs of the other members, in the order in which these were given. */
  readonly others: readonly { readonly name: string; readonly call: string }[];
  /** Nobody said who the members are: a cluster of one, with etcd's usual URL. */
  readonly isAlone: boolean;
}

/** What was made, of what, and what the operator must know before he starts it. */
export function restorePage(made: RestoreDocument, next: RestoreNext): Page {
  const bumped = made.revisionBump === undefined ? "" : ` (${String(made.sourceRevision)} and a bump of ${String(made.revisionBump)})`;
  const rows: (readonly Inline[])[] = [
    ["from", made.source],
    ["checksum", checksumWords(made)],
    ["member", `${made.member.name}  ${made.member.id}  ${made.member.peerUrls.join(", ")}`],
    ["cluster", `${made.clusterId}, token ${made.clusterToken}, ${count(made.members.length, "member")}`],
    ["revision", `${String(made.revision)}${bumped}`],
    ["storage", storageWords(made)],
    ["database", bytesWords(made.databaseSizeBytes)],
  ];
  if (made.authIsEnabled) rows.push(["auth", warn("on, as in the source: clients need a user of it and the password")]);
  if (made.metaDamage !== undefined)
    rows.push(["damage", made.metaDamage.isInLog ? warn(made.metaDamage.what) : bad(made.metaDamage.what)]);
  if (made.replayedEntries > 0) rows.push(["log", `${count(made.replayedEntries, "entry", "entries")} replayed over the database`]);
  if (made.logLoss !== undefined)
    rows.push(
      ["log", bad(`not whole, as was accepted; ${missingWords(made.logLoss)}`)],
      ...made.logLoss.problems.map((problem) => ["", bad(problem)]),
    );
  if (made.uncertainEntries > 0)
    rows.push([
      "",
      warn(
        `${count(made.uncertainEntries, "entry", "entries")} above the recorded commit index, acknowledged or not is unknown: ${made.uncertainAreIncluded ? "included" : "left out"}`,
      ),
    ]);
  return [
    line([good("RESTORED"), "  ", strong(made.dataDir)]),
    gap,
    table([{ title: "" }, { title: "", isFlexible: true }], rows),
    ...leftoverLines(made),
    gap,
    ...nextLines(made, next),
  ];
}

/** An older etcd than the storage says ends at once. Source: etcd server/storage/schema (UnsafeDetectSchemaVersion, Validate). */
function storageWords({ storageVersion }: RestoreDocument): string {
  if (storageVersion === undefined) return "none written: etcd brings it up itself";
  const minor = storageVersion.split(".").slice(0, 2).join(".");
  return `${storageVersion}: for etcd ${minor} or newer; for an older one restore with --etcd-version`;
}

function leftoverLines({ leftovers }: RestoreDocument): Page {
  if (leftovers.length === 0) return [];
  return [
    gap,
    line(warn("Beside it lies what a restore that was killed has left, or one that is under way now is writing."), 2),
    command(`rm -r ${leftovers.map(shellWord).join(" ")}`, "next: if none is under way, remove it"),
  ];
}

/** What is still to be done: making a data dir starts nothing. Source: etcd's bootstrap with a log takes the members out of that. */
function nextLines(made: RestoreDocument, { others, isAlone }: RestoreNext): Page {
  const dir = shellWord(made.dataDir);
  const name = shellWord(made.member.name);
  const owner = command(`chown -R etcd: ${dir}`, "next: where etcd runs as a user of its own, give it to that user");
  if (isAlone)
    return [
      command(`etcd --name ${name} --data-dir ${dir}`, "next: look into it; a start on this machine, on etcd's usual ports"),
      owner,
      line(
        `Its peer URL is ${made.member.peerUrls.join(", ")}: right for a look, or for a cluster that stays alone. For a control plane give --initial-cluster.`,
        2,
      ),
    ];
  return [
    ...others.map(({ name: other, call }) => command(call, `next: for ${other}, on its machine, from the same file`)),
    owner,
    line(
      `next: start etcd on it with the flags that it had, but --name ${name} and --data-dir ${dir}; who the members are stands in its log, so --initial-cluster does not count. With kubeadm: while the manifests of etcd and kube-apiserver are moved away on all machines, move the old /var/lib/etcd aside and this in its place.`,
      2,
    ),
  ];
}

function checksumWords({ sha256 }: RestoreDocument): Inline {
  if (!sha256.present) return warn("none in the source: it cannot be told from a changed one");
  return sha256.valid === true
    ? good("right")
    : bad("WRONG: the source was changed or cut after etcd wrote it; it was taken all the same (--skip-hash-check)");
}

export function hashKvPage(found: HashKvDocument): Page {
  return [
    table(
      [
        { title: "file", isFlexible: true },
        { title: "hash", align: "right" },
        { title: "hash revision", align: "right" },
        { title: "compact revision", align: "right" },
      ],
      [[found.file, String(found.hash), String(found.revision), String(found.compactRevision)]],
    ),
    ...checksumLines(found.file, found.sha256),
    ...metaDamageLines(found.file, found.metaDamage),
    ...(found.isComparable
      ? []
      : [line(warn("At exactly the compact revision a running etcd answers with another number; compare at a later revision."))]),
  ];
}
