import type { BackupMark } from "../model/backup-set.ts";
import { lostWords, type SeenSet } from "../model/seen-sets.ts";
import type {
  BackupCreatedDocument,
  BackupListDocument,
  BackupProofSummary,
  BackupSetDocument,
  BackupSetSummary,
  ListedBackup,
} from "./backup-document.ts";
import { scheduleReason, scheduleWords } from "./backup-run.ts";
import {
  bad,
  command,
  dim,
  gap,
  good,
  heading,
  item,
  line,
  strong,
  table,
  warn,
  type Block,
  type Inline,
  type Page,
  type Span,
} from "./page.ts";
import { ageWords, bytesWords, count, secondsWords, timeWords } from "./words.ts";

/** Objects that a screen has room for. */
const resourcesShown = 20;

export function backupCreatedPage({ set, store, tookSeconds, remarks }: BackupCreatedDocument): Page {
  return [
    line([
      set.marks.length === 0 ? good("backed up") : warn("backed up, with marks"),
      `  set `,
      strong(set.id),
      dim(`  in ${secondsWords(tookSeconds)}, to ${store}`),
    ]),
    line(
      `revision ${String(set.revision)}, ${count(set.totalKeys, "key")}, snapshot of ${set.sourceHost} with ${bytesWords(set.snapshotBytes)}, hashkv ${String(set.hashKv)}`,
      2,
    ),
    ...markBlocks(set.marks),
    ...remarks.map((remark) => item(warn(remark))),
    gap,
    command(`requorum backup show ${set.id}`, "what is in it"),
    command("requorum backup list", "all sets of the store, and what is proven of each"),
  ];
}

/** Beside what was taken out of a set, where nobody looked at it first. Nothing of a clean set. */
export function setMarksPage({ id, marks }: { readonly id: string; readonly marks: readonly BackupMark[] }): Page {
  return marks.length === 0 ? [] : [line(warn(`set ${id} is marked:`)), ...markBlocks(marks)];
}

export function markBlocks(marks: readonly BackupMark[]): readonly Block[] {
  return marks.map(({ code, because }) => item([warn(code), `  ${because}`]));
}

function lostBlocks(lost: SeenSet | undefined, store: string): readonly Block[] {
  return lost === undefined ? [] : [item(bad(lostWords(lost, store)))];
}

/** Newest first. */
export function backupListPage(list: BackupListDocument): Page {
  if (list.sets.length === 0)
    return [
      line(`no backup sets in ${list.store}`),
      ...(list.isStore
        ? []
        : [line(warn("nothing of a store is there: none was begun, it is another place, or a disk that is not mounted"), 2)]),
      ...lostBlocks(list.lost, list.store),
      ...list.remarks.map((remark) => item(warn(remark))),
      ...(list.lost === undefined || list.isStore
        ? [command("requorum backup create", "make the first one")]
        : [
            command(
              "requorum backup create --new-store",
              "mount the disk, and list again; only if that store is gone for good: begin a new one",
            ),
          ]),
      ...scheduleBlocks(list),
      signerLine(list),
    ];
  const readable = list.sets.flatMap((one) => (one.state === "damaged" ? [] : [one]));
  const shows = {
    cluster: readable.some(({ set }) => set.cluster !== list.cluster),
    rto: readable.some(({ proof }) => proof?.expectedRto !== undefined),
  };
  return [
    line([strong(list.store), dim(`  ${count(list.sets.length, "set")}`)]),
    ...lostBlocks(list.lost, list.store),
    ...list.remarks.map((remark) => item(warn(remark))),
    gap,
    table(
      [
        { title: "set" },
        { title: "age", align: "right", hideBelow: 45 },
        ...(shows.cluster ? [{ title: "cluster" }] : []),
        { title: "revision", align: "right", hideBelow: 55 },
        { title: "keys", align: "right", hideBelow: 60 },
        { title: "snapshot", align: "right", hideBelow: 70 },
        { title: "proven" },
        { title: "score", align: "right", hideBelow: 50 },
        ...(shows.rto ? [{ title: "back in", align: "right" as const, hideBelow: 90 }] : []),
        // A mark is never left out.
        { title: "marks", isFlexible: true, ...(readable.some(({ set }) => set.marks.length > 0) ? {} : { hideBelow: 40 }) },
      ],
      list.sets.map((one) => listRow(one, shows)),
    ),
    ...list.sets.flatMap(problemBlocks),
    gap,
    ...scheduleBlocks(list),
    signerLine(list),
  ];
}

function signerLine({ publicKey }: BackupListDocument): Block {
  return line(
    dim(
      publicKey === undefined ? "this machine has signed nothing yet: its first set makes the key" : `this machine signs with ${publicKey}`,
    ),
  );
}

/** Nothing where nothing is scheduled: another machine may do it. */
function scheduleBlocks({ schedule, lost, store }: BackupListDocument): readonly Block[] {
  if (schedule === undefined) return [];
  const told = lost === undefined ? undefined : lostWords(lost, store);
  return [line(["scheduled here: ", ...scheduleWords(schedule)]), ...scheduleReason(schedule, told)];
}

function listRow(one: ListedBackup, shows: { readonly cluster: boolean; readonly rto: boolean }): readonly Inline[] {
  const optional = (isShown: boolean, cell: Inline): readonly Inline[] => (isShown ? [cell] : []);
  if (one.state === "damaged")
    return [bad(shortName(one.object)), "", ...optional(shows.cluster, ""), "", "", "", bad("damaged"), "", ...optional(shows.rto, ""), ""];
  const { set, proof } = one;
  const marks = [...new Set(set.marks.map(({ code }) => code))];
  return [
    strong(set.id),
    one.ageSeconds === undefined ? bad("in the future") : secondsWords(one.ageSeconds),
    ...optional(shows.cluster, set.cluster),
    String(set.revision),
    String(set.totalKeys),
    bytesWords(set.snapshotBytes),
    one.state === "untrusted" ? bad("not trusted") : proofSpan(one),
    proof === undefined ? "" : String(proof.score),
    ...optional(
      shows.rto,
      proof?.expectedRto === undefined ? "" : secondsWords(proof.expectedRto.apiSeconds ?? proof.expectedRto.etcdSeconds),
    ),
    marks.length === 0 ? dim("none") : warn(marks.join(", ")),
  ];
}

function proofSpan({ proof, standing }: Pick<BackupSetDocument, "proof" | "standing">): Span {
  if (proof === undefined) return standing === "fails" ? bad("fails") : warn("never tried");
  const unread = unreadWords(proof);
  if (proof.level === undefined) return standing === "fails" ? bad("fails") : warn(standing === "unknown" ? "unreadable" : "not proven");
  // As `restorabilityOf` says it: what holds below is not all that is known.
  const [failing] = proof.because.flatMap((words) => /^V\d fails(?=: )/.exec(words)?.[0] ?? []);
  if (failing !== undefined) return bad(`${proof.level}, ${failing}`);
  return unread === undefined ? good(proof.level) : warn(`${proof.level}, ${unread.startsWith("a proof") ? "proof " : ""}unreadable`);
}

/** As `restorabilityOf` says it: it may be whole, and may be lost. */
export function unreadWords(proof: Pick<BackupProofSummary, "because"> | undefined): string | undefined {
  return proof?.because.find((words) => /^(?:what is stored could not be read|a proof of it cannot be read)/.test(words));
}

function problemBlocks(one: ListedBackup): readonly Block[] {
  if (one.state === "trusted") {
    if (one.because === "") return [];
    return [item([one.standing === "fails" ? bad(one.set.id) : warn(one.set.id), `  ${one.because}`])];
  }
  const name = one.state === "damaged" ? shortName(one.object) : one.set.id;
  return [item([bad(`${name}: ${one.state === "damaged" ? "damaged" : "not trusted"}`), `  ${one.because}`])];
}

function shortName(object: string): string {
  return object.replace(/^sets\//, "").replace(/\.json$/, "");
}

export function backupSetPage(seen: BackupSetDocument): Page {
  const { set } = seen;
  return [
    line([strong(set.id), dim(`  ${ageWords({ ...set, ...seen })}, in ${seen.store}`)]),
    ...(seen.ageSeconds === undefined ? [line(bad("made with a wrong clock, or this machine's clock is wrong"))] : []),
    ...(seen.state === "untrusted" ? [line(bad(`not trusted: ${seen.because}`))] : []),
    ...markBlocks(set.marks),
    gap,
    table([{ title: "" }, { title: "", isFlexible: true }], facts(seen)),
    gap,
    heading("What is in it"),
    contentsTable(seen),
    ...filesBlocks(seen),
    gap,
    heading("Live objects"),
    table(
      [
        { title: "resource", isFlexible: true },
        { title: "objects", align: "right" },
      ],
      [...seen.objects]
        .sort((one, other) => other.count - one.count)
        .slice(0, resourcesShown)
        .map((one) => [one.resource, String(one.count)]),
    ),
    ...(seen.objects.length > resourcesShown
      ? [line(dim(`and ${String(seen.objects.length - resourcesShown)} more resources, see -o json`), 2)]
      : []),
  ];
}

function facts(seen: BackupSetDocument): readonly (readonly Inline[])[] {
  const { set } = seen;
  return [
    ["made", `${timeWords(set.createdAt)} by ${set.createdBy}, ${set.program}`],
    ["cluster", `${set.cluster}${set.clusterId === undefined ? "" : `, etcd's cluster id ${set.clusterId}`}`],
    ["versions", `Kubernetes ${set.kubernetesVersion ?? "unknown"}, etcd ${set.etcdVersion ?? "unknown"}`],
    ["snapshot", snapshotWords(set)],
    [
      "revision",
      `${String(set.revision)}, compacted at ${String(set.compactRevision)}; ${count(set.totalKeys, "key")}, hashkv ${String(set.hashKv)}`,
    ],
    ["members", seen.members.length === 0 ? "not known" : ""],
    ...seen.members.map((member) => [
      "",
      `${member.id}  ${member.name || "(never started)"}${member.isLearner ? " (learner)" : ""}  ${member.peerUrls.join(", ")}`,
    ]),
    ["stored", `${bytesWords(set.storedBytes)} in ${count(seen.packs, "pack")}, which other sets may share`],
    ["opens with", [...seen.recipients, ...(seen.opensWithPassphrase ? ["the passphrase"] : [])].join(", ")],
    ["signed by", seen.signers.join(", ")],
    ["proven", provenWords(seen)],
  ];
}

function provenWords(seen: BackupSetDocument): Inline {
  const { proof } = seen;
  if (proof === undefined)
    return [proofSpan(seen), ...(seen.state === "trusted" && seen.because !== "" ? [warn(`; ${seen.because}`)] : [])];
  const { expectedRto } = proof;
  const api = expectedRto?.apiSeconds === undefined ? "" : `, the API after ${secondsWords(expectedRto.apiSeconds)}`;
  return [
    proofSpan(seen),
    dim(`  ${timeWords(proof.at)}, score ${String(proof.score)} of 100`),
    ...(expectedRto === undefined ? [] : [`; in the sandbox etcd was back after ${secondsWords(expectedRto.etcdSeconds)}${api}`]),
    ...(proof.because.length === 0 ? [] : [warn(`; ${proof.because.join("; ")}`)]),
  ];
}

function snapshotWords(set: BackupSetSummary): string {
  const member = set.sourceMember === undefined ? "" : ` (member ${set.sourceMember})`;
  const form = set.form === "stream" ? "streamed from" : "data dir of the stopped member on";
  return `${bytesWords(set.snapshotBytes)}, ${form} ${set.sourceHost}${member}`;
}

function filesBlocks({ files = [] }: BackupSetDocument): readonly Block[] {
  const [first] = files;
  if (first === undefined) return [];
  return [
    gap,
    heading(`Files of ${first.host}`),
    table(
      [{ title: "kind" }, { title: "size", align: "right" }, { title: "mode", hideBelow: 90 }, { title: "path", isFlexible: true }],
      files.map(({ kind, type, path, target, sizeBytes, mode }) =>
        type === "symlink" ? [kind, "link", "", `${path} -> ${target ?? ""}`] : [kind, bytesWords(sizeBytes), mode, path],
      ),
    ),
  ];
}

/** A row for every machine, and one for the cluster. */
function contentsTable(seen: BackupSetDocument): Block {
  const hosts = [...new Set(seen.contents.map(({ host }) => host))];
  return table(
    [{ title: "of" }, { title: "parts", isFlexible: true }],
    hosts.map((host) => [
      host ?? "the cluster",
      seen.contents
        .filter((one) => one.host === host)
        .map((one) => `${one.kind} ${String(one.count)}`)
        .join(", "),
    ]),
  );
}
