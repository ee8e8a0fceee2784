import type { ClusterModel } from "../../model/cluster-model.ts";
import type { RestorePartsGoal } from "../../model/plan.ts";
import { isSameState, type FileState, type RestorableKind, type RestoredDirectory, type RestoredFile } from "../../model/restored-file.ts";
import { authorityVerdict, podVerdict, sharedKeyVerdict } from "../steps/host-restore-files.ts";
import { verdictWords } from "../projected-steps.ts";
import { notNeeded, notPossible, type Candidate } from "./candidate.ts";

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
  readonly pod?: RestoredFile["pod"] | undefined;
  readonly ends?: RestoredFile["ends"] | undefined;
}

/** What the set says, and what was looked at on the machine. */
export interface WantedParts {
  readonly manifestSha256: string;
  /** What was asked for; what the kubelet starts pods from comes last, as it may read the others. */
  readonly files: readonly WantedFile[];
  /** Every file that the set has of the machine: what a missing directory's owner and mode are told by. */
  readonly facts: readonly { readonly path: string; readonly mode: number; readonly uid: number; readonly gid: number }[];
  /** CA certificates of the set. */
  readonly authorities: readonly { readonly path: string; readonly tag: string }[];
  /** Every etcd cluster id that answers, and the set's. */
  readonly clusterIds: { readonly live: readonly string[]; readonly ofSet: string | undefined };
  readonly nowIso: string;
}

/** One step that puts back what differs; refused with each reason when it is not proven that it belongs there. */
export function planRestoreParts(model: ClusterModel, goal: RestorePartsGoal, wanted: WantedParts): Candidate {
  const open = wanted.files.filter(({ now, becomes }) => now === undefined || !isSameState(now, becomes));
  if (open.length === 0) return notNeeded("restore-parts", `Everything that was asked for is on ${goal.host} as set ${goal.set} has it.`);
  const authorities = open.some(({ kind }) => dependsOnCa(kind)) ? wanted.authorities : [];
  const files = filesOf(open);
  const problems = [
    ...open.flatMap((file) => fileProblems(goal, file)),
    ...clusterProblems(goal, wanted),
    ...authorityProblems(model, { ...goal, authorities }, open),
    ...sharedKeyProblems(model, goal, files),
    ...endedProblems(goal, files, wanted.nowIso),
    ...podProblems(goal, files),
  ];
  if (problems.length > 0) return notPossible("restore-parts", ...problems);
  const { host, set, accepts } = goal;
  return {
    kind: "possible",
    name: "restore-parts",
    steps: [
      {
        kind: "host.restoreFiles",
        args: {
          host,
          set,
          manifestSha256: wanted.manifestSha256,
          directories: missingDirectories(open, wanted.facts),
          files,
          authorities,
          accepts,
        },
      },
    ],
    loss: {
      revisions: 0n,
      objects: 0,
      seconds: 0,
      words: "Nothing of etcd's data is touched; files that are replaced are kept aside on the machine.",
    },
    because: `${String(files.length)} of ${String(wanted.files.length)} files are not on ${host} as the set has them.`,
    reasons: [],
  };
}

function filesOf(open: readonly WantedFile[]): readonly RestoredFile[] {
  const files = open.flatMap(({ path, kind, now, becomes, pod, ends }): RestoredFile[] =>
    now === undefined
      ? []
      : [{ path, kind, was: now, becomes, ...(pod === undefined ? {} : { pod }), ...(ends === undefined ? {} : { ends }) }],
  );
  return [...files.filter(({ pod }) => pod === undefined), ...files.filter(({ pod }) => pod !== undefined)];
}

function podProblems({ host }: RestorePartsGoal, files: readonly RestoredFile[]): readonly string[] {
  const verdict = podVerdict({ host, files });
  return verdict.kind === "fails" ? verdict.because : [];
}

/** What is signed by the cluster's CA, or is that CA, and is worth nothing under another one. */
function dependsOnCa(kind: RestorableKind): boolean {
  return kind === "pki" || kind === "kubeconfig";
}

function fileProblems({ host }: RestorePartsGoal, { path, now, why }: WantedFile): readonly string[] {
  if (now === undefined)
    return [`What ${path} on ${host} is, is not known${why === undefined ? "" : ` (${why})`}; nothing is written over it.`];
  if (now.kind !== "other") return [];
  return [`${path} on ${host} is ${now.what}: that is not replaced. Name the files that are wanted with --path.`];
}

function clusterProblems(goal: RestorePartsGoal, { clusterIds: { live, ofSet } }: WantedParts): readonly string[] {
  if (ofSet === undefined || live.length === 0 || live.includes(ofSet) || goal.accepts.includes("OTHER_CLUSTER_ID")) return [];
  return [
    `The set is of the etcd cluster ${ofSet}, the one that answers is ${live.join(", ")}: since then it was made anew. If its files are still the right ones, say so: --accept OTHER_CLUSTER_ID.`,
  ];
}

function authorityProblems(
  model: ClusterModel,
  args: Parameters<typeof authorityVerdict>[1],
  files: readonly WantedFile[],
): readonly string[] {
  const dependent = files.find(({ kind }) => dependsOnCa(kind));
  if (dependent === undefined || args.accepts.includes("OTHER_CA")) return [];
  const way = "If you know that it is right, say so: --accept OTHER_CA.";
  if (args.authorities.length === 0)
    return [`The set has no CA certificate of ${args.host}, so nothing proves that ${dependent.path} belongs to this cluster. ${way}`];
  const verdict = authorityVerdict(model, args);
  return verdict.kind === "holds" ? [] : [`It is not proven that the set's CA is this cluster's: ${verdictWords(verdict)}. ${way}`];
}

function sharedKeyProblems(model: ClusterModel, goal: RestorePartsGoal, files: readonly RestoredFile[]): readonly string[] {
  const verdict = sharedKeyVerdict(model, { ...goal, files });
  if (verdict.kind === "holds") return [];
  return [
    `Control-plane machines read what the others sign and encrypt, so they must have the same keys: ${verdictWords(verdict)}. If you know that the set's are the right ones, say so: --accept OTHER_KEYS.`,
  ];
}

function endedProblems({ accepts }: RestorePartsGoal, files: readonly RestoredFile[], nowIso: string): readonly string[] {
  if (accepts.includes("EXPIRED")) return [];
  return files.flatMap(({ path, ends }) => {
    if (ends === undefined || Date.parse(ends.becomes) > Date.parse(nowIso)) return [];
    const present = ends.was === undefined ? "none is seen on the machine" : `the one on the machine ends ${ends.was}`;
    return [
      `The certificate of ${path} in the set ended ${ends.becomes}; ${present}. Programs refuse a certificate that has ended; if it is wanted nevertheless, say so: --accept EXPIRED.`,
    ];
  });
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
