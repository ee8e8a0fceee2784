/** Files of a backup set beside what lies on a machine now, and the plan that puts them back. Changes nothing. */
import type { OpenSet } from "../../catalogue/set-reader.ts";
import { fileAt, lookAtFiles, lookIfReached, type SeenFile } from "../../execute/observe/look-at-files.ts";
import type { ClusterConfig } from "../../model/cluster-config.ts";
import { configuredHost } from "../../model/configured-host.ts";
import type { HostName } from "../../model/ids.ts";
import type { PartDifference } from "../../model/part-difference.ts";
import type { RecoveryPlan, RestorePartsGoal } from "../../model/plan.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { isAtOrBelow } from "../../model/host-path.ts";
import type { RestoreAcceptance } from "../../model/restore-doubt.ts";
import { isSharedKey, restorableKinds, type FileState } from "../../model/restored-file.ts";
import { planRestore } from "../../plan/plan-restore.ts";
import type { WantedFile } from "../../plan/strategies/restore-parts.ts";
import type { KeyMatcher } from "../../ports/certificates.ts";
import { collectMachine } from "../../probe/collect/collect-machine.ts";
import type { AppContext } from "../app-ports.ts";
import { assertChecked, planOnLooks } from "../make-plan.ts";
import { observeAgain, observeOnce, type Look } from "../observe-cluster.ts";
import { judgeLooks } from "../../plan/looks.ts";
import { chosenParts, partsOfHost, type PartSelection } from "./chosen-parts.ts";
import { companionProblem, companionsOf, type Companion } from "./companions.ts";
import { readWantedParts, targetOf, type ReadPart, type WantedContents } from "./wanted-parts.ts";
import { firstCertificateWords, firstEnd } from "./certificate-ends.ts";
import { differenceOf } from "./part-difference.ts";

export interface RestorePartsRequest {
  readonly set: OpenSet;
  readonly host: string;
  readonly selection: PartSelection;
  readonly accepts: readonly RestoreAcceptance[];
}

export interface RestorePartsPlan {
  readonly plan: RecoveryPlan;
  readonly look: Look;
  /** Every file that was asked for, by path; then what is only on the machine. */
  readonly differences: readonly PartDifference[];
  /** Why more may be on the machine than is listed, in words. */
  readonly unseen: readonly string[];
}

/** USAGE, BACKUP_SET_*, NOT_BUILT_YET, PLAN_REFUSED; what reaching the machine throws. */
export async function planRestoreOfParts(
  context: AppContext & { readonly keyMatcher: KeyMatcher },
  request: RestorePartsRequest,
): Promise<RestorePartsPlan> {
  const { set } = request;
  const { name: host } = configuredHost(context.config, request.host);
  assertOfCluster(set, context.config);
  const asked = await askedOf(context, request, host);
  let files = await lookAtMachines(context, asked);
  const made = await planOnLooks(await observeOnce(context, { depth: "full" }), {
    plan: (look) => planFrom(context, { asked, files, look }),
    lookAgain: async (last) => {
      const look = await observeAgain(context, last, judgeLooks(last.inventory).changes);
      files = await lookAtMachines(context, asked);
      return look;
    },
  });
  assertChecked(made.plan);
  const { only, unseen } = await onlyOnMachine(context, asked, request.selection);
  const differences = asked.parts.map(({ part, content, state }) =>
    differenceOf(context, {
      path: part.path,
      kind: part.kind,
      now: files.own.find(({ path }) => path === part.path),
      becomes: { state, content },
    }),
  );
  return { ...made, differences: [...differences, ...only], unseen };
}

/** What the set has of what was asked for, read and checked. */
interface Asked {
  readonly set: OpenSet;
  readonly goal: RestorePartsGoal;
  readonly parts: readonly ReadPart[];
  readonly authorities: WantedContents["authorities"];
  /** Of files that were asked for, without which they are worth nothing. */
  readonly companions: readonly Companion[];
  /** Files that were asked for by their own path. */
  readonly named: readonly string[];
  /** Paths of which the other machines are asked what lies there. */
  readonly askedOfOthers: readonly string[];
}

async function askedOf(
  context: AppContext & { readonly keyMatcher: KeyMatcher },
  request: RestorePartsRequest,
  host: HostName,
): Promise<Asked> {
  const { set } = request;
  const chosen = chosenParts(set, { host, manifestsDir: context.config.paths.manifestsDir }, request.selection);
  const { parts, authorities } = await readWantedParts(context, set, { host, chosen });
  const shared = parts.filter(({ part }) => isSharedKey(part)).map(({ part }) => part.path);
  const askedOfOthers = [...new Set([...authorities.map(({ path }) => path), ...shared])];
  const companions = companionsOf(set, host, parts);
  return { set, goal: goalOf(request, host), parts, authorities, companions, named: request.selection.paths, askedOfOthers };
}

function assertOfCluster({ manifest }: OpenSet, config: ClusterConfig): void {
  if (config.platform === "openshift" || manifest.cluster.platform === "openshift")
    throw new RecoveryError("NOT_BUILT_YET", {
      subject: `cluster ${config.cluster}`,
      detail:
        "on OpenShift these files belong to operators, which write them anew; putting them back is not built yet. requorum backup unseal gives them to you",
    });
  if (manifest.cluster.name === config.cluster) return;
  throw new RecoveryError("USAGE", {
    subject: `set ${manifest.id}`,
    detail: `it is of cluster ${manifest.cluster.name}; the configuration is of ${config.cluster}`,
    remedies: [{ why: "see the sets there", command: "requorum backup list" }],
  });
}

function goalOf({ set, selection, accepts }: RestorePartsRequest, host: HostName): RestorePartsGoal {
  return {
    kind: "restore-parts",
    host,
    set: set.manifest.id,
    parts: [...new Set([...selection.kinds, ...selection.paths])].sort(),
    accepts: [...new Set(accepts)].sort(),
  };
}

interface SeenOnMachines {
  readonly own: readonly SeenFile[];
  /** What the machine's own links lead to now, by those targets; and companions. */
  readonly beside: readonly SeenFile[];
  /** CA certificates and shared keys of the other machines. */
  readonly others: ReadonlyMap<HostName, readonly SeenFile[]>;
}

async function lookAtMachines(context: AppContext, asked: Asked): Promise<SeenOnMachines> {
  const { set, parts, companions, askedOfOthers } = asked;
  const { host } = asked.goal;
  context.report({ kind: "phase", text: `looking at ${String(parts.length)} files on ${host}`, host });
  const tag = set.tag.bind(set);
  const [own, ...others] = await Promise.all([
    lookAtOwn(context, host, { paths: parts.map(({ part }) => part.path), beside: companions.map(({ path }) => path), tag }),
    ...context.config.hosts
      .filter(({ name }) => name !== host)
      .map(async ({ name }) => [name, await lookIfReached(context, name, { paths: askedOfOthers, tag })] as const),
  ]);
  return { ...own, others: new Map(others) };
}

async function lookAtOwn(
  context: AppContext,
  host: HostName,
  { paths, beside, tag }: Parameters<typeof lookAtFiles>[2] & { readonly beside: readonly string[] },
): Promise<Pick<SeenOnMachines, "own" | "beside">> {
  const own = await lookAtFiles(context, host, { paths, tag });
  const further = [...new Set([...beside, ...own.flatMap((file) => linkTarget(file) ?? [])])];
  return { own, beside: await lookAtFiles(context, host, { paths: further, tag }) };
}

/** Absolute; undefined: it is no link, or one that cannot be told where it leads. */
function linkTarget({ path, state, content }: SeenFile): string | undefined {
  return state?.kind === "symlink" && content !== undefined ? targetOf(path, new TextDecoder().decode(content)) : undefined;
}

function planFrom(
  context: AppContext & { readonly keyMatcher: KeyMatcher },
  { asked, files, look }: { readonly asked: Asked; readonly files: SeenOnMachines; readonly look: Look },
): RecoveryPlan {
  const { set, goal, parts, authorities } = asked;
  const now = new Map(files.own.map((file) => [file.path, file]));
  return planRestore({
    inventory: look.inventory,
    diagnosis: look.diagnosis,
    goal,
    seen: new Map([[goal.host, files.own] as const, ...files.others].map(([name, seen]) => [name, seen.map(fileAt)])),
    wanted: {
      manifestSha256: set.manifestSha256,
      clusterId: set.manifest.cluster.clusterId,
      facts: partsOfHost(set, goal.host).filter(({ type }) => type === "file"),
      authorities: authorities.map((one) => ({ path: one.path, tag: one.tag, says: authorityWords(context, one, files.others) })),
      files: parts.map((part) => ({
        ...wantedFile(context, part, now.get(part.part.path), files.beside),
        problem: problemOf(context, asked, files, part),
        isLeftover: part.isLeftover && !asked.named.includes(part.part.path),
      })),
    },
    nowIso: context.ports.clock.nowIso(),
    sha256Hex: (text) => context.ports.hashing.sha256Hex(text),
  });
}

function problemOf({ keyMatcher }: { readonly keyMatcher: KeyMatcher }, { companions }: Asked, { beside }: SeenOnMachines, part: ReadPart) {
  const companion = companions.find(({ of }) => of === part);
  return companion === undefined
    ? undefined
    : companionProblem(
        keyMatcher,
        companion,
        beside.find(({ path }) => path === companion.path),
      );
}

/** What the set's CA says of itself, and what those say that other machines have instead. */
function authorityWords(
  { ports: { certificates }, keyMatcher }: AppContext & { readonly keyMatcher: KeyMatcher },
  { path, tag, content }: WantedContents["authorities"][number],
  others: SeenOnMachines["others"],
): string | undefined {
  const wordsOf = (bytes: Uint8Array): string =>
    firstCertificateWords({ certificates, keyMatcher }, bytes) ?? "no certificate that is read";
  const theirs = [...others].flatMap(([name, files]) => {
    const file = files.find((one) => one.path === path);
    return file?.state?.kind !== "file" || file.content === undefined || file.state.tag === tag
      ? []
      : [`${name} has ${wordsOf(file.content)}`];
  });
  return [`the set has ${wordsOf(content)}`, ...theirs].join(", ");
}

function wantedFile(
  context: AppContext,
  { part: { path, kind }, state, ends, issuer }: ReadPart,
  now: SeenFile | undefined,
  beside: readonly SeenFile[],
): WantedFile {
  const target = now === undefined ? undefined : linkTarget(now);
  const read = target === undefined ? now : beside.find((file) => file.path === target);
  const was = read?.state?.kind === "file" ? firstEnd(context.ports.certificates, read.content) : undefined;
  return {
    path,
    kind,
    now: now?.state,
    why: now?.why,
    nearest: now?.nearest,
    becomes: state,
    issuer,
    ends: ends === undefined ? undefined : { becomes: ends, ...(was === undefined ? {} : { was }) },
  };
}

/** Files of the wanted kinds that the set does not have. They are told, and never touched. */
async function onlyOnMachine(
  context: AppContext & { readonly keyMatcher: KeyMatcher },
  { set, goal: { host } }: Asked,
  selection: PartSelection,
): Promise<{ readonly only: readonly PartDifference[]; readonly unseen: readonly string[] }> {
  context.report({ kind: "phase", text: `looking what else is on ${host}`, host });
  const inSet = new Set(partsOfHost(set, host).map(({ path }) => path));
  try {
    const machine = await collectMachine(context.ports.hostAccess, context.config, configuredHost(context.config, host), {
      signal: context.signal,
    });
    const only = machine.parts.flatMap(({ kind, file }): PartDifference[] => {
      const known = restorableKinds.find((one) => one === kind);
      const isWanted =
        known !== undefined && (selection.kinds.includes(known) || selection.paths.some((path) => isAtOrBelow(file.path, path)));
      if (!isWanted || inSet.has(file.path) || inSet.has(`/usr${file.path}`)) return [];
      const { type, mode, uid, gid, content } = file;
      const target = new TextEncoder().encode(file.target ?? "");
      const state: FileState =
        type === "file"
          ? { kind: "file", tag: set.tag("file", content), mode, uid, gid }
          : { kind: "symlink", tag: set.tag("symlink", target), uid, gid };
      const now = { path: file.path, state, content: type === "file" ? content : target };
      return [differenceOf(context, { path: file.path, kind: known, now, becomes: undefined })];
    });
    return { only, unseen: [] };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof RecoveryError)) throw error;
    return { only: [], unseen: [`what else is on ${host} is not known: ${error.message}`] };
  }
}
