import { parseDocument } from "yaml";

/** Flags that decide what an API server serves and under which keys; all others are about its place among machines. */
const carriedFlags: readonly string[] = [
  "api-audiences",
  "etcd-prefix",
  "feature-gates",
  "runtime-config",
  "service-account-issuer",
  "service-cluster-ip-range",
  "storage-media-type",
];

/**
 * Of a static pod's manifest, as the API server was started; undefined: it is
 * none of an API server, or cannot be understood.
 */
export function apiServerFlags(manifest: string): readonly string[] | undefined {
  const document = parseDocument(manifest, { merge: true });
  if (document.errors.length > 0) return undefined;
  // Aliases are bounded: a hostile file must not expand without end.
  const root: unknown = document.toJS({ maxAliasCount: 20 });
  for (const container of listAt(root, "spec", "containers")) {
    const words = [...listAt(container, "command"), ...listAt(container, "args")].filter((word) => typeof word === "string");
    if (!/(^|\/)kube-apiserver$/.test(words[0] ?? "")) continue;
    return words.flatMap((word) => (carriedFlags.includes(/^--([a-z-]+)=/.exec(word)?.[1] ?? "") ? [word] : []));
  }
  return undefined;
}

function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  let current = value;
  for (const name of path)
    current = typeof current === "object" && current !== null ? (current as { readonly [key: string]: unknown })[name] : undefined;
  return Array.isArray(current) ? (current as readonly unknown[]) : [];
}
