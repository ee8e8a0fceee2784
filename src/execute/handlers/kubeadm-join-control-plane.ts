import { RecoveryError } from "../../model/recovery-error.ts";
import type { StepArgs } from "../../model/step.ts";
import { changeOnHost, lookMs, readOnHost } from "../ask/run-on-host.ts";
import { observeModel, unknownModel } from "../observe/observe-model.ts";
import type { StepContext, StepHandler } from "../step-handler.ts";
import { waitUntil } from "../wait-until.ts";
import { checkHost } from "./host-check-prepared.ts";
import { addressOf, hostPort, makeJoinCredentials, redactJoin, removeJoinCredentials, type JoinCredentials } from "./join-credentials.ts";
import { listJoinsScript, pollJoinScript, startJoinScript } from "./join-script.ts";
import { renderDiscoveryConfig, renderJoinConfig, type JoinSettings } from "./render-join-config.ts";

type Args = StepArgs["kubeadm.joinControlPlane"];

/** kubeadm's own waits add up: discovery 5 min, kubelet 4 min, TLS bootstrap 5 min, etcd 2 min, components 4 min. */
const joinLimitMs = 20 * 60_000;
/** A network hiccup is shorter; a machine that was restarted has lost its join. Going on later attaches to a join that still runs. */
const joinSilenceMs = 60_000;
/** A look at a machine that says nothing: it is asked anew when the run goes on. */
const lookSilenceMs = 15_000;

export const kubeadmJoinControlPlaneHandler: StepHandler<"kubeadm.joinControlPlane"> = {
  // The member list and the Node are written before kubeadm ends; a cut connection is waited out in `observe`.
  settleMs: 15_000,
  observe: async (args, context) => {
    const isOver = await awaitRunningJoin(args, context);
    const [model, problems] = await Promise.all([
      observeModel(context, { etcd: true, hosts: [args.host, args.via], apiServers: [args.via], nodesVia: [args.via] }),
      checkHost({ host: args.host, via: [args.via], kubernetesVersion: "" }, context),
    ]);
    // It may still run, on a machine that answers by now: nothing is judged, and nothing cleared away, under its feet.
    if (!isOver && model.hosts.some((host) => host.name === args.host && host.isReachable === true)) return unknownModel(context);
    if (problems === undefined) return model;
    return {
      ...model,
      hosts: model.hosts.map((host) =>
        host.name === args.host ? { ...host, isPrepared: problems.length === 0, preparationProblems: problems } : host,
      ),
    };
  },
  perform: async (args, context) => {
    let isUnderWay = false;
    try {
      const [running] = await runningJoins(args, context);
      const files = filesOf(context, running);
      const credentials = running === undefined ? await startJoin(args, context, files) : undefined;
      isUnderWay = true;
      const end = await awaitEnd(args, context, files, credentials);
      isUnderWay = false;
      if (end.code !== "0") {
        const words = redactJoin(end.words, credentials).split("\n").slice(-8).join(" | ");
        throw new RecoveryError("REMOTE_COMMAND_FAILED", {
          subject: `host ${args.host}`,
          detail: `kubeadm join ended with ${end.code === "lost" ? "no exit code (the machine was restarted, or the unit was stopped)" : `exit ${end.code}`}: ${words}. Its whole output is on ${args.host} in ${files.log}`,
        });
      }
    } finally {
      // A machine that fell silent may be joining still, and its kubelet finishes the bootstrap after a reboot, with this token.
      if (isUnderWay)
        await context.recordFact(
          "left-behind",
          "the bootstrap token and Secret kube-system/kubeadm-certs of this join, which may go on; they expire by themselves within 2 hours",
        );
      else await forgetCredentials(args, context);
    }
  },
  cleanUp: (args, context) => forgetCredentials(args, context),
};

interface JoinFiles {
  readonly unit: string;
  readonly dir: string;
  readonly log: string;
}

/** One name per attempt: what an earlier one left is not taken for this one's. `running`: the unit that is attached to. */
function filesOf(context: StepContext, running: string | undefined): JoinFiles {
  const attempt = running?.slice(unitStem(context).length + 1) ?? context.state.steps.get(context.step)?.attempts ?? 1;
  const name = `${unitStem(context)}-${attempt}`;
  return {
    unit: name,
    dir: `/run/requorum/${name}`,
    log: `/var/lib/requorum/runs/${context.run}/${context.step}-kubeadm-join-${attempt}.log`,
  };
}

function unitStem(context: StepContext): string {
  return `requorum-${context.run}-${context.step}`;
}

async function runningJoins(args: Args, context: StepContext): Promise<readonly string[]> {
  const output = await readOnHost(context, args.host, {
    reason: "look for a join under way",
    script: listJoinsScript,
    args: [unitStem(context)],
    timeoutMs: lookMs,
  });
  return output.split("\n").filter((line) => line !== "");
}

/** true: no join of this step runs any more. false: one still does, or the machine could not be asked. */
async function awaitRunningJoin(args: Args, context: StepContext): Promise<boolean> {
  // Before the first start there can be none.
  if ((context.state.steps.get(context.step)?.attempts ?? 0) === 0) return true;
  try {
    await waitUntil(
      context,
      { text: `the join of ${args.host} that is under way to end`, limitMs: joinLimitMs, pauseMs: 2_000, silenceLimitMs: lookSilenceMs },
      async (say) => {
        const running = await runningJoins(args, context);
        say(running.join(", "));
        return running.length === 0 ? true : undefined;
      },
    );
    return true;
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof RecoveryError)) throw error;
    return false;
  }
}

async function startJoin(args: Args, context: StepContext, files: JoinFiles): Promise<JoinCredentials> {
  const viaAddress = addressOf(context, args.via);
  const [settings, ca] = await Promise.all([
    readJoinSettings(args, context),
    context.ports.hostAccess.readFile(args.via, `${context.config.paths.pkiDir}/ca.crt`, {
      bytesMax: 65_536,
      timeoutMs: lookMs,
      signal: context.signal,
    }),
  ]);
  context.report({
    kind: "phase",
    text: `making a token and uploading certificates through ${args.via}`,
    step: context.step,
    host: args.via,
  });
  const credentials = await makeJoinCredentials(context, args.via, viaAddress);
  const server = `https://${hostPort(viaAddress)}`;
  const caPem = new TextDecoder().decode(ca);
  const config = renderJoinConfig({
    node: args.node,
    address: args.address,
    settings,
    credentials,
    server,
    caPem,
    discoveryPath: `${files.dir}/discovery.conf`,
  });
  context.report({ kind: "phase", text: `kubeadm join on ${args.host}`, step: context.step, host: args.host });
  await changeOnHost(context, args.host, {
    reason: "start kubeadm join",
    script: startJoinScript,
    args: [files.unit, files.dir, files.log, server],
    input: new TextEncoder().encode(`${config}\n---8<---\n${renderDiscoveryConfig({ server, caPem, credentials })}\n`),
    timeoutMs: 30_000,
  });
  return credentials;
}

async function awaitEnd(
  args: Args,
  context: StepContext,
  files: JoinFiles,
  credentials: JoinCredentials | undefined,
): Promise<{ readonly code: string; readonly words: string }> {
  return await waitUntil(
    context,
    { text: `kubeadm join on ${args.host}`, limitMs: joinLimitMs, pauseMs: 1_500, silenceLimitMs: joinSilenceMs },
    async (say) => {
      const output = await readOnHost(context, args.host, {
        reason: "look at kubeadm join",
        script: pollJoinScript,
        args: [files.unit, files.dir, files.log],
        timeoutMs: lookMs,
      });
      const [state = "", ...lines] = output.split("\n");
      const words = lines.join("\n").trim();
      say(redactJoin(lines.findLast((line) => line.startsWith("[")) ?? "starting", credentials));
      if (state.startsWith("ended ")) return { code: state.slice("ended ".length), words };
      if (state === "none") return { code: "lost", words: `there is no trace of ${files.unit}` };
      return undefined;
    },
  );
}

/** From a machine that works: how its kubelet was registered. And from the target: what is in its data dir that does not matter. */
async function readJoinSettings(args: Args, context: StepContext): Promise<JoinSettings> {
  const [reference, target] = await Promise.all([
    readOnHost(context, args.via, { reason: "read how this cluster registers its nodes", script: settingsScript, timeoutMs: lookMs }),
    readOnHost(context, args.host, {
      reason: "look into the etcd data dir",
      script: dataDirScript,
      args: [context.config.paths.etcdDataDir],
      timeoutMs: lookMs,
    }),
  ]);
  const value = (name: string) =>
    reference
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1)
      .trim();
  const minor = Number(/^v1\.(\d+)\./.exec(value("kubeadm") ?? "")?.[1] ?? Number.NaN);
  const socket = value("socket");
  return {
    setsNodeIp: value("node-ip") === "1",
    criSocket: socket === undefined || socket === "" ? undefined : socket,
    apiVersion: minor < 31 ? "v1beta3" : "v1beta4",
    // A mount point has lost+found, and state moved aside stays in it; kubeadm wants no entry at all.
    ignoredPreflightErrors: target.trim() === "harmless" ? [`DirAvailable-${context.config.paths.etcdDataDir.replaceAll("/", "-")}`] : [],
  };
}

const settingsScript = String.raw`set -u
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
echo "kubeadm $(kubeadm version -o short)"
if grep -q -e '--node-ip=' /var/lib/kubelet/kubeadm-flags.env 2>/dev/null; then echo "node-ip 1"; else echo "node-ip 0"; fi
echo "socket $(sed -n 's/^containerRuntimeEndpoint: *"\{0,1\}\([^" ]*\)"\{0,1\} *$/\1/p' /var/lib/kubelet/instance-config.yaml /var/lib/kubelet/config.yaml 2>/dev/null | head -n 1)"
`;

/** empty, harmless (only lost+found and our own aside folder), or used. */
const dataDirScript = String.raw`set -u
[ -d "$1" ] || { echo empty; exit 0; }
state=empty
for f in "$1"/* "$1"/.[!.]*; do
  [ -e "$f" ] || [ -L "$f" ] || continue
  case $f in */lost+found|*/.requorum-*) [ $state = used ] || state=harmless ;; *) state=used ;; esac
done
echo $state
`;

/** Also on failure. What could not be removed expires by itself: the token in 30 minutes, the certificates in 2 hours (kubeadm). */
async function forgetCredentials(args: Args, context: StepContext): Promise<void> {
  try {
    await removeJoinCredentials(context, args.via);
  } catch (error) {
    if (!(error instanceof RecoveryError) && !context.signal.aborted) throw error;
    const why = error instanceof Error ? error.message : String(error);
    await context.recordFact(
      "left-behind",
      `the bootstrap token and Secret kube-system/kubeadm-certs of this join may still exist (they expire by themselves within 2 hours): ${why}`,
    );
  }
}
