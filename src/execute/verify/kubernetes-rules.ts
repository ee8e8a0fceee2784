import { fails, holds, unknown, type Verdict } from "../../model/verdict.ts";
import { judge, type ExitRule, type Verified } from "./exit-rule.ts";
import { acceptedJson, request, withKube } from "../ask/ask-kube.ts";
import { listAt, textAt } from "../ask/json-value.ts";

/** Every API server by itself, and what the cluster says of itself. Read-only. */
export async function kubernetesRules(verified: Verified): Promise<readonly ExitRule[]> {
  const { context, hosts } = verified;
  const perServer = await Promise.all(
    hosts.flatMap((host) => [
      judge(`API server on ${host.name} is ready`, () => withKube(context, host.name, async (api) => {
        const answer = await request(api, context, { method: "GET", path: "/readyz" });
        return answer.status === 200 ? holds : fails(`/readyz answered ${String(answer.status)}`);
      })),
      judge(`API server on ${host.name} reads Secrets`, () => withKube(context, host.name, async (api) => {
        acceptedJson(await request(api, context, { method: "GET", path: "/api/v1/secrets?limit=1" }), "reading Secrets");
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
async function throughFirst(verified: Verified, path: string, read: (object: unknown) => Verdict): Promise<Verdict> {
  const [first] = verified.hosts;
  if (first === undefined) return unknown("no member's machine is configured");
  return await withKube(verified.context, first.name, async (api) => read(acceptedJson(await request(api, verified.context, { method: "GET", path }), path)));
}

function nodesVerdict(object: unknown): Verdict {
  const notReady = listAt(object, "items").filter((node) => !listAt(node, "status", "conditions").some((condition) => textAt(condition, "type") === "Ready" && textAt(condition, "status") === "True"));
  return notReady.length === 0 ? holds : fails(...notReady.map((node) => `Node ${textAt(node, "metadata", "name") ?? "without a name"} is not Ready`));
}

function endpointsVerdict(object: unknown, { hosts }: Verified): Verdict {
  const addresses = listAt(object, "subsets").flatMap((subset) => listAt(subset, "addresses").map((address) => textAt(address, "ip") ?? ""));
  const wanted = hosts.map((host) => host.address);
  const problems = [
    ...addresses.filter((address) => !wanted.includes(address)).map((address) => `${address} is listed and is no living API server`),
    ...wanted.filter((address) => !addresses.includes(address)).map((address) => `${address} is not listed`),
  ];
  return problems.length === 0 ? holds : fails(...problems);
}
