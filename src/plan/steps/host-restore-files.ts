import { modelHost, withHost, type ClusterModel, type ModelHost } from "../../model/cluster-model.ts";
import type { HostName } from "../../model/ids.ts";
import { consentWords, type RestoreDoubt } from "../../model/restore-doubt.ts";
import { isSameState, isSharedKey, stateWords, type FileAt, type FileState } from "../../model/restored-file.ts";
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
      ...unlessAccepted(args, "OTHER_CA", args.files.filter(dependsOnCa), () => authorityVerdict(model, args)),
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

/** What is signed by the cluster's CA, or is that CA, and is worth nothing under another one. */
export function dependsOnCa({ kind }: Pick<Args["files"][number], "kind">): boolean {
  return kind === "pki" || kind === "kubeconfig";
}

/** Accepted is what the operator saw: who accepted that something is not known did not accept that it differs. */
function unlessAccepted(
  { accepts }: Args,
  doubt: RestoreDoubt,
  files: Args["files"],
  judge: (file: Args["files"][number]) => Verdict,
): readonly Verdict[] {
  const covered = accepts.filter((one) => one.doubt === doubt).flatMap((one) => one.files);
  const verdicts = files.map((file): Verdict => {
    const verdict = judge(file);
    const accepted = covered.find(({ path }) => path === file.path);
    if (verdict.kind === "holds" || accepted === undefined) return verdict;
    if (verdict.kind === "unknown" || accepted.differs) return holds;
    return fails(`${verdict.because.join("; ")}: when ${doubt} was accepted, that was only not known`);
  });
  // A CA is judged for each file, and said once.
  return [...new Map(verdicts.map((verdict) => [JSON.stringify(verdict), verdict])).values()];
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
 * The CA that the rest of the cluster lives by is the set's: at least one
 * other machine has it, and none has another one. A machine that cannot be
 * asked proves nothing, and while nobody can be asked it is not known.
 */
export function authorityVerdict(model: ClusterModel, args: Pick<Args, "host" | "authorities">): Verdict {
  if (args.authorities.length === 0)
    return unknown(`the set has no CA certificate of ${args.host}, so nothing proves that its files are of this cluster`);
  const others = model.hosts.filter(({ name }) => name !== args.host);
  return allOf(
    ...args.authorities.map((file) =>
      heldByOthers(others, file, {
        other: (names) => `${file.path} of the set is not the CA that ${names} uses`,
        what: "this cluster's CA",
      }),
    ),
  );
}

/**
 * What signs service accounts' tokens and what is encrypted at rest is the
 * same on all control-plane machines: one that differs refuses what the
 * others wrote, and writes what they cannot read.
 */
export function sharedKeyVerdict(model: ClusterModel, host: HostName, { path, becomes }: Args["files"][number]): Verdict {
  const others = model.hosts.filter(({ name, roles }) => name !== host && roles.includes("control-plane"));
  return heldByOthers(
    others,
    { path, tag: becomes.tag },
    { other: (names) => `${path} of the set is not what ${names} has`, what: "what the other control-plane machines have" },
  );
}

export function changesSharedKey(file: Args["files"][number]): boolean {
  const { was, becomes } = file;
  return isSharedKey(file) && !(was.kind === becomes.kind && was.tag === becomes.tag);
}

/** A link, or what is reached through one, was not looked at: it says nothing. */
function heldByOthers(
  others: readonly ModelHost[],
  { path, tag }: { readonly path: string; readonly tag: string },
  words: { readonly other: (names: string) => string; readonly what: string },
): Verdict {
  const seen = others.flatMap((host) => {
    const file = fileOf(host, path);
    return file === undefined ? [] : [{ name: host.name, ...file }];
  });
  const other = seen.filter(({ state }) => state?.kind === "file" && state.tag !== tag);
  if (other.length > 0) return fails(words.other(other.map(({ name }) => name).join(", ")));
  if (seen.some(({ state }) => state?.kind === "file")) return holds;
  const said = seen.map(({ name, state, why }) => `${name}: ${state === undefined ? (why ?? "could not be asked") : stateWords(state)}`);
  return unknown(`whether ${path} of the set is ${words.what} (${said.length === 0 ? "there is no other machine" : said.join("; ")})`);
}
