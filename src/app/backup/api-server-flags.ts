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

/** UTF-16 units. kubeadm's are 4 KiB, OpenShift's 20 KiB; YAML's reader takes seconds for a long one of many keys. */
const manifestMax = 65_536;

/**
 * Of a static pod's manifest, as the API server was started; undefined: it is
 * none of an API server, or cannot be understood.
 */
export function apiServerFlags(manifest: string): readonly string[] | undefined {
  const root = parsed(manifest);
  for (const container of listAt(root, "spec", "containers")) {
    const words = [...listAt(container, "command"), ...listAt(container, "args")].filter((word) => typeof word === "string");
    if (!/(^|\/)kube-apiserver$/.test(words[0] ?? "")) continue;
    return words.slice(1).flatMap((word, at, flags) => carried(word, flags[at + 1]));
  }
  return undefined;
}

/** undefined: it is no YAML that is understood. */
function parsed(manifest: string): unknown {
  if (manifest.length > manifestMax) return undefined;
  try {
    const document = parseDocument(manifest, { merge: true });
    // Aliases are bounded: a hostile file must not expand without end.
    return document.errors.length > 0 ? undefined : (document.toJS({ maxAliasCount: 20 }) as unknown);
  } catch {
    return undefined; // whatever YAML's reader gives up at, such as brackets thousands deep
  }
}

/** As the API server reads it: "-" or "_", and a value that may be the next word. None of the carried flags is a boolean, so the next word is only no value where it is a flag itself. */
function carried(word: string, next: string | undefined): readonly string[] {
  const [, given = "", ofWord] = /^--([a-z_-]+)(?:=([^]*))?$/.exec(word) ?? [];
  const name = given.replaceAll("_", "-");
  const value = ofWord ?? (next?.startsWith("--") === true ? undefined : next);
  return carriedFlags.includes(name) && value !== undefined ? [`--${name}=${value}`] : [];
}

function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  let current = value;
  for (const name of path)
    current = typeof current === "object" && current !== null ? (current as { readonly [key: string]: unknown })[name] : undefined;
  return Array.isArray(current) ? (current as readonly unknown[]) : [];
}
