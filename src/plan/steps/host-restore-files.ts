import { modelHost, withHost, type ClusterModel, type ModelHost } from "../../model/cluster-model.ts";
import type { HostName } from "../../model/ids.ts";
import { consentWords, type RestoreDoubt, type SeenElsewhere, type Standing } from "../../model/restore-doubt.ts";
import {
  isSameState,
  sharedKeysOf,
  stateWords,
  type CertificateIssue,
  type FileAt,
  type FileState,
  type SharedKey,
} from "../../model/restored-file.ts";
import type { StepArgs, StepSpec } from "../../model/step.ts";
import { allOf, fails, holds, unknown, type Verdict } from "../../model/verdict.ts";
import { aboutHost, reachable } from "./host-verdicts.ts";

type Args = StepArgs["host.restoreFiles"];

/**
 * Each file is as the plan saw it, or as it is to be: a run that was killed
 * half-way goes on, and what somebody else wrote stops it. Needs: hosts[host]
 * .{isReachable, join, files}, and `files` of the other machines for what
 * depends on the CA, and for keys that control planes share (I-S16).
 */
export const hostRestoreFiles: StepSpec<"host.restoreFiles"> = {
  risk: "reversible",
  attemptsMax: 3,
  pre: (model, args) =>
    allOf(
      reachable(model, args.host),
      aboutHost(model, args.host, (host) =>
        host.join === "running" ? fails(`kubeadm runs on host ${args.host} and writes such files itself`) : holds,
      ),
      ...args.files.map(({ path, was, becomes }) =>
        aboutFile(model, args.host, path, (state) =>
          isSameState(state, was) || isSameState(state, becomes)
            ? holds
            : fails(`${path} on ${args.host} is not what the plan was made on any more (now ${stateWords(state)}): somebody changed it`),
        ),
      ),
      ...args.companions.map(({ path, was }) =>
        aboutFile(model, args.host, path, (state) =>
          isSameState(state, was)
            ? holds
            : fails(
                `${path} on ${args.host}, beside which the set's files were judged, is not what it was (now ${stateWords(state)}): somebody changed it`,
              ),
        ),
      ),
      ...unlessAccepted(args, "OTHER_CA", args.files.filter(dependsOnCa), (file) => authorityVerdict(model, args, file)),
      ...unlessAccepted(args, "OTHER_KEYS", args.files.filter(changesSharedKey), (file) => sharedKeyVerdict(model, args.host, file)),
    ),
  post: (model, args) =>
    allOf(
      ...args.files.map(({ path, becomes }) =>
        aboutFile(model, args.host, path, (state) =>
          isSameState(state, becomes) ? holds : fails(`${path} on ${args.host} is not what the set has (now ${stateWords(state)})`),
        ),
      ),
    ),
  effect: (model, args) => {
    const others = (modelHost(model, args.host)?.files ?? []).filter(({ path }) => !args.files.some((file) => file.path === path));
    const restored = args.files.map(({ path, becomes }): FileAt => ({ path, state: becomes }));
    return withHost(model, args.host, { files: [...others, ...restored] });
  },
  describe: (args) => {
    const paths = args.files.map(({ path }) => path).join(", ");
    return [`Put back on ${args.host} from set ${args.set}: ${paths}; what lies there is kept aside`, ...consentWords(args)].join("; ");
  },
  host: (args) => args.host,
  expectedSeconds: () => 5,
};

/** What is signed by the cluster's CA, or is that CA, and is worth nothing under another one; of whatever kind, when it says who signed it. */
export function dependsOnCa({ kind, issued }: Pick<Args["files"][number], "kind" | "issued">): boolean {
  return kind === "pki" || kind === "kubeconfig" || issued !== undefined;
}

/** A verdict with what it rests on. */
export interface StandingVerdict extends Standing {
  readonly verdict: Verdict;
}

/** Accepted is what the operator saw: another machine's other file, or one that was not known then, he did not accept. */
function unlessAccepted(
  { accepts }: Args,
  doubt: RestoreDoubt,
  files: Args["files"],
  judge: (file: Args["files"][number]) => StandingVerdict,
): readonly Verdict[] {
  const covered = accepts.filter((one) => one.doubt === doubt).flatMap((one) => one.files);
  const verdicts = files.map((file): Verdict => {
    const { verdict, ...standing } = judge(file);
    const accepted = covered.find(({ path }) => path === file.path);
    if (verdict.kind === "holds" || accepted === undefined) return verdict;
    if (isNoMore(standing, accepted)) return holds;
    return fails(
      `${(verdict.kind === "fails" ? verdict.because : verdict.missing).join("; ")}: that is not what was seen when ${doubt} was accepted`,
    );
  });
  // A CA is judged for each file, and said once.
  return [...new Map(verdicts.map((verdict) => [JSON.stringify(verdict), verdict])).values()];
}

/** Of who was seen with another file it may be unknown since whether he has it. */
function isNoMore(now: Standing, accepted: Standing): boolean {
  const isSeen = (one: SeenElsewhere): boolean =>
    accepted.against.some(({ host, path, tag }) => host === one.host && path === one.path && tag === one.tag);
  const isUnknown = (path: string): boolean => accepted.notKnown.includes(path) || accepted.against.some((one) => one.path === path);
  return now.against.every(isSeen) && now.notKnown.every(isUnknown);
}

function aboutFile(model: ClusterModel, host: HostName, path: string, judge: (state: FileState) => Verdict): Verdict {
  const file = fileOf(modelHost(model, host), path);
  if (file?.state !== undefined) return judge(file.state);
  return unknown(`what ${path} on ${host} is${file?.why === undefined ? "" : ` (${file.why})`}`);
}

function fileOf(host: ModelHost | undefined, path: string): FileAt | undefined {
  return host?.files?.find((file) => file.path === path);
}

/**
 * The CA that has signed the file's certificate is the cluster's: at least one
 * other machine has it, and none has another one. A file of which nothing
 * tells who signed it is judged by all of them: one must be the cluster's, and
 * none must be another. A machine that cannot be asked proves nothing, and
 * while nobody can be asked it is not known. A certificate that none of these
 * CAs has signed is of another one.
 */
export function authorityVerdict(
  model: ClusterModel,
  args: Pick<Args, "host" | "authorities">,
  { path, issued }: Pick<Args["files"][number], "path" | "issued">,
): StandingVerdict {
  const judges = issued === undefined ? args.authorities : args.authorities.filter((one) => one.path === issued.authority);
  const foreign = issued === undefined || judges.length > 0 ? holds : foreignVerdict(path, issued);
  const nothing = `the set has no CA certificate of ${args.host}, so nothing proves that its files are of this cluster`;
  const none = args.authorities.length === 0 ? unknown(nothing) : holds;
  if (judges.length === 0) return { verdict: allOf(foreign, none), against: [], notKnown: [] };
  const others = model.hosts.filter(({ name }) => name !== args.host);
  const standings = judges.map((file) =>
    heldByOthers(others, file, {
      other: (names) => `${file.path} of the set is not the CA that ${names} uses`,
      what: "this cluster's CA",
    }),
  );
  const against = standings.flatMap((one) => one.against);
  if (against.length === 0 && standings.some(({ verdict }) => verdict.kind === "holds")) return { verdict: holds, against, notKnown: [] };
  return {
    verdict: allSaid(standings.map(({ verdict }) => verdict)),
    against,
    notKnown: standings.flatMap(({ notKnown }) => notKnown),
  };
}

function foreignVerdict(path: string, issued: CertificateIssue): Verdict {
  if (issued.notRead !== undefined) return unknown(`who signed what ${path} of the set holds: ${issued.notRead}`);
  const judges = "none of the set's CAs that other machines judge it by";
  const words = issueWords(issued);
  return fails(issued.isTrustedOnly === true ? `${judges} is what ${path} trusts (${words})` : `${judges} has signed ${path} (${words})`);
}

/** "issued by CN=kubernetes", or why that is not known. */
export function issueWords({ by, notRead, isTrustedOnly }: CertificateIssue): string {
  if (notRead !== undefined) return `not known: ${notRead}`;
  return isTrustedOnly === true ? `it trusts ${by}` : `issued by ${by}`;
}

/** As `allOf`, and beside what fails it says what is not known: who accepts the one accepts the other. */
function allSaid(verdicts: readonly Verdict[]): Verdict {
  const verdict = allOf(...verdicts);
  const missing = verdicts.flatMap((one) => (one.kind === "unknown" ? one.missing : []));
  return verdict.kind === "fails" && missing.length > 0 ? fails(...verdict.because, `not known: ${missing.join("; ")}`) : verdict;
}

/**
 * What signs service accounts' tokens and what is encrypted at rest is the
 * same on all control-plane machines: one that differs refuses what the
 * others wrote, and writes what they cannot read.
 */
export function sharedKeyVerdict(model: ClusterModel, host: HostName, file: Args["files"][number]): StandingVerdict {
  const others = model.hosts.filter(({ name, roles }) => name !== host && roles.includes("control-plane"));
  const standings = sharedKeysOf(file).map((key) =>
    heldByOthers(others, key, {
      other: (names) => `${key.path} of the set is not what ${names} has`,
      what: "what the other control-plane machines have",
    }),
  );
  return {
    verdict: allSaid(standings.map(({ verdict }) => verdict)),
    against: standings.flatMap(({ against }) => against),
    notKnown: standings.flatMap(({ notKnown }) => notKnown),
  };
}

export function changesSharedKey(file: Args["files"][number]): boolean {
  const { was, becomes } = file;
  return sharedKeysOf(file).length > 0 && !(was.kind === becomes.kind && was.tag === becomes.tag);
}

/** A link, or what is reached through one, was not looked at: it says nothing. Nor does a file that a machine has and that its links do not lead to. */
function heldByOthers(
  others: readonly ModelHost[],
  { path, tag, through = [] }: SharedKey,
  words: { readonly other: (names: string) => string; readonly what: string },
): StandingVerdict {
  const places = [...through.map((link) => link.path), path];
  const seen = others.flatMap((host) => {
    const files = places.flatMap((place) => fileOf(host, place) ?? []);
    return files.length === 0 ? [] : [{ name: host.name, files }];
  });
  const against = seen.flatMap(({ name, files }) =>
    files.flatMap((file) =>
      tag !== undefined && file.state?.kind === "file" && file.state.tag !== tag
        ? [{ host: name, path: file.path, tag: file.state.tag }]
        : [],
    ),
  );
  const names = [...new Set(against.map(({ host }) => host))].join(", ");
  if (against.length > 0) return { verdict: fails(words.other(names)), against, notKnown: [] };
  const isOnWay = ({ path: place, state }: FileAt): boolean =>
    state?.kind === "file" || through.some((link) => link.path === place && state?.kind === "symlink" && state.tag === link.tag);
  const isPlain = (files: readonly FileAt[], at: string): boolean => files.some((file) => file.path === at && file.state?.kind === "file");
  // A plain file in place of the link is what is read there; behind one, the file itself must be seen.
  const isHeld = ({ files }: { readonly files: readonly FileAt[] }): boolean =>
    through.every((link) => files.some((file) => file.path === link.path && isOnWay(file))) &&
    (isPlain(files, path) || (through.length > 0 && through.every((link) => isPlain(files, link.path))));
  if (tag !== undefined && seen.some(isHeld)) return { verdict: holds, against, notKnown: [] };
  const open = seen.flatMap(({ name, files }) => files.filter((file) => !isOnWay(file)).map((file) => ({ name, ...file })));
  const said = open.map(({ name, path: place, state, why }) => {
    const at = place === path ? name : `${place} on ${name}`;
    const isOther = through.some((link) => link.path === place) && state?.kind === "symlink";
    return `${at}: ${state === undefined ? (why ?? "could not be asked") : isOther ? "a link that leads elsewhere than the set's" : stateWords(state)}`;
  });
  if (tag === undefined) said.unshift("what will be read there is not in what was asked for, and was not seen");
  const verdict = unknown(
    `whether ${path} of the set is ${words.what} (${said.length === 0 ? "there is no other machine" : said.join("; ")})`,
  );
  return { verdict, against, notKnown: [path] };
}
