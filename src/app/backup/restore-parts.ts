/** Files of a backup set beside what lies on a machine now, and the plan that puts them back. Changes nothing. */
import type { OpenSet } from "../../catalogue/set-reader.ts";
import { fileAt, lookIfReached, type SeenFile } from "../../execute/observe/look-at-files.ts";
import type { ClusterConfig } from "../../model/cluster-config.ts";
import { configuredHost } from "../../model/configured-host.ts";
import { behindLinks } from "../../model/behind-links.ts";
import type { HostName } from "../../model/ids.ts";
import type { PartDifference } from "../../model/part-difference.ts";
import type { RecoveryPlan, RestorePartsGoal } from "../../model/plan.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { isAtOrBelow } from "../../model/host-path.ts";
import type { RestoreAcceptance } from "../../model/restore-doubt.ts";
import { isSameState, isSharedKey, pathsOfCommon, restorableKinds, stateWords, type FileState } from "../../model/restored-file.ts";
import { shellWord } from "../../model/shell-word.ts";
import { planRestore } from "../../plan/plan-restore.ts";
import type { WantedFile } from "../../plan/strategies/restore-parts.ts";
import type { KeyMatcher } from "../../ports/certificates.ts";
import { collectMachine } from "../../probe/collect/collect-machine.ts";
import type { AppContext } from "../app-ports.ts";
import { assertChecked, planOnLooks } from "../make-plan.ts";
import { observeAgain, observeOnce, type Look } from "../observe-cluster.ts";
import { judgeLooks } from "../../plan/looks.ts";
import { chosenParts, linksOf, partsOfHost, waysOf, withRealPaths, type PartSelection, type Way } from "./chosen-parts.ts";
import { sharedBehind, sharedKeysBehind, sharedNamesOf, type SharedNames } from "./common-files.ts";
import { companionProblem, companionsOf, restsOf } from "./companions.ts";
import type { NamedFile } from "./kubeconfig-issue.ts";
import { otherHalf } from "./other-half.ts";
import { lookAtOwn, type Reading, type ReadingAt } from "./read-later.ts";
import { readWantedParts, type ReadPart, type WantedContents } from "./wanted-parts.ts";
import { firstCertificateWords, firstEnd } from "./certificate-ends.ts";
import { staticPodProblem } from "./static-pod-places.ts";
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
      const look = await observeAgain(context, last, { changes: judgeLooks(last.inventory).changes });
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
  readonly issueOfOwn: WantedContents["issueOfOwn"];
  readonly issueOfConfig: WantedContents["issueOfConfig"];
  readonly shared: SharedNames;
  /** What is judged with a file that was asked for. */
  readonly companions: ReturnType<typeof companionsOf>;
  /** Paths that were asked for, and where the set's links lead from them. */
  readonly named: readonly string[];
  /** Links of the set that the wishes lead through. */
  readonly ways: readonly Way[];
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
  const { parts, ...judges } = await readWantedParts(context, set, { host, chosen });
  const shared = await sharedNamesOf(context, set, { host, wanted: parts.map(({ part, content }) => ({ path: part.path, content })) });
  const notSeenYet = () => ({ found: "unknown", content: undefined }) as const;
  const keys = parts.flatMap(
    ({ part }) => sharedKeysBehind(set, host, { part, shared, after: notSeenYet }) ?? (isSharedKey(part) ? [{ path: part.path }] : []),
  );
  const askedOfOthers = pathsOfCommon([...judges.authorities, ...keys]);
  const companions = companionsOf(set, host, parts);
  assertMeant(request, { host, chosen });
  const named = withRealPaths(request.selection.paths, linksOf(set, host));
  const ways = waysOf(set, host, request.selection.paths);
  return { set, goal: goalOf(request, host), parts, ...judges, shared, companions, named, ways, askedOfOthers };
}

/** A doubt that is accepted of a file that nobody asked for is a slip of the fingers: what was meant stays refused, or worse. */
function assertMeant(
  { accepts, set }: RestorePartsRequest,
  { host, chosen }: { readonly host: HostName; readonly chosen: readonly { readonly path: string }[] },
): void {
  const links = linksOf(set, host);
  for (const word of accepts) {
    const path = word.slice(word.indexOf("=") + 1);
    if (!word.includes("=") || chosen.some((part) => part.path === path)) continue;
    const real = chosen.find((part) => part.path === behindLinks(path, links))?.path;
    const detail = `${word}: no file that was asked for has that path${real === undefined ? "" : `; by the set's links it is ${real}`}`;
    throw new RecoveryError("USAGE", { subject: "option --accept", detail });
  }
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
  /** What programs read now and then, at paths that were asked for and at the other halves of those. */
  readonly now: ReadingAt;
  readonly after: ReadingAt;
  /** Links that lead to the machine's own files, as those say. */
  readonly asRead: ReadonlyMap<ReadPart, ReadPart>;
  /** CA certificates and shared keys of the other machines. */
  readonly others: ReadonlyMap<HostName, readonly SeenFile[]>;
}

async function lookAtMachines(context: AppContext, asked: Asked): Promise<SeenOnMachines> {
  const { set, parts, companions, ways, askedOfOthers } = asked;
  const { host } = asked.goal;
  const shared = parts.flatMap(({ part }) => sharedBehind(asked.shared, part, linksOf(set, host)));
  const named = parts.flatMap(({ certificatePaths }) => certificatePaths);
  context.report({ kind: "phase", text: `looking at ${String(parts.length)} ${parts.length === 1 ? "file" : "files"} on ${host}`, host });
  const tag = set.tag.bind(set);
  const [own, ...others] = await Promise.all([
    lookAtOwn(context, host, {
      paths: [...new Set([...parts.map(({ part }) => part.path), ...ways.map(({ link }) => link)])],
      beside: [...parts.flatMap((part) => companions(part).pairs.flatMap(({ name, half }) => [name, half])), ...shared, ...named],
      links: linksOf(set, host),
      parts,
      tag,
    }),
    ...context.config.hosts
      .filter(({ name }) => name !== host)
      .map(async ({ name }) => [name, await lookIfReached(context, name, { paths: askedOfOthers, tag })] as const),
  ]);
  return { ...own, asRead: await asRead(context, asked, own.after), others: new Map(others) };
}

function planFrom(
  context: AppContext & { readonly keyMatcher: KeyMatcher },
  { asked, files, look }: { readonly asked: Asked; readonly files: SeenOnMachines; readonly look: Look },
): RecoveryPlan {
  const { set, goal, parts, authorities } = asked;
  const now = new Map(files.own.map((file) => [file.path, file]));
  const links = linksOf(set, goal.host);
  const rests = new Map(
    parts.map((part) => {
      // Also of what is not there: what somebody puts there meanwhile was not judged.
      const named = [...sharedBehind(asked.shared, part.part, links), ...part.certificatePaths];
      const beside = named.flatMap((path) => files.after(path).rests).filter(({ state }) => state !== undefined);
      return [part, [...restsOf(files.after, part, asked.companions(part)), ...beside]];
    }),
  );
  const beside = [...new Set([...rests.values()].flat())].filter(({ path }) => !now.has(path));
  return planRestore({
    inventory: look.inventory,
    diagnosis: look.diagnosis,
    goal,
    seen: new Map([[goal.host, [...files.own, ...beside]] as const, ...files.others].map(([name, seen]) => [name, seen.map(fileAt)])),
    wanted: {
      manifestSha256: set.manifestSha256,
      clusterId: set.manifest.cluster.clusterId,
      facts: partsOfHost(set, goal.host).filter(({ type }) => type === "file"),
      authorities: authorities.map(({ content, ...one }) => ({ ...one, says: authorityWords(context, { ...one, content }, files.others) })),
      files: parts.map((part) => ({
        ...wantedFile(context, files.asRead.get(part) ?? part, now.get(part.part.path), files.now(part.part.path)),
        problem: problemOf(context, asked, files, part),
        companions: (rests.get(part) ?? []).flatMap(({ path, state }) => (state === undefined ? [] : [{ path, was: state }])),
        shared: sharedKeysBehind(set, goal.host, { part: part.part, shared: asked.shared, after: files.after }),
        isLeftover: part.isLeftover && !asked.named.includes(part.part.path),
        otherHalf: otherHalf(part.part.path),
      })),
    },
    nowIso: context.ports.clock.nowIso(),
    sha256Hex: (text) => context.ports.hashing.sha256Hex(text),
  });
}

/** The parts, with what the machine's own files say in place of the set's: behind a link of the set, and where a kubeconfig names them. */
async function asRead(
  { ports: { certificates } }: AppContext,
  { set, goal, parts, issueOfOwn, issueOfConfig }: Asked,
  after: ReadingAt,
): Promise<ReadonlyMap<ReadPart, ReadPart>> {
  const found = new Map<ReadPart, ReadPart>();
  for (const part of parts) {
    const { type, path } = part.part;
    const reading = after(path);
    const read = reading.content;
    if (reading.part !== undefined && read !== undefined && part.certificatePaths.length > 0) {
      // Nothing speaks against what the set has: it is only to be put back, too.
      if (leftBehind(set, goal.host, part, after) !== undefined) continue;
      found.set(part, { ...part, issued: await issueOfConfig({ path, content: read }, (at) => namedAfter(after(at))) });
      continue;
    }
    if (type !== "symlink" || reading.part !== undefined) continue;
    const half = otherHalf(path);
    const issued = await issueOfOwn(part.part, { read, half: half === undefined ? undefined : after(half).content });
    found.set(part, { ...part, read, ends: firstEnd(certificates, read), issued });
  }
  return found;
}

/** A file that a kubeconfig names, which the set has, and which is neither on the machine nor asked for. */
function leftBehind(set: OpenSet, host: HostName, { certificatePaths }: ReadPart, after: ReadingAt): string | undefined {
  const inSet = new Set(partsOfHost(set, host).map(({ path }) => path));
  return certificatePaths.find((at) => after(at).found === "nothing" && inSet.has(behindLinks(at, linksOf(set, host)) ?? at));
}

function namedAfter({ content, found, why }: Reading): NamedFile {
  if (content !== undefined) return { content };
  return {
    content: undefined,
    why: found === "nothing" ? "which is not there" : `and what that is is not known (${why || "a directory"})`,
  };
}

function problemOf(
  { config, keyMatcher }: AppContext & { readonly keyMatcher: KeyMatcher },
  asked: Asked,
  { own, now, after }: SeenOnMachines,
  part: ReadPart,
): string | undefined {
  const { path } = part.part;
  const onTheWay = wayProblem(asked, own, part);
  if (onTheWay !== undefined) return onTheWay;
  // A copy that nothing reads must not hold up the rest.
  const isAside = part.isLeftover && !asked.named.includes(path);
  const state = own.find((file) => file.path === path)?.state;
  const isChanged = state === undefined || !isSameState(state, part.state);
  const beside = isAside ? undefined : companionProblem(keyMatcher, after, part, { ...asked.companions(part), isChanged });
  if (beside !== undefined) return beside;
  if (!isChanged) return undefined;
  const left = leftBehind(asked.set, asked.goal.host, part, after);
  if (left !== undefined)
    return `${path} of the set names ${left}, which is not on ${asked.goal.host}, and which the set has. Put it back, too: add --path ${shellWord(left)}.`;
  const [was, becomes] = [now(path), after(path)];
  if (part.part.kind === "kubelet" && becomes.found === "directory" && was.found !== "nothing" && was.at !== becomes.at)
    return `${path} of the set leads to ${becomes.at ?? ""}, on the machine to ${was.at ?? "nothing"}. Which static pods the settings of the kubelet there let it start is not judged (I-S11): that is not put back. Name the other files with --path.`;
  return staticPodProblem({ part: part.part, read: becomes.content }, was.seen, config.paths.manifestsDir);
}

/** Under the name that was typed something else lies there, or nothing: what is put back at the real path would not be what was meant. */
function wayProblem({ set, goal: { host }, ways, parts }: Asked, own: readonly SeenFile[], { part }: ReadPart): string | undefined {
  const links = linksOf(set, host);
  const broken = ways.find(({ link, leadsTo, real }) => {
    const now = own.find(({ path }) => path === link);
    if (part.path !== link && !isAtOrBelow(part.path, real)) return false;
    if (now?.state?.kind === "absent") return !parts.some((one) => one.part.path === link);
    const target = now?.state?.kind === "symlink" && now.content !== undefined ? new TextDecoder().decode(now.content) : undefined;
    return target === undefined || behindLinks(link, new Map([...links, [link, target]])) !== leadsTo;
  });
  if (broken === undefined) return undefined;
  const now = own.find(({ path }) => path === broken.link);
  const seen = now?.state === undefined ? (now?.why ?? "it could not be looked at") : stateWords(now.state);
  return `${broken.link} on ${host} does not lead to ${broken.leadsTo}, as it does in the set (now ${seen}), so ${broken.wish} is another place there. Name the real path: --path ${shellWord(broken.real)}.`;
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
  { part: { path, kind }, state, ends, issued }: ReadPart,
  now: SeenFile | undefined,
  read: Reading,
): WantedFile {
  const was = firstEnd(context.ports.certificates, read.content);
  return {
    path,
    kind,
    now: now?.state,
    why: now?.why,
    nearest: now?.nearest,
    becomes: state,
    issued,
    ends: ends === undefined ? undefined : { becomes: ends, ...(was === undefined ? {} : { was }) },
  };
}

/** Files of the wanted kinds that the set does not have. They are told, and never touched. */
async function onlyOnMachine(
  context: AppContext & { readonly keyMatcher: KeyMatcher },
  { set, named, goal: { host } }: Asked,
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
      const isWanted = known !== undefined && (selection.kinds.includes(known) || named.some((path) => isAtOrBelow(file.path, path)));
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
