import type { BoltReader } from "../../formats/bbolt/bolt-reader.ts";
import { asServed } from "../../formats/kubernetes/as-served.ts";
import { cleanForApply } from "../../formats/kubernetes/clean-for-apply.ts";
import { isKubeList, isKubeObject, type KubeJson } from "../../formats/kubernetes/kube-json.ts";
import { kubeYaml } from "../../formats/kubernetes/kube-yaml.ts";
import type { SealKey } from "../../formats/kubernetes/sealed-value.ts";
import type { FileObject, FileObjects } from "../../model/file-objects.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { checksumOf, onCheckedContent } from "./check-trailer.ts";
import type { FileContext } from "./file-context.ts";
import { metaDamageOf, withMetaDamage } from "./meta-damage.ts";
import { nothingGot } from "./nothing-got.ts";
import { ObjectSelector, type ObjectSelection } from "./object-selection.ts";
import { withLogLoss } from "./replayed-state.ts";
import { withState, type StateRequest } from "./open-state.ts";
import { sealKeysOf, type ReadObject } from "./read-objects.ts";
import { ObjectsInOrder, type WantedObjects } from "./objects-in-order.ts";

export interface GetObjectsRequest extends StateRequest, WantedObjects {
  readonly selection: ObjectSelection;
  /** As the API server would have answered, with status, uid and all. */
  readonly isRaw: boolean;
  readonly encryptionConfig: string | undefined;
  /** Of the source itself, besides those of `encryptionConfig`. */
  readonly sealKeys?: readonly SealKey[] | undefined;
  /** How a call that asks again begins, where that is not "requorum snapshot get". */
  readonly call?: string | undefined;
}

/**
 * Objects as they were, ready for `kubectl apply` unless raw ones are wanted,
 * each given to `give` as soon as it was read: memory is bounded by a
 * constant, however many they are. The first is given once all keys were
 * walked and the content was checked against its sha256.
 * One that cannot be read is named, and the others are given.
 * Throws USAGE for a word that names no resource; when nothing is left to give, OBJECT_NOT_FOUND, or VALUE_SEALED or
 * OBJECT_UNREADABLE for what cannot be read. What is thrown after an object was given says where the objects end.
 */
export function getObjects(
  context: FileContext,
  request: GetObjectsRequest,
  give: (object: FileObject) => void,
  options: { readonly heldKeys?: number } = {},
): FileObjects {
  const selector = new ObjectSelector(request.selection);
  const sealKeys = sealKeysOf(context, request);
  const given: Given = { count: 0, lastKey: "", areAll: false };
  const read = (bolt: BoltReader, assertUsable: () => void) => {
    const objects = new ObjectsInOrder(context, request, { bolt, selector, sealKeys });
    for (const { key, modRevision, read } of objects.read(options.heldKeys)) {
      if (given.count === 0) assertUsable();
      give(new ReadyObject({ key, modRevision, read, isRaw: request.isRaw }));
      given.count += 1;
      given.lastKey = key;
    }
    given.areAll = true;
    return objects.summary(given.count);
  };
  try {
    return withState(context, request, (opened) =>
      onCheckedContent(context, opened, request, (checked) => {
        const { bolt, loss } = opened.state();
        const found = read(bolt, () => {
          checked();
          opened.assertUnchanged();
        });
        const metaDamage = metaDamageOf(opened);
        if (found.objectCount === 0) throw withMetaDamage(withLogLoss(nothingGot(request, found), loss), metaDamage);
        return { ...found, logLoss: loss, metaDamage, sha256: checksumOf(opened, checked()) };
      }),
    );
  } catch (error) {
    throw given.count > 0 && error instanceof RecoveryError ? cutOffError(error, given) : error;
  }
}

interface Given {
  count: number;
  lastKey: string;
  areAll: boolean;
}

function cutOffError({ code, subject, detail, cause, retry, remedies }: RecoveryError, { count, lastKey, areAll }: Given): RecoveryError {
  const end = areAll ? "that is all of them, but they may be wrong" : "what comes after it is left out, and those may be wrong";
  const objects = count === 1 ? "1 object was" : `${String(count)} objects were`;
  return new RecoveryError(code, {
    subject,
    detail: `${detail}; ${objects} given before that, the last ${lastKey}: ${end}`,
    cause,
    retry,
    remedies,
  });
}

class ReadyObject implements FileObject {
  readonly key: string;
  readonly modRevision: bigint;
  readonly leftOut: readonly string[];
  readonly unknownFields: readonly string[];
  readonly unknownFieldCount: number;
  private readonly object: KubeJson;

  constructor(found: {
    readonly key: string;
    readonly modRevision: bigint;
    readonly read: Extract<ReadObject, { readonly kind: "object" }>;
    readonly isRaw: boolean;
  }) {
    const { read } = found;
    const served = asServed(read.object, found.modRevision);
    const { object, removed } = found.isRaw ? { object: served, removed: [] } : cleanForApply(served);
    this.key = found.key;
    this.modRevision = found.modRevision;
    this.object = object;
    this.leftOut = removed.map((field) => field.path);
    this.unknownFields = read.unknownFields;
    this.unknownFieldCount = read.unknownFieldCount;
  }

  get yaml(): string {
    return kubeYaml(this.object);
  }

  get json(): string {
    return jsonText(this.object);
  }
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
