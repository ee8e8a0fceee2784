import type { ClusterModel } from "../../model/cluster-model.ts";
import type { RestorePartsGoal } from "../../model/plan.ts";
import { isAccepted, isAcceptedByPath, refusalWords, type DoubtedFiles } from "../../model/restore-doubt.ts";
import {
  isSameState,
  type CertificateIssue,
  type CommonFile,
  type FileState,
  type RestorableKind,
  type RestoredDirectory,
  type RestoredFile,
} from "../../model/restored-file.ts";
import type { StepArgs } from "../../model/step.ts";
import { shellWord } from "../../model/shell-word.ts";
import { authorityVerdict, changesSharedKey, dependsOnCa, issueWords, sharedKeyVerdict } from "../steps/host-restore-files.ts";
import { verdictWords } from "../projected-steps.ts";
import { notPossible, type Candidate } from "./candidate.ts";

/** A file of the set beside what lies at its place. */
export interface WantedFile {
  readonly path: string;
  readonly kind: RestorableKind;
  /** undefined: not known. */
  readonly now: FileState | undefined;
  /** Of what is absent: the nearest directory above it that is there. */
  readonly nearest: string | undefined;
  readonly becomes: RestoredFile["becomes"];
  /** Why it is not known what lies there. */
  readonly why?: string | undefined;
  readonly ends?: RestoredFile["ends"] | undefined;
  /** Why it would be worth nothing beside what the machine has, in a sentence. */
  readonly problem?: string | undefined;
  readonly issued?: CertificateIssue | undefined;
  readonly shared?: RestoredFile["shared"] | undefined;
  /** The machine's files and links by which it was judged, and which nobody asked for. */
  readonly companions?: readonly { readonly path: string; readonly was: FileState }[] | undefined;
  /** By its name rotation or a person left it behind, no link of the set leads to it, and nobody asked for just it. */
  readonly isLeftover?: boolean | undefined;
  /** By its name: the key of a certificate, or the certificate of a key. */
  readonly otherHalf?: string | undefined;
}

/** What the set says, and what was looked at on the machine. */
export interface WantedParts {
  readonly manifestSha256: string;
  /** What was asked for. */
  readonly files: readonly WantedFile[];
  /** Every file that the set has of the machine: what a missing directory's owner and mode are told by. */
  readonly facts: readonly { readonly path: string; readonly mode: number; readonly uid: number; readonly gid: number }[];
  /** CA certificates of the set. `says`: what they, and those of other machines that differ, say of themselves. */
  readonly authorities: readonly (CommonFile & { readonly says?: string | undefined })[];
  /** Every etcd cluster id that answers, and the set's. */
  readonly clusterIds: { readonly live: readonly string[]; readonly ofSet: string | undefined };
  readonly nowIso: string;
}

/** One step that puts back what differs; refused with each reason when it is not proven that it belongs there. */
export function planRestoreParts(model: ClusterModel, goal: RestorePartsGoal, wanted: WantedParts): Candidate {
  const differing = wanted.files.filter(({ now, becomes }) => now === undefined || !isSameState(now, becomes));
  const ended = differing.filter((file) => isLeftOut(goal, file, wanted.nowIso));
  // A pair goes together: a key without its certificate is as much of a broken pair as both of different keys.
  const leftOut = differing.filter((file) => ended.includes(file) || ended.some(({ otherHalf }) => otherHalf === file.path));
  const leftWords = ended.map((file) => leftOutWords(file, leftOut));
  const open = differing.filter((file) => !leftOut.includes(file));
  const name = "restore-parts";
  // Also of what is as in the set: beside another half it is of no more use.
  const same = wanted.files.filter((file) => !differing.includes(file)).flatMap(({ problem }) => problem ?? []);
  if (open.length === 0 && same.length > 0) return notPossible(name, ...new Set(same));
  if (open.length === 0) {
    const done = `Everything${leftOut.length > 0 ? " else" : ""} that was asked for is on ${goal.host} as set ${goal.set} has it.`;
    return { kind: "impossible", name, missing: [...leftWords, done], isNeeded: false };
  }
  const files = filesOf(open);
  const authorities = files.some(dependsOnCa)
    ? wanted.authorities.map(({ path, tag, through }) => ({ path, tag, ...(through === undefined ? {} : { through }) }))
    : [];
  const doubts = doubtsOf(model, goal, { wanted, files });
  const problems = [...open.flatMap((file) => fileProblems(goal, file)), ...same, ...partOf(doubts, goal, false).map(refusalWords)];
  if (problems.length > 0) return notPossible(name, ...new Set(problems));
  const { host, set } = goal;
  const { manifestSha256 } = wanted;
  const directories = missingDirectories(open, wanted.facts);
  const accepts = partOf(doubts, goal, true);
  const companions = companionsOf(open);
  return {
    kind: "possible",
    name,
    steps: [{ kind: "host.restoreFiles", args: { host, set, manifestSha256, directories, files, companions, authorities, accepts } }],
    loss: {
      revisions: 0n,
      objects: 0,
      seconds: 0,
      words: "Nothing of etcd's data is touched; files that are replaced are kept aside on the machine.",
    },
    because: `${String(files.length)} of ${String(wanted.files.length)} files are not on ${host} as the set has them.`,
    reasons: leftWords,
  };
}

function filesOf(open: readonly WantedFile[]): readonly RestoredFile[] {
  return open.flatMap(({ path, kind, now, becomes, ends, issued, shared }): RestoredFile[] => {
    if (now === undefined) return [];
    const facts = {
      ...(ends === undefined ? {} : { ends }),
      ...(issued === undefined ? {} : { issued }),
      ...(shared === undefined ? {} : { shared }),
    };
    return [{ path, kind, was: now, becomes, ...facts }];
  });
}

function companionsOf(open: readonly WantedFile[]): StepArgs["host.restoreFiles"]["companions"] {
  const restored = new Set(open.map(({ path }) => path));
  const beside = open.flatMap(({ companions = [] }) => companions.filter(({ path }) => !restored.has(path)));
  return [...new Map(beside.map((one) => [one.path, one])).values()];
}

/** What rotation or a person left behind, and has ended besides: nothing reads it, so it must not hold up the rest. */
function isLeftOut({ accepts }: RestorePartsGoal, { path, isLeftover, ends }: WantedFile, nowIso: string): boolean {
  return isLeftover === true && hasEnded(ends, nowIso) && !isAcceptedByPath(accepts, "EXPIRED", path);
}

function leftOutWords({ path, ends, otherHalf }: WantedFile, leftOut: readonly WantedFile[]): string {
  const key = leftOut.some((file) => file.path === otherHalf) ? `, and ${otherHalf ?? ""} with it` : "";
  return `Left out: ${path}${key}. By its name it is a copy that nothing reads any more, and its certificate ended ${ends?.becomes ?? ""}. If it is wanted, name it: --accept ${shellWord(`EXPIRED=${path}`)}.`;
}

/** Made anew at every boot, or not a machine's own to be changed; the checker has its own list. */
const neverRestored = /^\/(?:dev|proc|sys|run|boot|var\/lib\/requorum)(?:\/|$)/;

function fileProblems({ host }: RestorePartsGoal, { path, now, why, problem, becomes }: WantedFile): readonly string[] {
  const [top] = neverRestored.exec(path) ?? [];
  if (top !== undefined) return [`${path}: nothing below ${top} is put back. Name the files that are wanted with --path.`];
  if (now === undefined)
    return [`What ${path} on ${host} is, is not known${why === undefined ? "" : ` (${why})`}; nothing is written over it.`];
  if (becomes.kind === "file" && (becomes.mode & 0o7000) !== 0)
    return [`${path} has mode ${becomes.mode.toString(8)} in the set: no file gets set-id bits. Name the others with --path.`];
  if (problem !== undefined) return [problem];
  if (now.kind !== "other") return [];
  return [`${path} on ${host} is ${now.what}: that is not replaced. Name the files that are wanted with --path.`];
}

/** Those files of each doubt that are accepted, or those that are not. */
function partOf(doubts: readonly DoubtedFiles[], { accepts }: RestorePartsGoal, wantsAccepted: boolean): readonly DoubtedFiles[] {
  return doubts.flatMap((one) => {
    const files = one.files.filter(({ path }) => isAccepted(accepts, one.doubt, path) === wantsAccepted);
    return files.length === 0 ? [] : [{ ...one, files }];
  });
}

interface Doubting {
  readonly wanted: WantedParts;
  readonly files: readonly RestoredFile[];
}

function doubtsOf(model: ClusterModel, goal: RestorePartsGoal, given: Doubting): readonly DoubtedFiles[] {
  const doubts = [clusterDoubt(given), authorityDoubt(model, goal, given), sharedKeyDoubt(model, goal, given), endedDoubt(given)];
  return doubts.filter((one) => one.files.length > 0);
}

function clusterDoubt({ wanted, files }: Doubting): DoubtedFiles {
  const { live, ofSet } = wanted.clusterIds;
  const isOther = ofSet !== undefined && live.length > 0 && !live.includes(ofSet);
  return {
    doubt: "OTHER_CLUSTER_ID",
    because: `the set is of the etcd cluster ${ofSet ?? "?"}, the one that answers is ${live.join(", ")}: since then it was made anew`,
    files: isOther ? files.map(({ path }) => ({ path, against: [], notKnown: [] })) : [],
  };
}

function authorityDoubt(model: ClusterModel, { host }: RestorePartsGoal, { wanted, files }: Doubting): DoubtedFiles {
  const { authorities } = wanted;
  const says = authorities.flatMap((one) => (one.says === undefined ? [] : [`${one.path}: ${one.says}`]));
  const judged = files.filter(dependsOnCa).flatMap((file) => {
    const { verdict, ...standing } = authorityVerdict(model, { host, authorities }, file);
    return verdict.kind === "holds" ? [] : [{ file, verdict, standing }];
  });
  const known = [...new Set(judged.map(({ verdict }) => verdictWords(verdict)))];
  return {
    doubt: "OTHER_CA",
    because: [`it is not proven that the set's CA is this cluster's: ${known.join("; ")}`, ...says].join("; "),
    files: judged.map(({ file: { path, issued }, standing }) => ({
      path,
      ...standing,
      ...(issued === undefined ? {} : { says: issueWords(issued) }),
    })),
  };
}

function sharedKeyDoubt(model: ClusterModel, { host }: RestorePartsGoal, { files }: Doubting): DoubtedFiles {
  return {
    doubt: "OTHER_KEYS",
    because: "control-plane machines read what the others sign and encrypt, so they must have the same keys",
    files: files.filter(changesSharedKey).flatMap((file) => {
      const { verdict, ...standing } = sharedKeyVerdict(model, host, file);
      return verdict.kind === "holds" ? [] : [{ path: file.path, ...standing, says: verdictWords(verdict) }];
    }),
  };
}

function endedDoubt({ wanted: { nowIso }, files }: Doubting): DoubtedFiles {
  return {
    doubt: "EXPIRED",
    because: "programs refuse a certificate that has ended",
    files: files.flatMap(({ path, ends }) => {
      if (ends === undefined || !hasEnded(ends, nowIso)) return [];
      const present = ends.was === undefined ? "none is seen on the machine" : `the one on the machine ends ${ends.was}`;
      return [{ path, against: [], notKnown: [], says: `ended ${ends.becomes}; ${present}` }];
    }),
  };
}

function hasEnded(ends: RestoredFile["ends"], nowIso: string): boolean {
  return ends !== undefined && !(Date.parse(ends.becomes) > Date.parse(nowIso));
}

/**
 * As the files below it say, since a set holds no directories: root's, so that
 * nobody may replace what root wrote; of their group if they have one in
 * common, and open to it, or to others, if one of its own files is.
 */
function missingDirectories(files: readonly WantedFile[], facts: WantedParts["facts"]): readonly RestoredDirectory[] {
  const paths = new Set<string>();
  for (const { path, now, nearest } of files) {
    if (now?.kind !== "absent" || nearest === undefined) continue;
    for (let at = parentOf(path); at.length > nearest.length && at.startsWith(nearest); at = parentOf(at)) paths.add(at);
  }
  return [...paths].sort((one, other) => one.length - other.length).map((path) => directoryOf(path, facts));
}

function directoryOf(path: string, facts: WantedParts["facts"]): RestoredDirectory {
  const below = facts.filter((file) => file.path.startsWith(`${path}/`));
  const [first] = below;
  const isOfOneGroup = first !== undefined && below.every(({ gid }) => gid === first.gid);
  const isOpen = below.length === 0 || below.some(({ mode }) => (mode & 0o004) !== 0);
  const isGroups = isOfOneGroup && first.gid !== 0 && below.some(({ mode, uid }) => (mode & 0o040) !== 0 || uid !== 0);
  // Who owns a file must get to it, also where its group is root's or there are several.
  const closed = below.some(({ uid }) => uid !== 0) ? 0o711 : 0o700;
  return { path, mode: isOpen ? 0o755 : isGroups ? 0o750 : closed, uid: 0, gid: isOfOneGroup ? first.gid : 0 };
}

function parentOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end <= 0 ? "/" : path.slice(0, end);
}
