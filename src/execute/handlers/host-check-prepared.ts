import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { StepArgs } from "../../model/step.ts";
import { lookMs, readOnHost } from "../ask/run-on-host.ts";
import { observeModel } from "../observe/observe-model.ts";
import type { StepContext, StepHandler } from "../step-handler.ts";
import { preparationProblems, readPreparationFacts, registryOf, type PreparationFacts } from "./preparation-problems.ts";
import { preparationScript } from "./preparation-script.ts";

type Args = StepArgs["host.checkPrepared"];

/** `kubeadm config images list` takes 1 s, ctr less; a machine that needs longer for all of it is not prepared. */
const checkMs = 60_000;

/** Read-only: everything is asked in `observe`; `perform` has nothing to do. */
export const hostCheckPreparedHandler: StepHandler<"host.checkPrepared"> = {
  settleMs: 0,
  observe: async (args, context) => {
    const [model, problems] = await Promise.all([observeModel(context, { hosts: [args.host] }), checkHost(args, context)]);
    if (problems === undefined) return model;
    return {
      ...model,
      hosts: model.hosts.map((host) =>
        host.name === args.host ? { ...host, isPrepared: problems.length === 0, preparationProblems: problems } : host,
      ),
    };
  },
  perform: () => Promise.resolve(),
};

/** What is wrong with the machine, in words; [] when it is ready to be joined; undefined when it could not be asked. */
export async function checkHost(
  args: Pick<Args, "host" | "kubernetesVersion" | "via">,
  context: StepContext,
): Promise<readonly string[] | undefined> {
  try {
    const reference = await askReference(context, args.via);
    const facts = await askHost(context, args.host, { registries: [...new Set((reference?.neededImages ?? []).map(registryOf))] });
    return preparationProblems(facts, {
      kubernetesVersion: args.kubernetesVersion,
      reference,
      endpoint: context.config.controlPlaneEndpoint,
    });
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof RecoveryError)) throw error;
    return undefined;
  }
}

async function askHost(
  context: StepContext,
  host: HostName,
  target: { readonly registries: readonly string[] } | undefined,
): Promise<PreparationFacts> {
  const startedMs = context.ports.clock.nowMs();
  const { etcdDataDir, manifestsDir, pkiDir } = context.config.paths;
  const endpoint = context.config.controlPlaneEndpoint ?? "";
  const output = await readOnHost(context, host, {
    reason: "check that the machine is prepared",
    script: preparationScript,
    args: [target === undefined ? "reference" : "target", etcdDataDir, manifestsDir, pkiDir, endpoint, ...(target?.registries ?? [])],
    timeoutMs: target === undefined ? lookMs : checkMs,
  });
  const facts = readPreparationFacts(output);
  if (facts === undefined)
    throw new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject: `host ${host}`, detail: "the answer of the preparation check is cut" });
  // The script reads the clock first; half a round trip is well below what is judged.
  return { ...facts, clockOffsetMs: facts.clockMs === undefined ? undefined : facts.clockMs - startedMs };
}

/** What a working control-plane machine says of the cluster: images, swap policy, clock. undefined: none could be asked. */
async function askReference(context: StepContext, via: readonly HostName[]): Promise<PreparationFacts | undefined> {
  for (const host of via) {
    try {
      return await askHost(context, host, undefined);
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof RecoveryError)) throw error;
    }
  }
  return undefined;
}
