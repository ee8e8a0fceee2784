import type { HostName, MemberId } from "../../model/ids.ts";
import type { EtcdStatus } from "../../model/inventory.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { CallOptions, EtcdClient } from "../../ports/etcd-client.ts";
import { retryTransient } from "../retry.ts";
import type { StepContext } from "../step-handler.ts";

/** etcd itself gives up a request after 5 s plus two election timeouts (7 s by default); a read that takes longer is no answer. */
export const etcdReadMs = 5_000;
/** A write is waited for longer than etcd's own limit, so that it ends in etcd's answer and not in our guess. */
export const etcdWriteMs = 12_000;

export function etcdCall(context: StepContext, timeoutMs: number = etcdReadMs): CallOptions {
  return { timeoutMs, signal: context.signal };
}

/** Dials, asks, closes. Only transient failures of dialling and asking are repeated; `ask` must be repeatable. */
export async function withEtcd<T>(context: StepContext, host: HostName, ask: (client: EtcdClient) => Promise<T>): Promise<T> {
  return await retryTransient({ clock: context.ports.clock, signal: context.signal }, () => withEtcdOnce(context, host, ask));
}

/** Dials, asks, closes; nothing is repeated. */
export async function withEtcdOnce<T>(context: StepContext, host: HostName, ask: (client: EtcdClient) => Promise<T>): Promise<T> {
  const client = await context.ports.etcd.dial(host, etcdCall(context));
  try {
    return await ask(client);
  } finally {
    await client.close();
  }
}

/**
 * One healthy voter of the plan's own cluster on one of `hosts`: it answers a
 * linearizable read, is no learner and not `except`. The write itself goes to
 * it once and is never repeated: a lost answer is settled by looking.
 * Throws the last refusal when there is none; ETCD_WRONG_CLUSTER stops at once.
 */
export async function withHealthyVoter<T>(
  context: StepContext,
  request: { readonly hosts: readonly HostName[]; readonly except?: MemberId },
  ask: (client: EtcdClient, status: EtcdStatus) => Promise<T>,
): Promise<T> {
  let refusal: RecoveryError | undefined;
  for (const host of request.hosts) {
    const chosen = await withEtcd(context, host, (client) => judgeVoter(client, context, request.except)).catch((error: unknown) => {
      context.signal.throwIfAborted();
      if (!(error instanceof RecoveryError) || error.code === "ETCD_WRONG_CLUSTER") throw error;
      refusal = error;
      return undefined;
    });
    if (chosen !== undefined) return await withEtcdOnce(context, host, (client) => ask(client, chosen));
  }
  throw refusal ?? new RecoveryError("FACTS_INCOMPLETE", { subject: "etcd", detail: "the plan names no voter to ask" });
}

async function judgeVoter(client: EtcdClient, context: StepContext, except: MemberId | undefined): Promise<EtcdStatus> {
  const status = await client.status(etcdCall(context));
  assertPlannedCluster(context, client.host, status);
  if (status.isLearner || status.memberId === except) {
    throw new RecoveryError("ETCD_REFUSED", {
      subject: `member ${status.memberId}`,
      detail: `the member on ${client.host} is ${status.isLearner ? "a learner" : "the one it is about"}: it is not asked`,
    });
  }
  await client.probeRead({ linearizable: true }, etcdCall(context));
  return status;
}

/** I-G3, I-G8: an answer of another cluster is never acted on. */
export function assertPlannedCluster(context: StepContext, host: HostName, status: EtcdStatus): void {
  const { clusterId } = context.plan.fingerprint;
  if (clusterId === undefined || status.clusterId === clusterId) return;
  throw new RecoveryError("ETCD_WRONG_CLUSTER", {
    subject: `host ${host}`,
    detail: `etcd on ${host} belongs to cluster ${status.clusterId}, the plan is for ${clusterId}`,
  });
}

/** Ids of the members on `hosts` that answer a linearizable read right now. Who does not answer is left out, for whatever reason. */
export async function etcdHostsHealthy(context: StepContext, hosts: readonly HostName[]): Promise<ReadonlySet<MemberId>> {
  const ids = await Promise.all(
    hosts.map(async (host) => {
      try {
        return await withEtcd(context, host, async (client) => (await judgeVoter(client, context, undefined)).memberId);
      } catch (error) {
        context.signal.throwIfAborted();
        if (!(error instanceof RecoveryError)) throw error;
        return undefined;
      }
    }),
  );
  return new Set(ids.filter((id) => id !== undefined));
}
