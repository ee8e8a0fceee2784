/**
 * Every object of a snapshot, decoded, beside what the API server answered at
 * that revision. What is not compared, and every difference that is allowed,
 * stands in the tables here with its reason.
 */
import { openBolt } from "../../src/formats/bbolt/bolt-file.ts";
import type { ByteSource } from "../../src/formats/byte-source.ts";
import { openMvcc } from "../../src/formats/etcd/mvcc/open-mvcc.ts";
import { viewAt } from "../../src/formats/etcd/mvcc/view-at.ts";
import { asServed } from "../../src/formats/kubernetes/as-served.ts";
import { builtInKubeTypes } from "../../src/formats/kubernetes/built-in-kube-types.ts";
import { fieldDiff, type FieldChange } from "../../src/formats/kubernetes/field-diff.ts";
import { isKubeObject, isSameJson, textAt, type KubeObject } from "../../src/formats/kubernetes/kube-json.ts";
import { RegistryKeys } from "../../src/formats/kubernetes/registry-key.ts";
import { readStoredValue } from "../../src/formats/kubernetes/stored-value.ts";
import { identityOf, type ServedObjects } from "./served-objects.ts";

/** In etcd as objects, and no resource of the API: nobody can list them. */
const notServed: readonly { readonly keys: RegExp; readonly because: string }[] = [
  { keys: /^\/registry\/masterleases\//, because: "which API servers run: kept beside the API's resources (pkg/controlplane/reconcilers)" },
  { keys: /^\/registry\/peerserverleases\//, because: "the same, for API servers that pass requests on to each other" },
  { keys: /^\/registry\/ranges\//, because: "service addresses and ports that are taken (pkg/registry/core/rest)" },
];

/** Served and not in etcd. */
const notStored: readonly { readonly identity: RegExp; readonly because: string }[] = [
  { identity: /^v1 ComponentStatus /, because: "made up at each request from health checks" },
];

/** What the API server adds when it reads an object from etcd, beside what `asServed` knows. */
const addedOnRead: readonly { readonly matches: (change: FieldChange) => boolean; readonly because: string }[] = [
  {
    matches: ({ path, kind, before }) => kind === "removed" && before === null && path.endsWith("creationTimestamp"),
    because: "Go's zero time: Kubernetes before 1.36 prints it as null in templates; protobuf has no null",
  },
  {
    matches: ({ kind, before }) => kind === "removed" && isKubeObject(before) && Object.keys(before).length === 0,
    because: "a part that is no pointer in Go is printed even when it is empty, by some versions; ours prints what the newest prints",
  },
];

export interface DecodedComparison {
  /** Objects of the API in the snapshot. */
  readonly storedCount: number;
  /** Of those, the ones that were served with the same resource version. */
  readonly comparedCount: number;
  readonly kinds: readonly string[];
  /** What differs in objects that were compared, or in what their key says. */
  readonly differences: readonly string[];
  readonly notCompared: readonly string[];
  /** Served and not in the snapshot. */
  readonly notFound: readonly string[];
  /** By reason, where differences were allowed. */
  readonly allowed: ReadonlyMap<string, ReadonlySet<string>>;
  /** In etcd beside the API's resources. */
  readonly besideCount: number;
}

/** `database`: without its trailer; `served`: at the snapshot's revision. */
export function compareDecoded(database: ByteSource, served: ServedObjects): DecodedComparison {
  const types = builtInKubeTypes();
  const keys = new RegistryKeys(types);
  const kinds = new Set<string>();
  const uids = new Set<string>();
  const differences: string[] = [];
  const notCompared: string[] = [];
  const allowed = new Map<string, Set<string>>();
  let [storedCount, comparedCount, besideCount] = [0, 0, 0];
  for (const record of viewAt(openMvcc(openBolt(database)), 0n).records()) {
    const key = new TextDecoder().decode(record.key);
    const value = readStoredValue(record.value, { types, name: key });
    if (value.kind === "plain") continue;
    if (notServed.some((row) => row.keys.test(key))) {
      besideCount += 1;
      continue;
    }
    storedCount += 1;
    if (value.kind !== "object") {
      notCompared.push(`${key}: ${value.kind}`);
      continue;
    }
    const ours = asServed(value.object, record.modRevision);
    const identity = identityOf(ours);
    uids.add(textAt(ours, "metadata", "uid") ?? "");
    const theirs = served.byIdentity.get(identity);
    if (theirs === undefined || textAt(theirs.object, "metadata", "resourceVersion") !== String(record.modRevision)) {
      notCompared.push(`${key} (${identity}): ${theirs === undefined ? "not served" : "served in another state"}`);
      continue;
    }
    comparedCount += 1;
    kinds.add(`${value.apiVersion} ${value.objectKind}`);
    if (value.unknownFieldCount > 0) differences.push(`${identity}: unknown fields ${value.unknownFields.join(", ")}`);
    const place = keys.parse(key);
    const said = [place?.group, place?.resource, place?.namespace, place?.name].join(" ");
    const { group, plural } = theirs.resource;
    const real = [group, plural, textAt(ours, "metadata", "namespace"), textAt(ours, "metadata", "name")].join(" ");
    if (said !== real) differences.push(`${key} is read as ${said}, and is ${real}`);
    const { unexplained, explained } = differencesOf(theirs.object, ours);
    for (const what of unexplained) differences.push(`${identity}: ${what}`);
    for (const { because, path } of explained) allowed.set(because, (allowed.get(because) ?? new Set()).add(`${value.objectKind} ${path}`));
  }
  const notFound = [...served.byIdentity]
    .filter(([identity]) => !notStored.some((row) => row.identity.test(identity)))
    .filter(([, { object }]) => !uids.has(textAt(object, "metadata", "uid") ?? "none"))
    .map(([identity]) => identity);
  return { storedCount, comparedCount, kinds: [...kinds].sort(), differences, notCompared, notFound, allowed, besideCount };
}

function differencesOf(
  theirs: KubeObject,
  ours: KubeObject,
): { readonly unexplained: readonly string[]; readonly explained: readonly { readonly because: string; readonly path: string }[] } {
  const changes = fieldDiff(theirs, ours, { includesBookkeeping: true });
  const explained: { because: string; path: string }[] = [];
  const unexplained: string[] = [];
  for (const change of changes) {
    const row = addedOnRead.find(({ matches }) => matches(change));
    if (row === undefined) unexplained.push(`${change.path} ${change.kind}`);
    else explained.push({ because: row.because, path: change.path });
  }
  // Items of lists are matched by name above, so that their order is compared here.
  if (changes.length === 0 && !isSameJson(theirs, ours)) unexplained.push("something stands in another order");
  return { unexplained, explained };
}
