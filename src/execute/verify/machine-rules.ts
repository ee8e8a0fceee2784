import type { HostConfig } from "../../model/cluster-config.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { fails, holds, unknown, type Verdict } from "../../model/verdict.ts";
import { signOfLife } from "../handlers/sign-of-life.ts";
import { judge, type ExitRule, type Verified } from "./exit-rule.ts";

interface MachineView {
  readonly host: HostConfig;
  readonly holdsVip: boolean;
  readonly forcesNewCluster: boolean;
  readonly isGuarded: boolean;
}

/** $1: the endpoint's address, $2: the static-pod directory. */
const viewScript = `set -eu
ip -o addr show 2>/dev/null | grep -qF " $1/" && echo vip || true
manifest="$2/etcd.yaml"
if [ -r "$manifest" ]; then
  grep -q -- '--force-new-cluster' "$manifest" && echo forced || true
  grep -q -- '--initial-cluster-state=existing' "$manifest" && echo guarded || true
fi
echo end
`;

/** What has to be seen on the machines themselves: who holds the address, which flags etcd would start with. */
export async function machineRules(verified: Verified): Promise<readonly ExitRule[]> {
  const { context, hosts, apiServers } = verified;
  const looked = [...new Set([...hosts, ...apiServers, ...balancers(verified)])];
  const endpoint = context.config.controlPlaneEndpoint;
  const address = endpoint?.replace(/:[0-9]+$/, "") ?? "";
  const views: MachineView[] = [];
  const seen = await judge("every machine was looked at", async () => {
    for (const host of looked) views.push(await viewOf(verified, host, address));
    return holds;
  });
  const rules = [seen];
  if (seen.verdict.kind !== "holds") return rules;
  rules.push({ rule: "no etcd manifest forces a new cluster", verdict: flagVerdict(views) });
  if (context.config.loadBalancer === "keepalived-haproxy" && address !== "") {
    const others = context.config.hosts.filter((host) => !looked.includes(host));
    const asked = await Promise.all(others.map((host) => viewIfReached(verified, host, address)));
    rules.push({ rule: `exactly one machine holds ${address}`, verdict: holderVerdict(views, asked) });
  }
  return rules;
}

/** A machine that serves nothing here any more. Both undefined: nobody gets an answer from it. */
interface Stray {
  readonly view?: MachineView;
  /** It may live and could not be looked at, in words. */
  readonly unseen?: string;
}

/**
 * A machine that serves nothing here any more: the one that was given up, or a
 * spare. It may live and hold the address all the same. Only silence is as it
 * should be for one that was lost; one that answers and cannot be looked at
 * may hold it. Where SSH does not tell which (a network that is gone, a way
 * through another machine), its neighbours listen.
 */
async function viewIfReached(verified: Verified, host: HostConfig, address: string): Promise<Stray> {
  const { context, hosts } = verified;
  try {
    return { view: await viewOf(verified, host, address) };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof RecoveryError)) throw error;
    const unseen = { unseen: `${host.name}: ${error.code} (${error.detail})` };
    if (error.code !== "SSH_UNREACHABLE" || error.contact === "some") return unseen;
    if (error.contact === "none") return {};
    const near = hosts.map((neighbour) => neighbour.name);
    return (await signOfLife({ host, peerUrls: [] }, near, context)) === undefined ? {} : unseen;
  }
}

/** Machines of their own that hold the address; a control-plane machine without a member may be the one that was given up. */
function balancers({ context }: Verified): readonly HostConfig[] {
  return context.config.hosts.filter(
    (host) => host.roles.includes("load-balancer") && !host.roles.includes("control-plane") && !host.roles.includes("etcd"),
  );
}

async function viewOf({ context }: Verified, host: HostConfig, address: string): Promise<MachineView> {
  const answer = await context.ports.hostAccess.run(host.name, {
    reason: "look at the address and etcd's flags",
    script: viewScript,
    args: [address === "" ? "none" : address, context.config.paths.manifestsDir],
    timeoutMs: 10_000,
    changesThings: false,
    signal: context.signal,
  });
  const words = answer.stdout.split("\n");
  if (answer.exitCode !== 0 || !words.includes("end")) {
    throw new RecoveryError("REMOTE_COMMAND_FAILED", {
      subject: `host ${host.name}`,
      detail: `looking at it ended with ${String(answer.exitCode)}`,
    });
  }
  return { host, holdsVip: words.includes("vip"), forcesNewCluster: words.includes("forced"), isGuarded: words.includes("guarded") };
}

function flagVerdict(views: readonly MachineView[]): Verdict {
  const forced = views.filter((view) => view.forcesNewCluster);
  return forced.length === 0 ? holds : fails(...forced.map((view) => `--force-new-cluster is in etcd's manifest on ${view.host.name}`));
}

function holderVerdict(views: readonly MachineView[], asked: readonly Stray[]): Verdict {
  const stray = asked.flatMap(({ view }) => (view?.holdsVip === true ? [view.host.name] : []));
  if (stray.length > 0) {
    return fails(
      ...stray.map(
        (host) =>
          `${host} holds it, which carries neither a member nor a balancer that counts; on ${host}: systemctl disable --now keepalived`,
      ),
    );
  }
  const holders = views.filter((view) => view.holdsVip).map((view) => view.host.name);
  if (holders.length !== 1) return fails(holders.length === 0 ? "no machine holds it" : `held by ${holders.join(" and ")}`);
  const unseen = asked.flatMap((machine) => machine.unseen ?? []);
  if (unseen.length === 0) return holds;
  return unknown(...unseen.map((words) => `whether it is held by a second machine too; power it off, or let it be logged in to: ${words}`));
}
