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

/**
 * Where a custom resource is listed in the version in which its objects are
 * stored: in another one the server asks a conversion webhook for each of
 * them, which nobody answers in a sandbox. The preferred place when the
 * definition does not tell one version that is also served.
 */
export async function storedPlace(api: KubeApi, place: ServedResource, signal: AbortSignal): Promise<string> {
  const { group, resource, path } = place;
  const definition = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${resource}.${group}`;
  const { status, body } = await ask(api, definition, signal);
  // It is served by somebody else than its definition, or that is gone.
  if (status === 404) return path;
  const found = answered(definition, { status, body });
  const versions = listOf(fieldOf(fieldOf(found, "spec"), "versions"));
  const stored = listOf(fieldOf(fieldOf(found, "status"), "storedVersions"));
  const [only] = stored;
  const name =
    stored.length === 1
      ? only
      : fieldOf(
          versions.find((version) => fieldOf(version, "storage") === true),
          "name",
        );
  const isServed = versions.some((version) => fieldOf(version, "name") === name && fieldOf(version, "served") === true);
  return typeof name === "string" && isServed ? `/apis/${group}/${name}/${resource}` : path;
}

export type Listing =
  | { readonly kind: "listed"; readonly count: number }
  /** The server answered, and gave no list of this one. */
  | { readonly kind: "refused"; readonly why: string; readonly isConversion: boolean };

/** How many objects the server lists at exactly this revision of etcd: what it wrote itself since does not count. */
export async function countServed(api: KubeApi, path: string, revision: bigint, signal: AbortSignal): Promise<Listing> {
  let count = 0;
  let query = `resourceVersion=${String(revision)}&resourceVersionMatch=Exact`;
  for (let page = 0; page < pagesMax; page += 1) {
    const place = `${path}?limit=${String(pageSize)}&${query}`;
    const answer = await ask(api, place, signal, metadataOnly);
    if (answer.status >= 400 && !overloaded.includes(answer.status))
      return { kind: "refused", why: `GET ${place}: ${toldBy(answer)}`, isConversion: /conversion webhook for /.test(toldBy(answer)) };
    const list = answered(place, answer);
    count += listOf(fieldOf(list, "items")).length;
    const next = fieldOf(fieldOf(list, "metadata"), "continue");
    if (typeof next !== "string" || next === "") return { kind: "listed", count };
    query = `continue=${encodeURIComponent(next)}`;
  }
  throw unexpected(path, `the list did not end within ${String(pagesMax)} pages`);
}

export async function get(api: KubeApi, path: string, signal: AbortSignal, accept?: string): Promise<unknown> {
  return answered(path, await ask(api, path, signal, accept));
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function ask(api: KubeApi, path: string, signal: AbortSignal, accept?: string): Promise<Answer> {
  const answer = await api.request({
    method: "GET",
    path,
    timeoutMs: pageTimeoutMs,
    answerBytesMax: pageBytesMax,
    signal,
    ...(accept === undefined ? {} : { accept }),
  });
  try {
    return { status: answer.status, body: JSON.parse(answer.text) as unknown };
  } catch {
    throw unexpected(path, `status ${String(answer.status)}, and no JSON`);
  }
}

function answered(path: string, answer: Answer): unknown {
  if (answer.status === 200) return answer.body;
  throw unexpected(path, toldBy(answer), overloaded.includes(answer.status) ? "SANDBOX_UNDECIDED" : "SANDBOX_FAILED");
}

function toldBy({ status, body }: Answer): string {
  const message = fieldOf(body, "message");
  return `status ${String(status)}: ${typeof message === "string" ? message : "without a message"}`;
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
