import type { Document } from "yaml";
import { cleanPath, isAtOrBelow } from "../../model/host-path.ts";
import { firstDocument, hasUnsureKeys } from "./manifest-text.ts";

/** A directory or file of the machine, and where one container sees it. Both as `cleanPath` gives them. */
export interface HostMount {
  readonly at: string;
  readonly from: string;
}

type Fields = { readonly [key: string]: unknown };

/** Of each container of a static pod, in the order of the manifest. Its `spec`, as YAML gives it. */
export function hostMountsOf(spec: Fields): readonly { readonly container: Fields; readonly mounts: readonly HostMount[] }[] {
  const volumes = new Map(
    recordsOf(spec["volumes"]).flatMap((volume) => {
      const path = recordOf(volume["hostPath"])?.["path"];
      const from = typeof path === "string" ? cleanPath(path) : undefined;
      return from === undefined ? [] : [[String(volume["name"]), from] as const];
    }),
  );
  return recordsOf(spec["containers"]).map((container) => ({
    container,
    mounts: recordsOf(container["volumeMounts"]).flatMap((mount) => {
      const at = typeof mount["mountPath"] === "string" ? cleanPath(mount["mountPath"]) : undefined;
      const from = volumes.get(String(mount["name"]));
      return at === undefined || from === undefined ? [] : [{ at, from }];
    }),
  }));
}

/** A container's path, on the machine. undefined: it lies in the container alone. The deepest mount counts. */
export function pathOnMachine(path: string, mounts: readonly HostMount[]): string | undefined {
  const wanted = cleanPath(path);
  if (wanted === undefined) return undefined;
  const [mount] = mounts.filter(({ at }) => isAtOrBelow(wanted, at)).sort((one, other) => other.at.length - one.at.length);
  return mount === undefined ? undefined : cleanPath(`${mount.from}/${wanted.slice(mount.at.length)}`);
}

/** `spec` of a static pod's manifest; undefined: it is none, or cannot be understood. */
export function podSpec(text: string): Fields | undefined {
  return recordOf(recordOf(parsedOrNothing(text))?.["spec"]);
}

/** UTF-16 units. What machines have in YAML takes some KiB, and YAML's reader takes its time for more. */
const textMax = 65_536;

/**
 * The first document, with merge keys, as Kubernetes' programs read it.
 * Length and aliases are bounded: a hostile file must not take hours, or
 * expand without end. Of a key that is there twice the last one counts here;
 * other readers may differ: where that matters, `parsedIfSure`.
 */
export function parsedOrNothing(text: string): unknown {
  return valueOf(text, () => true);
}

/** The same; undefined also where readers of YAML differ on which of its keys count. */
export function parsedIfSure(text: string): unknown {
  return valueOf(text, (document) => !hasUnsureKeys(document));
}

function valueOf(text: string, isTaken: (document: Document.Parsed) => boolean): unknown {
  if (text.length > textMax) return undefined;
  try {
    const document = firstDocument(text);
    if (document === undefined || document.errors.length > 0 || !isTaken(document)) return undefined;
    return document.toJS({ maxAliasCount: 20 }) as unknown;
  } catch {
    return undefined;
  }
}

export function recordOf(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

function recordsOf(value: unknown): readonly Fields[] {
  return listOf(value).flatMap((item) => {
    const record = recordOf(item);
    return record === undefined ? [] : [record];
  });
}
