import { cleanPath } from "../../model/host-path.ts";
import { listOf, parsedIfSure, recordOf } from "./host-mounts.ts";

/** A certificate of a kubeconfig: its text, or the path of its file on the machine. Neither: it cannot be read. */
export interface KubeconfigCertificate {
  /** "client-certificate-data of user admin" */
  readonly what: string;
  readonly text?: string | undefined;
  readonly path?: string | undefined;
}

export interface Kubeconfig {
  /** Of users. One with a token or a program of its own has none. */
  readonly shown: readonly KubeconfigCertificate[];
  /** Of the clusters' CAs. */
  readonly trusted: readonly KubeconfigCertificate[];
  /** Users and clusters that a context names and that are not there: the rest was cut off. */
  readonly missing: readonly string[];
}

/** `path`: where it lies; relative paths in it start there. undefined: it is no kubeconfig, cannot be read, or is not the same for every reader. */
export function readKubeconfig(text: string, path: string): Kubeconfig | undefined {
  const root = recordOf(parsedIfSure(text));
  if (root === undefined) return undefined;
  const lists = [root["users"], root["clusters"], root["contexts"]];
  if (lists.some((list) => list !== undefined && list !== null && !Array.isArray(list))) return undefined;
  if (root["kind"] !== "Config" && !lists.slice(0, 2).some((list) => Array.isArray(list))) return undefined;
  const entries = (list: "users" | "clusters" | "contexts", key: "user" | "cluster" | "context") =>
    listOf(root[list]).map((item) => ({ name: recordOf(item)?.["name"], fields: recordOf(recordOf(item)?.[key]) ?? {} }));
  const [users, clusters] = [entries("users", "user"), entries("clusters", "cluster")];
  const held = (from: typeof users, kind: "user" | "cluster", field: string): readonly KubeconfigCertificate[] =>
    from.flatMap(({ name, fields }) => heldIn(fields, { field, of: `${kind} ${wordOf(name)}`, path }));
  const missing = entries("contexts", "context").flatMap(({ fields }) => [
    ...(isThere(fields["user"], users) ? [] : [`user ${wordOf(fields["user"])}`]),
    ...(isThere(fields["cluster"], clusters) ? [] : [`cluster ${wordOf(fields["cluster"])}`]),
  ]);
  return {
    shown: held(users, "user", "client-certificate"),
    trusted: held(clusters, "cluster", "certificate-authority"),
    missing: [...new Set(missing)],
  };
}

function isThere(name: unknown, among: readonly { readonly name: unknown }[]): boolean {
  return name === undefined || name === null || name === "" || among.some((one) => one.name === name);
}

/** As client-go has it: data counts before a path, and an empty text is none. */
function heldIn(
  fields: { readonly [key: string]: unknown },
  { field, of, path }: { readonly field: string; readonly of: string; readonly path: string },
): readonly KubeconfigCertificate[] {
  const [data, file] = [fields[`${field}-data`], fields[field]];
  const isSet = (value: unknown): boolean => value !== undefined && value !== null && value !== "";
  if (isSet(data)) return [{ what: `${field}-data of ${of}`, text: textOf(data) }];
  if (!isSet(file)) return [];
  const at = typeof file !== "string" ? undefined : file.startsWith("/") ? file : `${path.slice(0, path.lastIndexOf("/"))}/${file}`;
  return [{ what: `${field} of ${of}`, path: at === undefined ? undefined : (cleanPath(at) ?? at) }];
}

/** undefined: no base64. */
function textOf(base64: unknown): string | undefined {
  try {
    return typeof base64 === "string" ? atob(base64) : undefined;
  } catch {
    return undefined;
  }
}

function wordOf(name: unknown): string {
  return typeof name === "string" ? name : "without a name";
}
