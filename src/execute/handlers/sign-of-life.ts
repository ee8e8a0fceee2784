import type { HostConfig } from "../../model/cluster-config.ts";
import type { HostName } from "../../model/ids.ts";
import { peerEndpointOf } from "../../model/peer-endpoint.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { lookMs, readOnHost } from "../ask/run-on-host.ts";
import type { StepContext } from "../step-handler.ts";

/** For a login under load. A machine that says nothing at all costs only the configured connect timeout. */
const lastWordMs = 15_000;
/** A neighbour on the same network answers a connection within milliseconds, refused or not; ARP gives up after 3 s. */
const connectSeconds = 4;

/** $1: seconds for one connection; then ADDRESS/PORT… One line "reach ADDRESS/PORT OUTCOME" each. Only a connection is made, nothing is said. */
export const reachScript = String.raw`set -u
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
seconds=$1; shift
command -v bash >/dev/null && command -v timeout >/dev/null || { echo end; exit 0; }
# Those behind a name, each by itself: a name that is not resolved in time is no silence of a machine.
addresses_of() {
  case $1 in
    *:*) echo "$1" ;;
    *[!0-9.]*) timeout "$seconds" getent ahosts "$1" | awk '{ print $1 }' | sort -u ;;
    *) echo "$1" ;;
  esac
}
reach() {
  words=$(timeout "$seconds" bash -c ': 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>&1)
  case $? in
    0) echo open; return ;;
    124) echo silent; return ;;
  esac
  case $words in
    *refused*) echo refused ;;
    *"timed out"*) echo silent ;;
    # A router says so when the network behind it is gone, a neighbour's ARP when the machine is; without a route it is only about ourselves.
    *"o route to host"*|*"ost is down"*|*"etwork is unreachable"*) if ip route get "$1" >/dev/null 2>&1; then echo silent; else echo unknown; fi ;;
    *) echo unknown ;;
  esac
}
for target in "$@"; do
  (
    found=
    for address in $(addresses_of "${"$"}{target%/*}"); do found="$found $(reach "$address" "${"$"}{target##*/}")"; done
    case $found in
      *open*) outcome=open ;;
      *refused*) outcome=refused ;;
      *unknown*|"") outcome=unknown ;;
      *) outcome=silent ;;
    esac
    echo "reach $target $outcome"
  ) &
done
wait
echo end`;

/** A machine that somebody said is lost: as configured, if it is, and where etcd's list says that its member listens, if it has one. */
export interface SaidToBeLost {
  readonly host: HostConfig | undefined;
  readonly peerUrls: readonly string[];
}

/**
 * Why a machine that was said to be lost does not count as silent; undefined:
 * silence, heard by us and by every one of its neighbours `via`, at every
 * address and port that it would serve: SSH may go by another network than
 * etcd does. Whatever answers there, even to refuse, is a sign of life; a
 * neighbour that cannot tell has not heard silence. Racy: it may be starting
 * and answer nothing yet.
 */
export async function signOfLife(lost: SaidToBeLost, via: readonly HostName[], context: StepContext): Promise<string | undefined> {
  const targets = targetsOf(lost);
  if (via.length === 0) return "nobody near it is there to listen";
  if (targets === undefined) return `where its member listens cannot be read from ${lost.peerUrls.join(", ")}`;
  const heard = await Promise.all([
    ...(lost.host === undefined ? [] : [signBySsh(lost.host, context)]),
    ...via.map((from) => hear(targets, from, context)),
  ]);
  return heard.find(({ sign }) => sign !== undefined)?.sign ?? heard.find(({ gap }) => gap !== undefined)?.gap;
}

/** Both undefined: silence. */
interface Heard {
  readonly sign?: string;
  /** Why nothing was heard of it, neither life nor silence. */
  readonly gap?: string;
}

interface Target {
  /** "ADDRESS/PORT" */
  readonly at: string;
  readonly address: string;
  readonly words: string;
}

/** undefined: a peer URL of a form that is not known here, or nothing to go by. */
function targetsOf({ host, peerUrls }: SaidToBeLost): readonly Target[] | undefined {
  const peers = peerUrls.flatMap((url) => peerEndpointOf(url) ?? []);
  if (peers.length < peerUrls.length || (peers.length === 0 && host === undefined)) return undefined;
  const addresses = [...new Set([...(host === undefined ? [] : [host.address]), ...peers.map((peer) => peer.address)])];
  const usual = { ssh: host?.sshPort ?? 22, "etcd-client": 2379, "etcd-peer": 2380, "kube-apiserver": 6443 };
  const named = [
    ...addresses.flatMap((address) => Object.entries(usual).map(([name, port]) => ({ address, name, port }))),
    ...peers.map((peer) => ({ ...peer, name: "etcd-peer" })),
  ];
  const targets = named.map(({ address, name, port }): Target => ({
    at: `${address}/${String(port)}`,
    address,
    words: `${name} port${address === host?.address ? "" : ` at ${address}`}`,
  }));
  return [...new Map(targets.map((target) => [target.at, target])).values()];
}

/** A shared connection whose machine went away breaks once; the second attempt is a new login. */
async function signBySsh(host: HostConfig, context: StepContext, isLast = false): Promise<Heard> {
  try {
    await context.ports.hostAccess.ping(host.name, { timeoutMs: lastWordMs, signal: context.signal });
    return { sign: "it answers SSH" };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof RecoveryError)) throw error;
    // How far it came may not be known (a way through another machine); its neighbours then decide.
    if (error.code === "SSH_UNREACHABLE") return error.contact === "some" ? { sign: `something answers there (${error.detail})` } : {};
    return error.retry === "transient" && !isLast
      ? await signBySsh(host, context, true)
      : { sign: `SSH there ends with ${error.code}, which is no silence` };
  }
}

async function hear(targets: readonly Target[], from: HostName, context: StepContext): Promise<Heard> {
  try {
    const output = await readOnHost(context, from, {
      reason: "look whether a machine said to be lost is silent",
      script: reachScript,
      args: [String(connectSeconds), ...targets.map(({ at }) => at)],
      timeoutMs: lookMs,
    });
    const lines = output.trim().split("\n");
    const outcomes = targets.map((target) => {
      const start = `reach ${target.at} `;
      return { ...target, outcome: lines.find((line) => line.startsWith(start))?.slice(start.length) ?? "unknown" };
    });
    const alive = outcomes.find(({ outcome }) => outcome === "open" || outcome === "refused");
    if (alive !== undefined) return { sign: `${from} reaches its ${alive.words} (${alive.outcome})` };
    const open = outcomes.find(({ outcome }) => outcome !== "silent");
    if (open === undefined) return {};
    const isName = /[^0-9.]/.test(open.address) && !open.address.includes(":");
    const wayOut = isName
      ? `. If ${open.address} is a name that nobody knows any more, put its old address into /etc/hosts on ${from}`
      : "";
    return { gap: `${from} cannot tell whether its ${open.words} is silent, which is not enough${wayOut}` };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof RecoveryError)) throw error;
    return { gap: `${from} could not be asked whether it is silent (${error.subject}: ${error.message}), which is not enough` };
  }
}
