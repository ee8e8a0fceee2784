import { modelHost, modelQuorum, type ClusterModel } from "../../model/cluster-model.ts";
import type { RestorePartsGoal } from "../../model/plan.ts";
import { hasQuorum } from "../../model/quorum.ts";
import { isSameState, type FileState, type RestorableKind, type RestoredDirectory, type RestoredFile } from "../../model/restored-file.ts";
import { authorityVerdict } from "../steps/host-restore-files.ts";
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
}

/** What the set says, and what was looked at on the machine. */
export interface WantedParts {
  readonly manifestSha256: string;
  /** What was asked for. */
  readonly files: readonly WantedFile[];
  /** Every file that the set has of the machine: what a missing directory's owner and mode are told by. */
  readonly facts: readonly { readonly path: string; readonly mode: number; readonly uid: number; readonly gid: number }[];
  /** CA certificates of the set. */
  readonly authorities: readonly { readonly path: string; readonly tag: string }[];
  /** Every etcd cluster id that answers, and the set's. */
  readonly clusterIds: { readonly live: readonly string[]; readonly ofSet: string | undefined };
}

/** One step that puts back what differs; refused with each reason when it is not proven that it belongs there. */
export function planRestoreParts(model: ClusterModel, goal: RestorePartsGoal, wanted: WantedParts): Candidate {
  const open = wanted.files.filter(({ now, becomes }) => now === undefined || !isSameState(now, becomes));
  if (open.length === 0) return notNeeded("restore-parts", `Everything that was asked for is on ${goal.host} as set ${goal.set} has it.`);
  const authorities = open.some(({ kind }) => dependsOnCa(kind)) ? wanted.authorities : [];
  const problems = [
    ...open.flatMap((file) => fileProblems(goal, file)),
    ...clusterProblems(goal, wanted),
    ...authorityProblems(model, { ...goal, authorities }, open),
    ...etcdProblems(model, goal, open),
  ];
  if (problems.length > 0) return notPossible("restore-parts", ...problems);
  const files = open.flatMap(({ path, kind, now, becomes }): RestoredFile[] =>
    now === undefined ? [] : [{ path, kind, was: now, becomes }],
  );
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

/** What is signed by the cluster's CA, or is that CA, and is worth nothing under another one. */
function dependsOnCa(kind: RestorableKind): boolean {
  return kind === "pki" || kind === "kubeconfig";
}

function fileProblems({ host }: RestorePartsGoal, { path, now }: WantedFile): readonly string[] {
  if (now === undefined) return [`What ${path} on ${host} is, is not known; nothing is written over it.`];
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

/** The kubelet restarts etcd as soon as its manifest changes. */
function etcdProblems(model: ClusterModel, { host }: RestorePartsGoal, files: readonly WantedFile[]): readonly string[] {
  const manifest = files.find(({ path, kind }) => kind === "static-pod" && path.endsWith("/etcd.yaml"));
  if (manifest === undefined) return [];
  const facts = modelHost(model, host);
  if (facts?.hasStartableEtcdData !== true)
    return [
      `The kubelet would start etcd from ${manifest.path}, and data that it can start with was not seen on ${host}: it would make a new, empty cluster. See requorum plan.`,
    ];
  const quorum = modelQuorum(model);
  const member = model.members?.find((candidate) => candidate.host === host);
  if (member?.isHealthy === false || (member === undefined && model.members !== undefined)) return [];
  const isWhole = quorum !== undefined && quorum.healthy === quorum.voters;
  if (quorum === undefined || !hasQuorum(quorum) || isWhole || quorum.faultTolerance > 0) return [];
  return [
    `The kubelet restarts etcd when ${manifest.path} changes, and no other member may be missed now: repair the others first (requorum plan).`,
  ];
}

/**
 * As the files below it say, since a set holds no directories: of their owner
 * if they have one in common, else of root; open to others if one of its own
 * files is.
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
  const isOne = first !== undefined && below.every(({ uid, gid }) => uid === first.uid && gid === first.gid);
  const isOpen = below.length === 0 || below.some(({ mode }) => (mode & 0o004) !== 0);
  return { path, mode: isOpen ? 0o755 : 0o700, uid: isOne ? first.uid : 0, gid: isOne ? first.gid : 0 };
}

function parentOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end <= 0 ? "/" : path.slice(0, end);
}
