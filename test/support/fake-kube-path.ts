import type { ObjectPath } from "./fake-kube-store.ts";

/** Takes `/api/v1/…` and `/apis/GROUP/VERSION/…` apart; undefined: neither of them. */
export function readKubePath(path: string): ObjectPath | undefined {
  const match = /^(\/api\/v1|\/apis\/[^/]+\/[^/]+)\/(.+)$/.exec(path);
  const [base, rest] = [match?.[1], match?.[2]];
  if (base === undefined || rest === undefined) return undefined;
  const parts = rest.split("/").map(decodeURIComponent);
  const isNamespaced = parts[0] === "namespaces" && parts.length >= 3;
  const [resource, name, subresource] = isNamespaced ? parts.slice(2) : parts;
  if (resource === undefined) return undefined;
  return { base, namespace: isNamespaced ? parts[1] : undefined, resource, name, subresource };
}

export function splitQuery(pathAndQuery: string): { readonly path: string; readonly query: URLSearchParams } {
  const [path = "", query = ""] = pathAndQuery.split("?", 2);
  return { path: path.replace(/\/$/, ""), query: new URLSearchParams(query) };
}
