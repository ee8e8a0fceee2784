import type { BoltReader } from "../../formats/bbolt/bolt-reader.ts";
import type { MvccRecords } from "../../formats/etcd/mvcc-records.ts";
import { openMvcc } from "../../formats/etcd/mvcc/open-mvcc.ts";
import { heldRevision } from "../../formats/etcd/mvcc/view-at.ts";
import { builtInKubeTypes } from "../../formats/kubernetes/built-in-kube-types.ts";
import type { KubeTypes } from "../../formats/kubernetes/kube-types.ts";
import type { RegistryKey } from "../../formats/kubernetes/registry-key.ts";
import { KeyReader } from "./key-reader.ts";
import type { ObjectSelection, ObjectSelector } from "./object-selection.ts";
import type { FoundRecord, LiveObjects } from "./read-objects.ts";

/** Revisions of the first look back; each further one is so many times longer. Records may be large, and a look costs little more than what it reads. */
const firstRevisions = 1n;
const growth = 2n;

const utf8 = new TextDecoder();

/**
 * Objects that were asked for one by one, without a walk over all: etcd keeps
 * its records in the order of their revisions, and of each key the last one
 * counts, so that they are looked for from the end back until each was met.
 * `prefix`: below which the API server keeps its objects. undefined: this is
 * no such question, or one of them is not there; a walk over all says so.
 * Throws REVISION_NOT_IN_FILE, FILE_DAMAGED.
 */
export function newestRecords(
  bolt: BoltReader,
  selector: ObjectSelector,
  wanted: { readonly selection: ObjectSelection; readonly revision: bigint; readonly prefix: string },
): LiveObjects | undefined {
  const names = new Set(selector.missing);
  if (names.size === 0 || selector.hasForeignWord || !selector.isOneByOne) return undefined;
  const types = builtInKubeTypes();
  const keys = new KeyReader(types, [wanted.prefix.replace(/\/+$/, "")]);
  const source = openMvcc(bolt);
  const revision = heldRevision(source, wanted.revision);
  const find = (main: bigint, sub: bigint): FoundRecord | undefined => {
    const record = source.find(main, sub);
    return record === undefined ? undefined : { key: utf8.decode(record.key), record };
  };
  const found = new Map<string, FoundRecord>();
  const isWanted = (key: string): boolean => {
    const parsed = keys.parse(key);
    return selector.matchesKey(key, parsed) && (key === wanted.selection.what || (parsed !== undefined && isBuiltIn(types, parsed)));
  };
  for (const [key, place] of lastPlaces(source, revision, isWanted)) {
    if (found.has(key)) continue;
    const one = find(place.main, place.sub);
    if (one === undefined || one.record.isTombstone) return undefined;
    const parsed = keys.parse(key);
    // Without a namespace there may be one of the name in each.
    if (key !== wanted.selection.what && parsed?.namespace !== wanted.selection.namespace && parsed?.namespace !== undefined)
      return undefined;
    found.set(key, one);
    for (const name of selector.namedBy(key, parsed)) names.delete(name);
    if (names.size === 0)
      return { revision, types, keys, records: () => found.values(), find: (main, sub) => find(BigInt(main), BigInt(sub)) };
  }
  return undefined;
}

interface Place {
  readonly main: bigint;
  readonly sub: bigint;
}

/** Where the records of the wanted keys are: of one key the last one comes first. */
function* lastPlaces(source: MvccRecords, revision: bigint, isWanted: (key: string) => boolean): Iterable<readonly [string, Place]> {
  let before = revision + 1n;
  for (let length = firstRevisions; before > 0n; length *= growth) {
    const from = before > length ? before - length : 0n;
    // Within one look the records lie in the other order.
    const last = new Map<string, Place>();
    for (const record of source.records(from, { reusesMemory: true })) {
      if (record.main >= before) break;
      const key = utf8.decode(record.key);
      if (isWanted(key)) last.set(key, { main: record.main, sub: record.sub });
    }
    yield* last;
    before = from;
  }
}

/** A custom resource may have the plural of one of Kubernetes' own, which comes first, as with kubectl. */
function isBuiltIn({ kinds }: KubeTypes, { group, resource }: RegistryKey): boolean {
  return kinds.some(({ apiVersion, plural }) => {
    const slash = apiVersion.indexOf("/");
    return plural === resource && (group ?? "") === (slash === -1 ? "" : apiVersion.slice(0, slash));
  });
}
