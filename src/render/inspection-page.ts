import type { FileInspection, FileLogLoss, KeySize, ResourceSize } from "../model/file-inspection.ts";
import { missingWords } from "../model/log-loss-words.ts";
import { formWords, remarkLines } from "./file-check-page.ts";
import { bad, dim, gap, good, heading, item, line, strong, table, warn, type Block, type Inline, type Page } from "./page.ts";
import { bytesWords, count, orUnknown } from "./words.ts";

export interface InspectionDocument extends FileInspection {
  readonly apiVersion: "requorum/v1";
  readonly kind: "SnapshotInspection";
}

/** Resources and keys that a screen has room for. */
const maxRows = 15;

/** What is in the file, by how much it weighs. */
export function inspectionPage(seen: InspectionDocument): Page {
  return [
    line([
      strong(seen.file),
      dim(`  ${formWords(seen.form)}, ${seen.form === "data-dir" ? "its database has " : ""}${bytesWords(seen.fileSizeBytes)}`),
    ]),
    gap,
    table([{ title: "" }, { title: "", isFlexible: true }], facts(seen)),
    ...problems(seen),
    ...remarkLines(seen),
    gap,
    heading(seen.form === "data-dir" ? "What fills its database, without the log" : "What fills it"),
    resourceTable(seen.byResource),
    ...more(seen.byResource.length, "resources"),
    ...keyTable("Largest keys", seen.largest),
    ...keyTable("Top growers: all revisions of one key together", seen.growers),
  ];
}

function facts(seen: InspectionDocument): readonly (readonly Inline[])[] {
  const compaction = seen.compactRevision === undefined ? "never compacted" : `compacted at ${String(seen.compactRevision)}`;
  return [
    ["checksum", checksumWords(seen)],
    ["structure", seen.structure.verdict === "good" ? good("good") : bad(`damaged: ${count(seen.structure.problemCount, "problem")}`)],
    ...(seen.metaDamage?.isInLog === true ? [["", warn(seen.metaDamage.what)]] : []),
    ["hash", seen.hash],
    ["revision", `${String(seen.revision)} (${compaction})`],
    ["keys", `${String(seen.totalKeys)} live; ${String(seen.totalEntries)} entries in all buckets (what etcd 3.4 and 3.5 call total keys)`],
    ["database", `${bytesWords(seen.totalSizeBytes)}, of which ${bytesWords(seen.freeSizeBytes)} are free pages`],
    ["schema", `etcd ${seen.schemaVersion}${seen.clusterVersion === undefined ? "" : `, cluster version ${seen.clusterVersion}`}`],
    ["raft", ["consistent index ", orUnknown(seen.consistentIndex), ", term ", orUnknown(seen.term)].flatMap(spans)],
    ...logFacts(seen),
    ["leases", String(seen.leases)],
    ["alarms", seen.alarms.length === 0 ? "none" : warn(seen.alarms.map((one) => `${one.alarm} on ${one.memberId}`).join(", "))],
    ["auth", seen.auth.isEnabled ? `on, ${count(seen.auth.users.length, "user")}` : "off"],
    ["kubernetes", seen.registryPrefix === undefined ? "no keys of Kubernetes" : `keys below ${seen.registryPrefix}`],
    ["members", seen.members.length === 0 ? "none" : ""],
    ...seen.members.map((member) => [
      "",
      `${member.id}  ${member.name || "(never started)"}${member.isLearner ? " (learner)" : ""}  ${member.peerUrls.join(", ")}`,
    ]),
  ];
}

function logFacts({ log, logLoss }: InspectionDocument): readonly (readonly Inline[])[] {
  const loss = logLoss === undefined ? [] : [["log", bad(`${lossKindWords[logLoss.kind]}; ${missingWords(logLoss)}`)]];
  if (log === undefined) return loss;
  const rows: (readonly Inline[])[] = [
    ...loss,
    [
      loss.length === 0 ? "log" : "",
      `${count(log.entries, "entry", "entries")} above the database, up to index ${String(log.lastIndex)}: revision ${String(log.revision)} ${logLoss === undefined ? "after a start" : "after what continues it"}`,
    ],
  ];
  if (log.uncertainEntries > 0)
    rows.push([
      "",
      warn(
        `${count(log.uncertainEntries, "entry", "entries")} (${count(Number(log.uncertainRevisions), "revision")}) above the recorded commit index ${String(log.recordedCommit)}: acknowledged or not is unknown`,
      ),
    ]);
  if (log.notReplayed > 0) rows.push(["", bad(`${count(log.notReplayed, "entry", "entries")} cannot be applied by requorum`)]);
  return rows;
}

const lossKindWords: { readonly [Kind in FileLogLoss["kind"]]: string } = {
  missing: "there is none",
  broken: "damaged",
  behind: "ends too early",
  "does-not-fit": "does not continue the database",
  "not-applicable": "cannot be applied",
  beside: "not read",
};

function spans(part: Inline): readonly (string | Exclude<Inline, string | readonly unknown[]>)[] {
  return typeof part === "string" ? [part] : "tone" in part ? [part] : part;
}

function checksumWords(seen: InspectionDocument): Inline {
  if (!seen.sha256.present) return warn("none in the file: it is not a snapshot stream, so it cannot be told from a changed one");
  return seen.sha256.valid === true
    ? good("sha256 at the end is right")
    : bad("the content does not have the sha256 at its end: changed or cut");
}

function problems(seen: InspectionDocument): readonly Block[] {
  return seen.structure.problems
    .slice(0, maxRows)
    .map((problem) => item(bad(problem.offset === undefined ? problem.what : `byte ${String(problem.offset)}: ${problem.what}`)));
}

function resourceTable(resources: readonly ResourceSize[]): Block {
  return table(
    [
      { title: "resource", isFlexible: true },
      { title: "objects", align: "right" },
      { title: "size", align: "right" },
      { title: "revisions", align: "right", hideBelow: 70 },
      { title: "with revisions", align: "right", hideBelow: 70 },
    ],
    resources
      .slice(0, maxRows)
      .map((one) => [one.resource, String(one.objects), bytesWords(one.bytes), String(one.revisions), bytesWords(one.revisionBytes)]),
  );
}

function keyTable(title: string, keys: readonly KeySize[]): readonly Block[] {
  if (keys.length === 0) return [];
  return [
    gap,
    heading(title),
    table(
      [
        { title: "key", isFlexible: true },
        { title: "size", align: "right" },
        { title: "revisions", align: "right" },
        { title: "together", align: "right" },
      ],
      keys
        .slice(0, 5)
        .map((one) => [
          one.isLive ? one.key : [one.key, dim(" (deleted)")],
          bytesWords(one.bytes),
          String(one.revisions),
          bytesWords(one.revisionBytes),
        ]),
    ),
  ];
}

function more(total: number, what: string): readonly Block[] {
  return total > maxRows ? [line(dim(`and ${String(total - maxRows)} more ${what}, see -o json`), 2)] : [];
}
