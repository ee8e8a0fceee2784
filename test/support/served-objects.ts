/** Everything that an API server serves at one revision, through discovery: to hold what a snapshot of that revision holds against. */
import type { KubeApi } from "../../src/ports/kube-api.ts";
import { isKubeList, isKubeObject, textAt, valueAt, type KubeJson, type KubeObject } from "../../src/formats/kubernetes/kube-json.ts";
import { parseKubeJson } from "../../src/formats/kubernetes/parse-kube-json.ts";

export interface ServedObject {
  readonly resource: { readonly group: string; readonly plural: string };
  readonly object: KubeObject;
}

export interface ServedObjects {
  /** By `identityOf`; an object that several versions of its group serve is there once for each. */
  readonly byIdentity: ReadonlyMap<string, ServedObject>;
  readonly resourceCount: number;
}

const callTimeoutMs = 30_000;
/** Of a list; a page stays far below the client's limit of 32 MiB. */
const pageObjects = 500;
/** An API server whose cache has not seen the revision yet answers 504 and asks to come again. */
const lateMs = 60_000;

/** `apps/v1 Deployment default/web`. */
export function identityOf(object: KubeObject): string {
  const [apiVersion, kind] = [textAt(object, "apiVersion") ?? "", textAt(object, "kind") ?? ""];
  return `${apiVersion} ${kind} ${textAt(object, "metadata", "namespace") ?? ""}/${textAt(object, "metadata", "name") ?? ""}`;
}

/** Every resource of every version of every group that can be listed, at exactly this revision; 0n: now. */
export async function servedObjects(api: KubeApi, revision: bigint): Promise<ServedObjects> {
  const byIdentity = new Map<string, ServedObject>();
  let resourceCount = 0;
  for (const version of await groupVersions(api)) {
    const path = version.includes("/") ? `/apis/${version}` : `/api/${version}`;
    for (const resource of listOf(await get(api, path), "resources")) {
      const [plural = "", kind = ""] = [textAt(resource, "name"), textAt(resource, "kind")];
      if (plural.includes("/") || !listOf(resource, "verbs").includes("list")) continue;
      resourceCount += 1;
      for await (const item of listed(api, `${path}/${plural}`, revision)) {
        // Items of a list of built-in kinds carry neither; what the list is of says both.
        const object = Object.assign(Object.create(null) as KubeObject, { apiVersion: version, kind }, item);
        byIdentity.set(identityOf(object), { resource: { group: version.split("/").slice(0, -1).join("/"), plural }, object });
      }
    }
  }
  return { byIdentity, resourceCount };
}

async function groupVersions(api: KubeApi): Promise<readonly string[]> {
  const groups = listOf(await get(api, "/apis"), "groups");
  return ["v1", ...groups.flatMap((group) => listOf(group, "versions").map((version) => textAt(version, "groupVersion") ?? ""))];
}

async function* listed(api: KubeApi, path: string, revision: bigint): AsyncIterable<KubeObject> {
  let next: string | undefined = "";
  while (next !== undefined) {
    const first: string = revision === 0n ? "" : `&resourceVersion=${String(revision)}&resourceVersionMatch=Exact`;
    const at: string = next === "" ? first : `&continue=${encodeURIComponent(next)}`;
    const list: KubeJson = await get(api, `${path}?limit=${String(pageObjects)}${at}`);
    for (const item of listOf(list, "items")) if (isKubeObject(item)) yield item;
    const more: string | undefined = textAt(list, "metadata", "continue");
    next = more === undefined || more === "" ? undefined : more;
  }
}

async function get(api: KubeApi, path: string): Promise<KubeJson> {
  const startedMs = performance.now();
  for (;;) {
    const { status, text } = await api.request({ method: "GET", path, timeoutMs: callTimeoutMs });
    if (status === 200) return parseKubeJson(text);
    if (![429, 503, 504].includes(status) || performance.now() - startedMs > lateMs)
      throw new Error(`${path}: ${String(status)} ${text.slice(0, 500)}`);
    await new Promise((done) => setTimeout(done, 1_000));
  }
}

function listOf(value: KubeJson, field: string): readonly KubeJson[] {
  const list = valueAt(value, field);
  return isKubeList(list) ? list : [];
}
