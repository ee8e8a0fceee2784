import { asServed } from "../../formats/kubernetes/as-served.ts";
import { cleanForApply } from "../../formats/kubernetes/clean-for-apply.ts";
import { isKubeList, isKubeObject, type KubeJson, type KubeObject } from "../../formats/kubernetes/kube-json.ts";
import { kubeYaml } from "../../formats/kubernetes/kube-yaml.ts";
import { isOwnRecord, resourceText } from "../../formats/kubernetes/registry-key.ts";
import type { SealKey } from "../../formats/kubernetes/sealed-value.ts";
import type { FileObject, FileObjects } from "../../model/file-objects.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { checksumOf, onCheckedContent } from "./check-trailer.ts";
import type { FileContext } from "./file-context.ts";
import { ObjectSelector, type ObjectSelection } from "./object-selection.ts";
import { isMadeAgain } from "./made-again.ts";
import { withState, type OpenState, type StateRequest } from "./open-state.ts";
import { liveObjects, readRecord, sealKeysOf } from "./read-objects.ts";

export interface GetObjectsRequest extends StateRequest {
  readonly selection: ObjectSelection;
  /** 0n: the newest. */
  readonly revision: bigint;
  /** As the API server would have answered, with status, uid and all. */
  readonly isRaw: boolean;
  readonly encryptionConfig: string | undefined;
  /** Where no resource is named: also what the cluster makes again by itself. */
  readonly includesMadeAgain?: boolean;
}

/**
 * Objects as they were, ready for `kubectl apply` unless raw ones are wanted.
 * Throws USAGE for a word that names no resource, OBJECT_NOT_FOUND when nothing is selected, VALUE_SEALED when all that
 * is selected is encrypted.
 */
export function getObjects(context: FileContext, request: GetObjectsRequest): FileObjects {
  const selector = new ObjectSelector(request.selection);
  const sealKeys = sealKeysOf(context, request.encryptionConfig);
  return withState(context, request, (opened) =>
    onCheckedContent(context, opened, request, (checked) => ({
      ...selected(context, request, { opened, selector, sealKeys }),
      sha256: checksumOf(opened, checked()),
    })),
  );
}

function selected(
  context: FileContext,
  request: GetObjectsRequest,
  {
    opened,
    selector,
    sealKeys,
  }: { readonly opened: OpenState; readonly selector: ObjectSelector; readonly sealKeys: readonly SealKey[] | undefined },
): Omit<FileObjects, "sha256"> {
  const live = liveObjects(context, opened.state().bolt, request.revision);
  const objects: FileObject[] = [];
  const leftAside = new Map<string, number>();
  const sealed: { readonly key: string; readonly why: string }[] = [];
  for (const found of live.records({ reusesMemory: true })) {
    const place = live.keys.parse(found.key);
    if (!selector.matchesKey(found.key, place)) continue;
    // Asked for by name they are shown; among all objects they would make kubectl fail.
    if (request.selection.what === undefined && place !== undefined && isOwnRecord(place)) continue;
    const { value, why } = readRecord(context, found, { sealKeys, types: live.types });
    if (value.kind === "sealed") sealed.push({ key: found.key, why: why ?? "" });
    else if (value.kind === "undecoded") sealed.push({ key: found.key, why: value.why });
    else if (value.kind === "object" && selector.matchesLabels(value.object)) {
      if (selector.isWhole && request.includesMadeAgain !== true && place !== undefined && isMadeAgain(place, value.object))
        leftAside.set(resourceText(place), (leftAside.get(resourceText(place)) ?? 0) + 1);
      else objects.push(toFileObject(found.key, found.record.modRevision, value.object, request.isRaw));
    }
  }
  selector.assertWordsKnown(`this file${request.revision === 0n ? "" : ` at revision ${String(live.revision)}`}`);
  if (objects.length === 0) throw nothing(request, { sealed, leftAside, prefix: live.keys.mainPrefixes[0], revision: live.revision });
  return {
    file: request.path,
    revision: live.revision,
    objects: inOrderOfApply(objects),
    leftAside: [...leftAside].sort().map(([resource, count]) => ({ resource, objects: count })),
    sealed,
  };
}

/** `kubectl apply` sends them in this order: a namespace, and the definition of a kind, must be there before what lies in it. */
function inOrderOfApply(objects: readonly FileObject[]): readonly FileObject[] {
  const rank = ({ key }: FileObject): number =>
    key.includes("/namespaces/") ? 0 : key.includes("/apiextensions.k8s.io/customresourcedefinitions/") ? 1 : 2;
  return objects.toSorted((one, other) => rank(one) - rank(other) || (one.key < other.key ? -1 : 1));
}

function toFileObject(key: string, modRevision: bigint, stored: KubeObject, isRaw: boolean): FileObject {
  const served = asServed(stored, modRevision);
  const { object, removed } = isRaw ? { object: served, removed: [] } : cleanForApply(served);
  return { key, modRevision, yaml: kubeYaml(object), json: jsonText(object), leftOut: removed.map((field) => field.path) };
}

function nothing(
  request: GetObjectsRequest,
  found: {
    readonly sealed: readonly { readonly key: string; readonly why: string }[];
    readonly leftAside: ReadonlyMap<string, number>;
    readonly prefix: string | undefined;
    readonly revision: bigint;
  },
): RecoveryError {
  const { sealed, leftAside, prefix, revision } = found;
  const [first] = sealed;
  if (first !== undefined)
    return new RecoveryError("VALUE_SEALED", {
      subject: `key ${first.key}`,
      detail: `${first.key}: ${first.why}${sealed.length > 1 ? `; ${String(sealed.length - 1)} more cannot be read either` : ""}`,
      remedies: [
        {
          why: "give the EncryptionConfiguration of the control-plane machines (usually /etc/kubernetes/enc, named in kube-apiserver.yaml)",
          command: "requorum snapshot get backup.db secrets --encryption-config encryption.yaml",
        },
      ],
    });
  const { what, names = [], namespace, selector } = request.selection;
  const wanted = [
    [what ?? "object", ...names].join(" "),
    ...(namespace === undefined ? [] : [`in namespace ${namespace}`]),
    ...(selector === undefined ? [] : [`with ${selector}`]),
  ];
  const where =
    prefix !== undefined
      ? ` below ${prefix} at revision ${String(revision)}`
      : request.revision === 0n
        ? "; no keys of a Kubernetes API server were found in this file"
        : `; at revision ${String(revision)} there were no keys of a Kubernetes API server yet in this file`;
  const asideCount = [...leftAside.values()].reduce((sum, count) => sum + count, 0);
  if (asideCount === 0)
    return new RecoveryError("OBJECT_NOT_FOUND", { subject: `file ${request.path}`, detail: `there is no ${wanted.join(" ")}${where}` });
  return new RecoveryError("OBJECT_NOT_FOUND", {
    subject: `file ${request.path}`,
    detail: `of ${wanted.join(" ")} there are only ${String(asideCount)} that the cluster makes again by itself (${[...leftAside.keys()].sort().join(", ")})`,
    remedies: [{ why: "name the resource to get them, or give --all", command: "requorum snapshot get backup.db --all" }],
  });
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
