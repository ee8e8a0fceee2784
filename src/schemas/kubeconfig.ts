import * as z from "zod";
import { RecoveryError } from "../model/recovery-error.ts";
import { splitEndpoint } from "./network-address.ts";
import { placeYaml } from "./yaml-places.ts";

/** What `init` needs of a kubeconfig (client-go, tools/clientcmd/api/v1). Credentials stay in the text; they are not kept here. */
export interface KubeconfigFacts {
  /** Name of the cluster entry of the current context. */
  readonly clusterName: string;
  /** "address:port" of its server. */
  readonly endpoint: string;
}

const schema = z.object({
  "current-context": z.string().optional(),
  contexts: z.array(z.object({ name: z.string(), context: z.object({ cluster: z.string() }) })).default([]),
  clusters: z.array(z.object({ name: z.string(), cluster: z.object({ server: z.string() }) })).min(1),
});

/** CONFIG_INVALID with line and column when there is no usable server in it. No value of the file is quoted but names and the server. */
export function readKubeconfig(text: string, path: string): KubeconfigFacts {
  const yaml = placeYaml(text);
  const fail = (place: { readonly line: number; readonly column: number }, message: string) =>
    new RecoveryError("CONFIG_INVALID", {
      subject: `file ${path}`,
      detail: `${path}:${String(place.line)}:${String(place.column)}: ${message}`,
    });
  const syntax = yaml.syntaxProblems[0];
  if (syntax !== undefined) throw fail(syntax, syntax.message);
  const parsed = schema.safeParse(yaml.value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const at = (issue?.path ?? []).map((key) => (typeof key === "number" ? key : String(key)));
    throw fail(yaml.placeOf(at), `not a kubeconfig: ${at.join(".") || "the file"}: ${issue?.message ?? "unexpected form"}`);
  }
  const config = parsed.data;
  const current = config.contexts.find((context) => context.name === config["current-context"])?.context.cluster;
  const index = current === undefined ? 0 : config.clusters.findIndex((cluster) => cluster.name === current);
  const cluster = config.clusters[index];
  if (cluster === undefined)
    throw fail(yaml.placeOf(["current-context"]), `the current context names cluster ${current ?? ""}, which is not in the file`);
  const endpoint = endpointOfUrl(cluster.cluster.server);
  if (endpoint === undefined)
    throw fail(
      yaml.placeOf(["clusters", index, "cluster", "server"]),
      `server is ${JSON.stringify(cluster.cluster.server)}; expected https://ADDRESS[:PORT]`,
    );
  return { clusterName: cluster.name, endpoint };
}

/** "https://10.0.0.10:6443" -> "10.0.0.10:6443"; port 443 where none is said. undefined: not such a URL. */
export function endpointOfUrl(url: string): string | undefined {
  const match = /^https?:\/\/(\[[^\]/]+\]|[^:/?#[\]]+)(?::([0-9]{1,5}))?(?:\/.*)?$/.exec(url.trim());
  if (match === null) return undefined;
  const endpoint = `${match[1] ?? ""}:${match[2] ?? (url.startsWith("http:") ? "80" : "443")}`;
  return splitEndpoint(endpoint) === undefined ? undefined : endpoint;
}
