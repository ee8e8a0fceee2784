import { modelHost, withHost, type ClusterModel } from "../../model/cluster-model.ts";
import type { HostName } from "../../model/ids.ts";
import { isSameState, stateWords, type FileAt, type FileState } from "../../model/restored-file.ts";
import type { StepArgs, StepSpec } from "../../model/step.ts";
import { allOf, fails, holds, unknown, type Verdict } from "../../model/verdict.ts";
import { aboutHost, reachable } from "./host-verdicts.ts";

type Args = StepArgs["host.restoreFiles"];

/**
 * Each file is as the plan saw it, or as it is to be: a run that was killed
 * half-way goes on, and what somebody else wrote stops it. Needs: hosts[host]
 * .{isReachable, join, files}, and `files` of the other machines for what
 * depends on the CA (I-S16).
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
      authorityVerdict(model, args),
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
    const accepted = args.accepts.length === 0 ? "" : `; accepted though not proven: ${args.accepts.join(", ")}`;
    return `Put back on ${args.host} from set ${args.set}: ${args.files.map(({ path }) => path).join(", ")}; what lies there is kept aside${accepted}`;
  },
  host: (args) => args.host,
  expectedSeconds: () => 5,
};

function aboutFile(model: ClusterModel, host: HostName, path: string, judge: (state: FileState) => Verdict): Verdict {
  const state = stateOf(model, host, path);
  return state === undefined ? unknown(`what ${path} on ${host} is`) : judge(state);
}

function stateOf(model: ClusterModel, host: HostName, path: string): FileState | undefined {
  return modelHost(model, host)?.files?.find((file) => file.path === path)?.state;
}

/**
 * The CA that the rest of the cluster lives by is the set's: at least one
 * other machine has it, and none has another one. A machine that cannot be
 * asked proves nothing, and while nobody can be asked it is not known.
 */
export function authorityVerdict(model: ClusterModel, args: Pick<Args, "host" | "authorities" | "accepts">): Verdict {
  if (args.accepts.includes("OTHER_CA")) return holds;
  return allOf(
    ...args.authorities.map(({ path, tag }) => {
      const seen = model.hosts
        .filter(({ name }) => name !== args.host)
        .map(({ name }) => ({ name, state: stateOf(model, name, path) }))
        .filter(({ state }) => state !== undefined && state.kind !== "absent");
      const other = seen.filter(({ state }) => !(state?.kind === "file" && state.tag === tag));
      if (other.length > 0) return fails(`${path} of the set is not the CA that ${other.map(({ name }) => name).join(", ")} uses`);
      return seen.length > 0
        ? holds
        : unknown(`whether ${path} of the set is this cluster's CA: no other machine could be asked for its own`);
    }),
  );
}
