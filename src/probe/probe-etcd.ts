import type { HostName } from "../model/ids.ts";
import type { EtcdEndpointFacts } from "../model/inventory.ts";
import type { EtcdClient } from "../ports/etcd-client.ts";
import { observe, type RoundClock } from "./observe.ts";

/**
 * PB2 to PB5 of one endpoint, all at once. `client` may still be dialling;
 * when that fails, every observation says why. A linearizable read that does
 * not come back costs its limit and nothing else.
 */
export async function probeEtcd(
  round: RoundClock,
  host: HostName,
  client: Promise<EtcdClient>,
  limits: { readonly callMs: number; readonly dialMs: number },
): Promise<EtcdEndpointFacts> {
  const { clock, signal } = round;
  const ask = <T>(
    probe: string,
    question: (etcd: EtcdClient, options: { readonly timeoutMs: number; readonly signal: AbortSignal }) => Promise<T>,
  ) =>
    observe(round, { source: `${probe} ${host} etcd`, limitMs: limits.dialMs + limits.callMs }, async (limitMs) => {
      const etcd = await client;
      return question(etcd, { timeoutMs: Math.min(limits.callMs, limitMs, round.remainingMs()), signal });
    });
  const timed = async (call: () => Promise<unknown>): Promise<number> => {
    const startedMs = clock.monotonicMs();
    await call();
    return Math.round((clock.monotonicMs() - startedMs) * 10) / 10;
  };
  const [status, serializableReadMs, linearizableReadMs, membersSerializable, membersLinearizable, alarms] = await Promise.all([
    ask("PB2", (etcd, options) => etcd.status(options)),
    ask("PB3", (etcd, options) => timed(() => etcd.probeRead({ linearizable: false }, options))),
    ask("PB3", (etcd, options) => timed(() => etcd.probeRead({ linearizable: true }, options))),
    ask("PB4", async (etcd, options) => (await etcd.memberList({ linearizable: false }, options)).members),
    ask("PB4", async (etcd, options) => (await etcd.memberList({ linearizable: true }, options)).members),
    ask("PB5", (etcd, options) => etcd.alarms(options)),
  ]);
  return { status, serializableReadMs, linearizableReadMs, membersSerializable, membersLinearizable, alarms };
}

/** kube-apiserver's default `--etcd-prefix` with its lease reconciler's directory (pkg/controlplane/reconcilers/lease.go). */
const masterLeasesPrefix = "/registry/masterleases/";
/** An API server each; more than this is not a control plane. */
const masterLeasesMax = 100;

/** PB12: addresses of the API servers that hold a lease. Linearizable, so never out of date. Throws as the client does. */
export async function readMasterLeases(
  etcd: EtcdClient,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const addresses: string[] = [];
  const decoder = new TextDecoder();
  await etcd.range({ key: masterLeasesPrefix, isPrefix: true, keysOnly: true, pageSize: masterLeasesMax }, options, (page) => {
    for (const entry of page)
      if (addresses.length < masterLeasesMax) addresses.push(decoder.decode(entry.key).slice(masterLeasesPrefix.length));
  });
  return addresses.sort();
}
