import type { BoltReader } from "../../formats/bbolt/bolt-reader.ts";
import { asServed } from "../../formats/kubernetes/as-served.ts";
import { cleanForApply } from "../../formats/kubernetes/clean-for-apply.ts";
import { isKubeList, isKubeObject, type KubeJson } from "../../formats/kubernetes/kube-json.ts";
import { kubeYaml } from "../../formats/kubernetes/kube-yaml.ts";
import { isOwnRecord, resourceText } from "../../formats/kubernetes/registry-key.ts";
import type { SealKey } from "../../formats/kubernetes/sealed-value.ts";
import type { FileObject, FileObjects, UnreadObject } from "../../model/file-objects.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { checksumOf, onCheckedContent } from "./check-trailer.ts";
import { customResourceNames } from "./custom-resource-names.ts";
import type { FileContext } from "./file-context.ts";
import { isMadeAgain } from "./made-again.ts";
import { missingObjects } from "./missing-objects.ts";
import { nothingGot, type SelectedObjects } from "./nothing-got.ts";
import { ObjectSelector, type ObjectSelection } from "./object-selection.ts";
import { withLogLoss } from "./replayed-state.ts";
import { withState, type StateRequest } from "./open-state.ts";
import { liveObjects, readObject, sealKeysOf, type LiveObjects, type ReadObject } from "./read-objects.ts";

export interface GetObjectsRequest extends StateRequest {
  readonly selection: ObjectSelection;
  /** 0n: the newest. */
  readonly revision: bigint;
  /** As the API server would have answered, with status, uid and all. */
  readonly isRaw: boolean;
  readonly encryptionConfig: string | undefined;
  /** Where no resource is named: also what the cluster makes again by itself. */
  readonly includesMadeAgain?: boolean;
  /** Of several clusters in one etcd: the one whose keys begin so. undefined: the one with the most. */
  readonly prefix?: string | undefined;
}

/**
 * Objects as they were, ready for `kubectl apply` unless raw ones are wanted.
 * One that cannot be read is named, and the others are given.
 * Throws USAGE for a word that names no resource; when nothing is left to give, OBJECT_NOT_FOUND, or VALUE_SEALED or
 * OBJECT_UNREADABLE for what cannot be read.
 */
export function getObjects(context: FileContext, request: GetObjectsRequest): FileObjects {
  const selector = new ObjectSelector(request.selection);
  const sealKeys = sealKeysOf(context, request.encryptionConfig);
  return withState(context, request, (opened) =>
    onCheckedContent(context, opened, request, (checked) => {
      const { bolt, loss } = opened.state();
      const found = selected(context, request, { bolt, selector, sealKeys });
      if (found.objects.length === 0) throw withLogLoss(nothingGot(request, found), loss);
      return { ...found, logLoss: loss, sha256: checksumOf(opened, checked()) };
    }),
  );
}

function selected(
  context: FileContext,
  request: GetObjectsRequest,
  {
    bolt,
    selector,
    sealKeys,
  }: { readonly bolt: BoltReader; readonly selector: ObjectSelector; readonly sealKeys: readonly SealKey[] | undefined },
): SelectedObjects {
  const live = liveObjects(context, bolt, request.revision);
  if (selector.hasForeignWord) selector.learn(customResourceNames(live));
  const prefixes = wantedPrefixes(request, live);
  const objects: FileObject[] = [];
  const leftAside = new Map<string, number>();
  const elsewhere = new Map<string, number>();
  const unread: UnreadObject[] = [];
  for (const found of live.records({ reusesMemory: true })) {
    const place = live.keys.parse(found.key);
    if (!selector.matchesKey(found.key, place)) continue;
    // Asked for by name they are shown; among all objects they would make kubectl fail.
    if (request.selection.what === undefined && place !== undefined && isOwnRecord(place)) continue;
    const isElsewhere = place !== undefined && !prefixes.includes(place.prefix) && found.key !== request.selection.what;
    if (isElsewhere && request.prefix !== undefined) continue; // that cluster was chosen against
    const read = readObject(context, found, { sealKeys, types: live.types });
    if (read.kind === "object" && !selector.matchesLabels(read.object)) continue;
    if (isElsewhere) {
      addOne(elsewhere, place.prefix);
      continue;
    }
    selector.noteFound(found.key, place);
    if (read.kind === "unread") unread.push({ key: found.key, isSealed: read.isSealed, why: read.why });
    else if (selector.isWhole && request.includesMadeAgain !== true && place !== undefined && isMadeAgain(place, read.object))
      addOne(leftAside, resourceText(place));
    else objects.push(toFileObject(found.key, found.record.modRevision, read, request.isRaw));
  }
  selector.assertWordsKnown(`this file${request.revision === 0n ? "" : ` at revision ${String(live.revision)}`}`);
  return {
    file: request.path,
    revision: live.revision,
    objects: inOrderOfApply(objects),
    leftAside: [...leftAside].sort().map(([resource, count]) => ({ resource, objects: count })),
    unread,
    missing: missingObjects(bolt, request, { live, selector, prefixes, isEmpty: objects.length + unread.length + leftAside.size === 0 }),
    elsewhere: [...elsewhere].map(([prefix, count]) => ({ prefix, objects: count })),
    prefixes,
  };
}

/** Two clusters may share an etcd: objects of both, applied together, would be a mixture of the two. */
function wantedPrefixes(request: GetObjectsRequest, live: LiveObjects): readonly string[] {
  if (request.prefix === undefined) return live.keys.mainPrefixes;
  const prefix = request.prefix.replace(/\/+$/, "");
  if (live.keys.prefixes.includes(prefix)) return [prefix];
  const known = live.keys.prefixes.length === 0 ? "this file has none" : `this file has ${live.keys.prefixes.join(" and ")}`;
  throw new RecoveryError("USAGE", { subject: "option --prefix", detail: `no API server wrote below ${request.prefix}; ${known}` });
}

function addOne(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** `kubectl apply` sends them in this order: a namespace, and the definition of a kind, must be there before what lies in it. */
function inOrderOfApply(objects: readonly FileObject[]): readonly FileObject[] {
  const rank = ({ key }: FileObject): number =>
    key.includes("/namespaces/") ? 0 : key.includes("/apiextensions.k8s.io/customresourcedefinitions/") ? 1 : 2;
  return objects.toSorted((one, other) => rank(one) - rank(other) || (one.key < other.key ? -1 : 1));
}

function toFileObject(
  key: string,
  modRevision: bigint,
  { object: stored, unknownFields, unknownFieldCount }: Extract<ReadObject, { readonly kind: "object" }>,
  isRaw: boolean,
): FileObject {
  const served = asServed(stored, modRevision);
  const { object, removed } = isRaw ? { object: served, removed: [] } : cleanForApply(served);
  const leftOut = removed.map((field) => field.path);
  return { key, modRevision, yaml: kubeYaml(object), json: jsonText(object), leftOut, unknownFields, unknownFieldCount };
}

/** JSON with exact integers, indented. */
export function jsonText(value: KubeJson, indent = ""): string {
  const deeper = `${indent}  `;
  if (typeof value === "bigint") return value.toString();
  if (isKubeList(value))
    return value.length === 0 ? "[]" : `[\n${value.map((one) => `${deeper}${jsonText(one, deeper)}`).join(",\n")}\n${indent}]`;
  if (isKubeObject(value)) {
    const entries = Object.entries(value);
    if (entries.length === 0) return "{}";
    return `{\n${entries.map(([name, one]) => `${deeper}${JSON.stringify(name)}: ${jsonText(one, deeper)}`).join(",\n")}\n${indent}}`;
  }
  return JSON.stringify(value);
}
