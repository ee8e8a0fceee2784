import { RecoveryError } from "../../model/recovery-error.ts";
import type { KubeApi } from "../../ports/kube-api.ts";

/** Metadata of 500 objects is below 2 MB, but for managed fields of large ones. */
const pageSize = 500;
const pageBytesMax = 128 * 1024 * 1024;
const pageTimeoutMs = 120_000;
/** Ten million objects; etcd holds fewer. */
const pagesMax = 20_000;
/** The API server decodes every object all the same, and sends what is counted. */
const metadataOnly = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/** "/api/v1/pods", for one kind of object. */
export interface ServedResource {
  readonly group: string;
  readonly resource: string;
  readonly path: string;
}

/**
 * The resources of these groups, each in the version that the server prefers
 * and has it in; subresources are not among them. A group that it does not
 * serve gives none. SANDBOX_FAILED when it answers otherwise than an API server does.
 */
export async function discoverResources(
  api: KubeApi,
  groups: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<readonly ServedResource[]> {
  const found: ServedResource[] = [];
  const take = (group: string, path: string, list: unknown): void => {
    for (const entry of listOf(fieldOf(list, "resources"))) {
      const name = fieldOf(entry, "name");
      const verbs = listOf(fieldOf(entry, "verbs"));
      if (typeof name !== "string" || name.includes("/") || !verbs.includes("list")) continue;
      if (!found.some((one) => one.group === group && one.resource === name))
        found.push({ group, resource: name, path: `${path}/${name}` });
    }
  };
  if (groups.has("")) take("", "/api/v1", await get(api, "/api/v1", signal));
  for (const entry of listOf(fieldOf(await get(api, "/apis", signal), "groups"))) {
    const group = fieldOf(entry, "name");
    if (typeof group !== "string" || !groups.has(group)) continue;
    const preferred = fieldOf(fieldOf(entry, "preferredVersion"), "groupVersion");
    const versions = listOf(fieldOf(entry, "versions")).map((version) => fieldOf(version, "groupVersion"));
    for (const version of new Set([preferred, ...versions]))
      if (typeof version === "string") take(group, `/apis/${version}`, await get(api, `/apis/${version}`, signal));
  }
  return found;
}

/** How many objects the server lists at exactly this revision of etcd: what it wrote itself since does not count. */
export async function countServed(api: KubeApi, path: string, revision: bigint, signal: AbortSignal): Promise<number> {
  let count = 0;
  let query = `resourceVersion=${String(revision)}&resourceVersionMatch=Exact`;
  for (let page = 0; page < pagesMax; page += 1) {
    const list = await get(api, `${path}?limit=${String(pageSize)}&${query}`, signal, metadataOnly);
    count += listOf(fieldOf(list, "items")).length;
    const next = fieldOf(fieldOf(list, "metadata"), "continue");
    if (typeof next !== "string" || next === "") return count;
    query = `continue=${encodeURIComponent(next)}`;
  }
  throw unexpected(path, `the list did not end within ${String(pagesMax)} pages`);
}

export async function get(api: KubeApi, path: string, signal: AbortSignal, accept?: string): Promise<unknown> {
  const answer = await api.request({
    method: "GET",
    path,
    timeoutMs: pageTimeoutMs,
    answerBytesMax: pageBytesMax,
    signal,
    ...(accept === undefined ? {} : { accept }),
  });
  let body: unknown;
  try {
    body = JSON.parse(answer.text);
  } catch {
    throw unexpected(path, `status ${String(answer.status)}, and no JSON`);
  }
  if (answer.status === 200) return body;
  const message = fieldOf(body, "message");
  const told = `status ${String(answer.status)}: ${typeof message === "string" ? message : "without a message"}`;
  throw unexpected(path, told, overloaded.includes(answer.status) ? "SANDBOX_UNDECIDED" : "SANDBOX_FAILED");
}

/** Too many requests, not available now, and not in time: a later one may be answered. */
const overloaded: readonly number[] = [429, 503, 504];

function unexpected(path: string, detail: string, code: "SANDBOX_FAILED" | "SANDBOX_UNDECIDED" = "SANDBOX_FAILED"): RecoveryError {
  return new RecoveryError(code, { subject: "kube-apiserver in the sandbox", detail: `GET ${path}: ${detail}` });
}

export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as { readonly [key: string]: unknown })[name]
    : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}
