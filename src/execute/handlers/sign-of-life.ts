import type { HostConfig } from "../../model/cluster-config.ts";
import type { HostName } from "../../model/ids.ts";
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
seconds=$1; shift
command -v bash >/dev/null && command -v timeout >/dev/null || { echo end; exit 0; }
for target in "$@"; do
  (
    words=$(timeout "$seconds" bash -c ': 3<>"/dev/tcp/$0/$1"' "${"$"}{target%/*}" "${"$"}{target##*/}" 2>&1)
    case $? in
      0) outcome=open ;;
      124) outcome=silent ;;
      *) case $words in *refused*) outcome=refused ;; *"o route to host"*|*"ost is down"*|*"timed out"*) outcome=silent ;; *) outcome=unknown ;; esac ;;
    esac
    echo "reach $target $outcome"
  ) &
done
wait
echo end`;

/**
 * Why a machine that was said to be lost does not count as silent; undefined:
 * silence, heard by us and by at least one of its neighbours `via`, on every
 * port that it would serve. Whatever answers there, even to refuse, is a sign
 * of life. Racy: it may be starting and answer nothing yet.
 */
export async function signOfLife(host: HostConfig, via: readonly HostName[], context: StepContext): Promise<string | undefined> {
  const [own, ...near] = await Promise.all([signBySsh(host, context), ...via.map((from) => hear(host, from, context))]);
  const sign = own ?? near.find((heard) => heard.sign !== undefined)?.sign;
  if (sign !== undefined) return sign;
  return near.some((heard) => heard.isSilent)
    ? undefined
    : `none of ${via.join(", ")} could tell that it is silent on the network, which is not enough`;
}

/** A shared connection whose machine went away breaks once; the second attempt is a new login. */
async function signBySsh(host: HostConfig, context: StepContext, isLast = false): Promise<string | undefined> {
  try {
    await context.ports.hostAccess.ping(host.name, { timeoutMs: lastWordMs, signal: context.signal });
    return "it answers SSH";
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof RecoveryError)) throw error;
    // How far it came may not be known (a way through another machine); its neighbours then decide.
    if (error.code === "SSH_UNREACHABLE") return error.contact === "some" ? `something answers there (${error.detail})` : undefined;
    return error.retry === "transient" && !isLast
      ? await signBySsh(host, context, true)
      : `SSH there ends with ${error.code}, which is no silence`;
  }
}

interface Heard {
  readonly sign: string | undefined;
  readonly isSilent: boolean;
}

async function hear(host: HostConfig, from: HostName, context: StepContext): Promise<Heard> {
  const ports = { ssh: host.sshPort ?? 22, "etcd-client": 2379, "etcd-peer": 2380, "kube-apiserver": 6443 };
  try {
    const output = await readOnHost(context, from, {
      reason: "look whether a machine said to be lost is silent",
      script: reachScript,
      args: [String(connectSeconds), ...Object.values(ports).map((port) => `${host.address}/${String(port)}`)],
      timeoutMs: lookMs,
    });
    const lines = output.trim().split("\n");
    const outcomes = Object.entries(ports).map(([name, port]) => {
      const start = `reach ${host.address}/${String(port)} `;
      return { name, outcome: lines.find((line) => line.startsWith(start))?.slice(start.length) ?? "unknown" };
    });
    const alive = outcomes.find(({ outcome }) => outcome === "open" || outcome === "refused");
    return {
      sign: alive === undefined ? undefined : `${from} reaches its ${alive.name} port (${alive.outcome})`,
      isSilent: outcomes.every(({ outcome }) => outcome === "silent"),
    };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof RecoveryError)) throw error;
    return { sign: undefined, isSilent: false };
  }
}
