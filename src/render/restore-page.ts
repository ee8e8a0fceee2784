import type { FileHashKv } from "../model/file-inspection.ts";
import type { FileRestore } from "../model/file-restore.ts";
import { bad, dim, gap, good, line, strong, table, warn, type Inline, type Page } from "./page.ts";
import { checksumLines } from "./checksum-lines.ts";
import { bytesWords, count } from "./words.ts";

export interface RestoreDocument extends FileRestore {
  readonly apiVersion: "requorum/v1";
  readonly kind: "SnapshotRestore";
}
export interface HashKvDocument extends FileHashKv {
  readonly apiVersion: "requorum/v1";
  readonly kind: "SnapshotHashKv";
}

/** What was made, of what, and what the operator must know before he starts it. */
export function restorePage(made: RestoreDocument): Page {
  const bumped = made.revisionBump === undefined ? "" : ` (${String(made.sourceRevision)} and a bump of ${String(made.revisionBump)})`;
  const rows: (readonly Inline[])[] = [
    ["from", made.source],
    ["checksum", checksumWords(made)],
    ["member", `${made.member.name}  ${made.member.id}  ${made.member.peerUrls.join(", ")}`],
    ["cluster", `${made.clusterId}, token ${made.clusterToken}, ${count(made.members.length, "member")}`],
    ["revision", `${String(made.revision)}${bumped}`],
    ["storage", made.storageVersion ?? "none written: etcd brings it up itself"],
    ["database", bytesWords(made.databaseSizeBytes)],
  ];
  if (made.replayedEntries > 0) rows.push(["log", `${count(made.replayedEntries, "entry", "entries")} replayed over the database`]);
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
    ...(made.members.length === 1
      ? []
      : [
          gap,
          line(
            dim(
              `The other members (${made.members
                .filter((one) => one.name !== made.member.name)
                .map((one) => one.name)
                .join(", ")}) need a restore of their own, from the same source with the same options.`,
            ),
          ),
        ]),
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
    ...(found.isComparable
      ? []
      : [line(warn("At exactly the compact revision a running etcd answers with another number; compare at a later revision."))]),
  ];
}
