import type { HostConfig } from "../../model/cluster-config.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { fails, holds, type Verdict } from "../../model/verdict.ts";
import { judge, type ExitRule, type Verified } from "./exit-rule.ts";
import { acceptedJson, request, withKubeOnce, type KubeCall } from "../ask/ask-kube.ts";
import { textAt } from "../ask/json-value.ts";
import type { KubeApi } from "../../ports/kube-api.ts";
import type { StepContext } from "../step-handler.ts";

/**
 * Proof by doing: small objects of our own are written and removed again. It
 * runs once, in `perform`; the result is kept as the run's artifact, because
 * looking alone cannot give it.
 */
export async function proveWrites(verified: Verified): Promise<readonly ExitRule[]> {
  const { apiServers, context } = verified;
  const [first] = apiServers;
  const direct = [];
  for (const host of apiServers)
    direct.push(await judge(`a write through the API server on ${host.name}`, () => writeDirectly(verified, host)));
  if (first === undefined) return direct;
  return [
    ...direct,
    await judge("a service account's token is accepted by every API server", () => proveToken(verified, first)),
    await judge("controllers make progress", () => proveProgress(verified, first)),
    ...(context.config.controlPlaneEndpoint === undefined
      ? []
      : [await judge(`a write through ${context.config.controlPlaneEndpoint}`, () => writeThroughEndpoint(verified, first))]),
  ];
}

/** Our own small objects: created (201), read, replaced or removed (200). */
async function askJson(api: KubeApi, context: StepContext, call: KubeCall): Promise<unknown> {
  return acceptedJson(await request(api, context, call), `${call.method} ${call.path}`, [200, 201]);
}

/** Created and deleted through this one server. A leftover of a killed attempt is replaced. */
async function writeDirectly({ context }: Verified, host: HostConfig): Promise<Verdict> {
  const name = `requorum-verify-${host.name.toLowerCase()}`;
  const path = "/api/v1/namespaces/kube-system/configmaps";
  return await withKubeOnce(context, host.name, async (api) => {
    const body = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, labels: { "app.kubernetes.io/managed-by": "requorum" } },
      data: { run: context.run },
    };
    const created = await request(api, context, { method: "POST", path, body });
    if (created.status === 409) await askJson(api, context, { method: "PUT", path: `${path}/${name}`, body });
    else if (created.status !== 201) return fails(`the write was answered ${String(created.status)}`);
    const read = await askJson(api, context, { method: "GET", path: `${path}/${name}` });
    await askJson(api, context, { method: "DELETE", path: `${path}/${name}` });
    return textAt(read, "data", "run") === context.run ? holds : fails("what was read back is not what was written");
  });
}

/**
 * As a pod would: a token of kube-system's default service account, good for
 * ten minutes (the API's minimum), only in memory. One server issues it and
 * each must take it: a machine with another service-account key takes only its own.
 */
async function proveToken({ context, apiServers }: Verified, issuer: HostConfig): Promise<Verdict> {
  const token = await withKubeOnce(context, issuer.name, async (api) =>
    textAt(
      await askJson(api, context, {
        method: "POST",
        path: "/api/v1/namespaces/kube-system/serviceaccounts/default/token",
        body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 600 } },
      }),
      "status",
      "token",
    ),
  );
  if (token === undefined) return fails("no token was issued");
  const refused: string[] = [];
  for (const host of apiServers) {
    const used = await withKubeOnce(context, host.name, (api) =>
      request(api, context, { method: "GET", path: "/api", bearerToken: token }),
    );
    if (used.status !== 200) refused.push(`a call with the token to the API server on ${host.name} was answered ${String(used.status)}`);
  }
  return refused.length === 0 ? holds : fails(...refused);
}

/** Both renew their Lease every 2 s (retry period); 20 s covers one change of leader (lease 15 s). */
const progressLimitMs = 20_000;
const progressPauseMs = 1_000;

async function proveProgress({ context }: Verified, host: HostConfig): Promise<Verdict> {
  const { clock } = context.ports;
  return await withKubeOnce(context, host.name, async (api) => {
    const renewed = async (name: string): Promise<string> =>
      textAt(
        await askJson(api, context, { method: "GET", path: `/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/${name}` }),
        "spec",
        "renewTime",
      ) ?? "";
    const waiting = new Map<string, string>();
    for (const name of ["kube-controller-manager", "kube-scheduler"]) waiting.set(name, await renewed(name));
    const startedMs = clock.monotonicMs();
    while (waiting.size > 0 && clock.monotonicMs() - startedMs < progressLimitMs) {
      await clock.sleep(progressPauseMs, context.signal);
      for (const [name, before] of waiting) if ((await renewed(name)) !== before) waiting.delete(name);
    }
    return waiting.size === 0
      ? holds
      : fails(...[...waiting.keys()].map((name) => `${name} did not renew its Lease for ${String(progressLimitMs / 1000)} s`));
  });
}

/**
 * From a machine of the cluster with its own admin credentials, through the
 * balancer, as clients go. $1: https://endpoint, $2: object name.
 */
const endpointScript = `set -eu
command -v kubectl >/dev/null 2>&1 || { echo "no kubectl on this machine" >&2; exit 60; }
conf=/etc/kubernetes/admin.conf
[ -r "$conf" ] || conf=/etc/kubernetes/super-admin.conf
server=$1
name=$2
k() { kubectl --kubeconfig "$conf" --server "$server" --request-timeout=15s -n kube-system "$@"; }
k delete configmap "$name" --ignore-not-found >/dev/null
k create configmap "$name" --from-literal=by=requorum >/dev/null
k get configmap "$name" -o 'jsonpath={.data.by}'
k delete configmap "$name" --wait=false >/dev/null
`;

async function writeThroughEndpoint({ context }: Verified, host: HostConfig): Promise<Verdict> {
  const answer = await context.ports.hostAccess.run(host.name, {
    reason: "write through the control-plane endpoint",
    script: endpointScript,
    args: [`https://${context.config.controlPlaneEndpoint ?? ""}`, "requorum-verify-endpoint"],
    timeoutMs: 60_000,
    changesThings: true,
    signal: context.signal,
  });
  if (answer.exitCode === 60)
    throw new RecoveryError("REMOTE_COMMAND_FAILED", {
      subject: `host ${host.name}`,
      detail: "there is no kubectl on it to try the endpoint with",
    });
  if (answer.exitCode !== 0)
    return fails(`from ${host.name}: ${answer.stderr.trim().split("\n").at(-1) ?? `exit ${String(answer.exitCode)}`}`);
  return answer.stdout.trim() === "requorum" ? holds : fails(`from ${host.name}: what was read back is not what was written`);
}

/** Kept for the report: when the endpoint took its first write after the repair. */
export function isWriteThroughEndpoint(rule: ExitRule): boolean {
  return (
    rule.rule.startsWith("a write through ") && !rule.rule.startsWith("a write through the API server") && rule.verdict.kind === "holds"
  );
}
