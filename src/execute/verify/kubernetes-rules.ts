import { fails, holds, unknown, type Verdict } from "../../model/verdict.ts";
import type { HostConfig } from "../../model/cluster-config.ts";
import { addressOfUrl, judge, type ExitRule, type Verified } from "./exit-rule.ts";
import { acceptedJson, request, withKube } from "../ask/ask-kube.ts";
import { listAt, recordOf, textAt, valueAt } from "../ask/json-value.ts";

/** kubeadm's mark, the last thing that a join sets. */
const controlPlaneLabel = "node-role.kubernetes.io/control-plane";

/** Every API server by itself, and what the cluster says of itself. Read-only. */
export async function kubernetesRules(verified: Verified): Promise<readonly ExitRule[]> {
  const { context, apiServers } = verified;
  const perServer = await Promise.all(
    apiServers.flatMap((host) => [
      judge(`API server on ${host.name} is ready`, () =>
        withKube(context, host.name, async (api) => {
          const answer = await request(api, context, { method: "GET", path: "/readyz" });
          return answer.status === 200 ? holds : fails(`/readyz answered ${String(answer.status)}`);
        }),
      ),
      judge(`API server on ${host.name} reads Secrets`, () =>
        withKube(context, host.name, async (api) => {
          acceptedJson(await request(api, context, { method: "GET", path: "/api/v1/secrets?limit=1" }), "reading Secrets");
          return holds;
        }),
      ),
    ]),
  );
  return [
    ...perServer,
    await judge("every Node is Ready", () => throughFirst(verified, "/api/v1/nodes", (list) => nodesVerdict(list, verified))),
    await judge("the kubernetes Service leads to the living API servers", () =>
      throughFirst(verified, "/api/v1/namespaces/default/endpoints/kubernetes", (object) => endpointsVerdict(object, verified)),
    ),
  ];
}

/** One question through the first API server that can be dialled; the per-server rules report the others. */
async function throughFirst(verified: Verified, path: string, read: (object: unknown) => Verdict): Promise<Verdict> {
  const [first] = verified.apiServers;
  if (first === undefined) return unknown("no API server's machine is configured");
  return await withKube(verified.context, first.name, async (api) =>
    read(acceptedJson(await request(api, verified.context, { method: "GET", path }), path)),
  );
}

/** A Node that is not there is not Ready either: every API server's machine must have one that is marked as control plane. */
function nodesVerdict(list: unknown, verified: Verified): Verdict {
  const nodes = listAt(list, "items");
  const notReady = nodes.filter(
    (node) =>
      !listAt(node, "status", "conditions").some(
        (condition) => textAt(condition, "type") === "Ready" && textAt(condition, "status") === "True",
      ),
  );
  const controlPlane = nodes.filter((node) => Object.hasOwn(recordOf(valueAt(node, "metadata", "labels")) ?? {}, controlPlaneLabel));
  const missing = verified.apiServers.filter((host) => !controlPlane.some((node) => isNodeOf(node, host, verified)));
  const problems = [
    ...notReady.map((node) => `Node ${textAt(node, "metadata", "name") ?? "without a name"} is not Ready`),
    ...missing.map(
      (host) => `no Node of ${host.name} (${host.address}) is labelled ${controlPlaneLabel}: a join that broke off leaves that out`,
    ),
  ];
  return problems.length === 0 ? holds : fails(...problems);
}

/** By the name that the machine is configured with or its member has, or by an address: a kubelet may report another one of its machine's. */
function isNodeOf(node: unknown, host: HostConfig, { members }: Verified): boolean {
  const memberNames = members
    .filter((member) => member.peerUrls.some((url) => addressOfUrl(url) === host.address))
    .map((member) => member.name);
  const name = textAt(node, "metadata", "name") ?? "";
  return (
    [host.name as string, ...memberNames].includes(name) ||
    listAt(node, "status", "addresses").some((address) => textAt(address, "address") === host.address)
  );
}

function endpointsVerdict(object: unknown, { apiServers }: Verified): Verdict {
  const addresses = listAt(object, "subsets").flatMap((subset) =>
    listAt(subset, "addresses").map((address) => textAt(address, "ip") ?? ""),
  );
  const wanted = apiServers.map((host) => host.address);
  const problems = [
    ...addresses.filter((address) => !wanted.includes(address)).map((address) => `${address} is listed and is no living API server`),
    ...wanted.filter((address) => !addresses.includes(address)).map((address) => `${address} is not listed`),
  ];
  return problems.length === 0 ? holds : fails(...problems);
}
