import { fails, holds, unknown, type Verdict } from "../../model/verdict.ts";
import { judge, type ExitRule, type Verified } from "./exit-rule.ts";
import { askJson, at, listAt, textAt, withApi, type Json } from "./kube-json.ts";

/** Every API server by itself, and what the cluster says of itself. Read-only. */
export async function kubernetesRules(verified: Verified): Promise<readonly ExitRule[]> {
  const { context, hosts } = verified;
  const perServer = await Promise.all(
    hosts.flatMap((host) => [
      judge(`API server on ${host.name} is ready`, () => withApi(context, host.name, async (api) => {
        const answer = await api.request({ method: "GET", path: "/readyz", timeoutMs: 10_000, signal: context.signal });
        return answer.status === 200 ? holds : fails(`/readyz answered ${String(answer.status)}`);
      })),
      judge(`API server on ${host.name} reads Secrets`, () => withApi(context, host.name, async (api) => {
        await askJson(api, context, { method: "GET", path: "/api/v1/secrets?limit=1" });
        return holds;
      })),
    ]),
  );
  return [
    ...perServer,
    await judge("every Node is Ready", () => throughFirst(verified, "/api/v1/nodes", nodesVerdict)),
    await judge("the kubernetes Service leads to the living API servers", () => throughFirst(verified, "/api/v1/namespaces/default/endpoints/kubernetes", (object) => endpointsVerdict(object, verified))),
  ];
}

/** One question through the first API server that can be dialled; the per-server rules report the others. */
async function throughFirst(verified: Verified, path: string, read: (object: Json) => Verdict): Promise<Verdict> {
  const [first] = verified.hosts;
  if (first === undefined) return unknown("no member's machine is configured");
  return await withApi(verified.context, first.name, async (api) => read(await askJson(api, verified.context, { method: "GET", path })));
}

function nodesVerdict(object: Json): Verdict {
  const notReady = listAt(object, "items").filter((node) => !listAt(node, "status", "conditions").some((condition) => at(condition, "type") === "Ready" && at(condition, "status") === "True"));
  return notReady.length === 0 ? holds : fails(...notReady.map((node) => `Node ${textAt(node, "metadata", "name")} is not Ready`));
}

function endpointsVerdict(object: Json, { hosts }: Verified): Verdict {
  const addresses = listAt(object, "subsets").flatMap((subset) => listAt(subset, "addresses").map((address) => textAt(address, "ip")));
  const wanted = hosts.map((host) => host.address);
  const problems = [
    ...addresses.filter((address) => !wanted.includes(address)).map((address) => `${address} is listed and is no living API server`),
    ...wanted.filter((address) => !addresses.includes(address)).map((address) => `${address} is not listed`),
  ];
  return problems.length === 0 ? holds : fails(...problems);
}
