import type { ModelNode } from "../../model/cluster-model.ts";
import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { KubeApi } from "../../ports/kube-api.ts";
import { etcdCall, withHealthyVoter } from "../ask/ask-etcd.ts";
import { acceptedJson, request, withKube, withReadyKube } from "../ask/ask-kube.ts";
import { listAt, recordOf, textAt, valueAt } from "../ask/json-value.ts";
import type { StepContext } from "../step-handler.ts";

/** ready: /readyz answered 200. undefined: it could not be asked. */
export async function lookAtApiServer(context: StepContext, host: HostName): Promise<"ready" | "not-ready" | undefined> {
  return await knownOrUndefined(
    context,
    async () =>
      await withKube(context, host, async (api) =>
        (await request(api, context, { method: "GET", path: "/readyz" })).status === 200 ? "ready" : "not-ready",
      ),
  );
}

/** Every Node, through the first of `via` whose API server is ready; undefined: none could be asked. */
export async function lookAtNodes(context: StepContext, via: readonly HostName[]): Promise<readonly ModelNode[] | undefined> {
  return await knownOrUndefined(
    context,
    async () => await withReadyKube(context, via, async (api) => (await listNodes(api, context)).flatMap((node) => modelNode(node) ?? [])),
  );
}

/** 500 a page, as kubectl does; 200 pages are more Nodes than Kubernetes supports. */
const pageSize = 500;
const pagesMax = 200;

async function listNodes(api: KubeApi, context: StepContext): Promise<readonly unknown[]> {
  const nodes: unknown[] = [];
  let next = "";
  for (let page = 0; page < pagesMax; page++) {
    const answer = await request(api, context, {
      method: "GET",
      path: `/api/v1/nodes?limit=${pageSize}${next === "" ? "" : `&continue=${encodeURIComponent(next)}`}`,
    });
    const list = acceptedJson(answer, "list of Nodes");
    if (valueAt(list, "items") === undefined)
      throw new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject: "list of Nodes", detail: "the answer has no items" });
    nodes.push(...listAt(list, "items"));
    next = textAt(list, "metadata", "continue") ?? "";
    if (next === "") return nodes;
  }
  throw new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject: "list of Nodes", detail: `it did not end after ${pagesMax} pages` });
}

function modelNode(node: unknown): ModelNode | undefined {
  const name = textAt(node, "metadata", "name");
  if (name === undefined) return undefined;
  const labels = recordOf(valueAt(node, "metadata", "labels")) ?? {};
  const ready = listAt(node, "status", "conditions").find((condition) => textAt(condition, "type") === "Ready");
  const address = listAt(node, "status", "addresses").find((candidate) => textAt(candidate, "type") === "InternalIP");
  return {
    name,
    uid: textAt(node, "metadata", "uid"),
    // "Unknown" is Kubernetes' word for a kubelet that stopped reporting: known not to be Ready.
    isReady: textAt(ready, "status") === "True",
    isControlPlane: "node-role.kubernetes.io/control-plane" in labels,
    internalIp: textAt(address, "address") ?? "",
    machineId: textAt(node, "status", "nodeInfo", "machineID") ?? "",
  };
}

/** kube-apiserver's lease reconciler (--endpoint-reconciler-type=lease, default) keeps one key per API server. */
export const masterLeasePrefix = "/registry/masterleases/";

/** Addresses with a lease, read from etcd through a healthy voter on one of `via`. */
export async function lookAtMasterLeases(context: StepContext, via: readonly HostName[]): Promise<readonly string[] | undefined> {
  return await knownOrUndefined(
    context,
    async () =>
      await withHealthyVoter(context, { hosts: via }, async (client) => {
        const addresses: string[] = [];
        await client.range({ key: masterLeasePrefix, isPrefix: true, keysOnly: true }, etcdCall(context), (page) => {
          addresses.push(...page.map(({ key }) => new TextDecoder().decode(key).slice(masterLeasePrefix.length)));
        });
        return addresses;
      }),
  );
}

/** One ConfigMap; undefined: it could not be read. "absent": it does not exist. */
export async function readConfigMap(
  api: KubeApi,
  context: StepContext,
  name: { readonly namespace: string; readonly name: string },
): Promise<unknown> {
  const answer = await request(api, context, { method: "GET", path: `/api/v1/namespaces/${name.namespace}/configmaps/${name.name}` });
  return acceptedJson(answer, `ConfigMap ${name.namespace}/${name.name}`);
}

/** An expected failure of the question leaves the answer unknown; interruption and bugs are thrown. */
export async function knownOrUndefined<T>(context: StepContext, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof RecoveryError)) throw error;
    return undefined;
  }
}
