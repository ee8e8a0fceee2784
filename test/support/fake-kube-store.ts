import { readKubePath } from "./fake-kube-path.ts";

export interface ObjectPath {
  /** "/api/v1" or "/apis/GROUP/VERSION". */
  readonly base: string;
  /** undefined: cluster-wide, or a list across namespaces. */
  readonly namespace: string | undefined;
  readonly resource: string;
  /** undefined: the collection. */
  readonly name: string | undefined;
  readonly subresource: string | undefined;
}

export interface KubeObject {
  readonly [key: string]: unknown;
  readonly metadata: { readonly [key: string]: unknown; readonly name: string; readonly uid: string; readonly resourceVersion: string };
}
type Json = { readonly [key: string]: unknown };

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Objects of a fake Kubernetes by path. Gives uid, resourceVersion and creationTimestamp. */
export class FakeKubeStore {
  readonly #objects = new Map<string, { readonly at: ObjectPath; readonly object: KubeObject }>();
  #version = 100;
  #uids = 0;

  count(): number {
    return this.#objects.size;
  }

  /** Makes or replaces the object at this path ("/api/v1/nodes/cp1"). Throws when the path names no object. */
  put(path: string, object: Json): KubeObject {
    return this.replace(this.#itemPath(path), object, false);
  }

  at(path: string): KubeObject | undefined {
    return this.get(this.#itemPath(path));
  }

  get(target: ObjectPath): KubeObject | undefined {
    return this.#objects.get(keyOf(target))?.object;
  }

  delete(target: ObjectPath): void {
    this.#objects.delete(keyOf(target));
    this.#version += 1;
  }

  /** The whole object; uid and creation time stay those of the one that was there. */
  replace(target: ObjectPath, object: Json, isDryRun: boolean): KubeObject {
    const before = this.get(target);
    const version = this.#version + 1;
    const metadata = isObject(object["metadata"]) ? object["metadata"] : {};
    const next: KubeObject = {
      ...object,
      metadata: {
        creationTimestamp: "2026-01-01T00:00:00Z", // the fake has no clock
        ...metadata,
        ...(target.namespace === undefined ? {} : { namespace: target.namespace }),
        name: target.name ?? "",
        uid: before?.metadata.uid ?? (typeof metadata["uid"] === "string" ? metadata["uid"] : this.#newUid()),
        resourceVersion: String(version),
      },
    };
    if (!isDryRun) {
      this.#version = version;
      this.#objects.set(keyOf(target), { at: target, object: next });
    }
    return next;
  }

  /** RFC 7386. Strategic merge is treated the same: lists are replaced. */
  mergePatch(target: ObjectPath, patch: Json, isDryRun: boolean): KubeObject {
    return this.replace(target, merged(this.get(target) ?? {}, patch), isDryRun);
  }

  list(target: ObjectPath, query: URLSearchParams): Json {
    const matches = [...this.#objects.entries()]
      .filter(([, { at, object }]) => isIn(target, at) && isSelected(object, query))
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([, { object }]) => object);
    const start = Number(query.get("continue") ?? "0");
    const limit = Number(query.get("limit") ?? "0") || matches.length;
    const next = start + limit < matches.length ? String(start + limit) : "";
    return {
      kind: "List",
      apiVersion: "v1",
      items: matches.slice(start, start + limit),
      metadata: {
        resourceVersion: String(this.#version),
        ...(next === "" ? {} : { continue: next, remainingItemCount: matches.length - start - limit }),
      },
    };
  }

  #itemPath(path: string): ObjectPath {
    const target = readKubePath(path);
    if (target?.name === undefined) throw new Error(`${path} is not the path of a Kubernetes object`);
    return target;
  }

  #newUid(): string {
    this.#uids += 1;
    return `00000000-0000-4000-8000-${String(this.#uids).padStart(12, "0")}`;
  }
}

function keyOf({ base, namespace, resource, name }: ObjectPath): string {
  return `${base}|${resource}|${namespace ?? ""}|${name ?? ""}`;
}

function isIn(collection: ObjectPath, item: ObjectPath): boolean {
  return (
    item.base === collection.base &&
    item.resource === collection.resource &&
    (collection.namespace === undefined || item.namespace === collection.namespace)
  );
}

/** labelSelector: `a=b`, `a` and `!a`; fieldSelector: `metadata.name=x`, `spec.nodeName=y` and the like; joined by commas. */
function isSelected(object: KubeObject, query: URLSearchParams): boolean {
  const labels = isObject(object.metadata["labels"]) ? object.metadata["labels"] : {};
  const byLabel = termsOf(query.get("labelSelector")).every((term) => {
    if (term.startsWith("!")) return !(term.slice(1) in labels);
    const [key = "", value] = term.split(/==?/, 2);
    return value === undefined ? key in labels : labels[key] === value;
  });
  return (
    byLabel &&
    termsOf(query.get("fieldSelector")).every((term) => {
      const [field = "", value = ""] = term.split(/==?/, 2);
      const found = field.split(".").reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), object);
      return found === value;
    })
  );
}

function termsOf(selector: string | null): readonly string[] {
  return (selector ?? "")
    .split(",")
    .map((term) => term.trim())
    .filter((term) => term !== "");
}

function merged(target: Json, patch: Json): Json {
  const result: { [key: string]: unknown } = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(result, key);
    else if (isObject(value)) result[key] = merged(isObject(result[key]) ? result[key] : {}, value);
    else result[key] = value;
  }
  return result;
}
