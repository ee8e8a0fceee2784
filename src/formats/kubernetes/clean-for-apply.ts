/**
 * An object made ready for `kubectl apply` into a cluster where it was
 * deleted: what the cluster itself writes is taken off, and so is what would
 * bind the new object to others that had an identity (uid) of their own.
 * Every removal is named, so that nothing goes silently.
 */
import { emptyKubeObject, isKubeList, isKubeObject, type KubeJson, type KubeObject, type MutableKubeObject, valueAt } from "./kube-json.ts";

export interface CleanObject {
  readonly object: KubeObject;
  readonly removed: readonly RemovedField[];
}

export interface RemovedField {
  /** "metadata.uid", "metadata.annotations[a.b/c]". */
  readonly path: string;
  readonly because: string;
}

interface Removal {
  readonly path: readonly string[];
  readonly because: string;
  /** Only for objects of these kinds; undefined: all. */
  readonly kinds?: readonly string[];
}

const writtenByServer = "the API server writes it";
const identity = "it names another object by an identity that a new one does not have";

const removals: readonly Removal[] = [
  { path: ["status"], because: "controllers write it" },
  ...["uid", "resourceVersion", "generation", "creationTimestamp", "selfLink", "managedFields"].map((name) => ({
    path: ["metadata", name],
    because: writtenByServer,
  })),
  ...["deletionTimestamp", "deletionGracePeriodSeconds"].map((name) => ({
    path: ["metadata", name],
    because: "it belongs to a deletion that was under way",
  })),
  // The garbage collector deletes an object whose owners, by uid, do not exist (kubernetes pkg/controller/garbagecollector).
  { path: ["metadata", "ownerReferences"], because: `${identity}: the garbage collector would delete the object again` },
  { path: ["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"], because: "kubectl apply writes it anew" },
  {
    path: ["metadata", "annotations", "deployment.kubernetes.io/revision"],
    because: "controllers write it",
    kinds: ["Deployment", "ReplicaSet"],
  },
  // The token controller deletes a token whose service account, by uid, does not exist.
  { path: ["metadata", "annotations", "kubernetes.io/service-account.uid"], because: identity, kinds: ["Secret"] },
  // With these a claim counts as bound; its volume names a claim of another uid, and both would be lost (pkg/controller/volume/persistentvolume).
  ...["pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller"].map((name) => ({
    path: ["metadata", "annotations", name],
    because: "the volume is bound again by its controller",
    kinds: ["PersistentVolumeClaim", "PersistentVolume"],
  })),
  ...["uid", "resourceVersion"].map((name) => ({ path: ["spec", "claimRef", name], because: identity, kinds: ["PersistentVolume"] })),
  { path: ["spec", "nodeName"], because: "the scheduler writes it", kinds: ["Pod"] },
];

/** Labels that a Job's controller derives from the Job's uid; its API refuses a new Job that brings them (batch/v1, `manualSelector`). */
const jobLabels = ["controller-uid", "batch.kubernetes.io/controller-uid"];

/** The object is not changed; what is not removed is shared with it. */
export function cleanForApply(object: KubeObject): CleanObject {
  const removed: RemovedField[] = [];
  let cleaned = object;
  const remove = (path: readonly string[], because: string): void => {
    const without = withoutPath(cleaned, path);
    if (without === cleaned) return;
    cleaned = without;
    removed.push({ path: pathText(path), because });
  };
  const kind = typeof object["kind"] === "string" ? object["kind"] : "";
  for (const removal of removals) if (removal.kinds?.includes(kind) ?? true) remove(removal.path, removal.because);
  for (const path of jobPaths(object, kind)) remove(path, "the Job's controller derives it from the Job's uid");
  if (hasText(object, "name")) remove(["metadata", "generateName"], "the name is known");
  cleaned = withoutEmpty(cleaned, ["metadata", "annotations"]);
  cleaned = withoutNullTimes(cleaned);
  return { object: cleaned, removed };
}

function jobPaths(object: KubeObject, kind: string): readonly (readonly string[])[] {
  const { spec } = object;
  if (kind !== "Job" || !isKubeObject(spec) || spec["manualSelector"] === true) return [];
  const labels = jobLabels.map((label) => ["spec", "template", "metadata", "labels", label]);
  return [["spec", "selector"], ...labels, ...jobLabels.map((label) => ["metadata", "labels", label])];
}

function hasText(object: KubeObject, name: string): boolean {
  const { metadata } = object;
  return isKubeObject(metadata) && typeof metadata[name] === "string" && metadata[name] !== "";
}

/** The same object when there is nothing at the path. */
function withoutPath(object: KubeObject, path: readonly string[]): KubeObject {
  return valueAt(object, ...path) === undefined ? object : copyWithout(object, path, 0);
}

function copyWithout(object: KubeObject, path: readonly string[], at: number): KubeObject {
  const name = path[at] ?? "";
  const copy: MutableKubeObject = Object.assign(emptyKubeObject(), object);
  const child = object[name];
  if (at + 1 < path.length && isKubeObject(child)) copy[name] = copyWithout(child, path, at + 1);
  else Reflect.deleteProperty(copy, name);
  return copy;
}

function withoutEmpty(object: KubeObject, path: readonly string[]): KubeObject {
  let value: KubeJson | undefined = object;
  for (const name of path) value = isKubeObject(value) ? value[name] : undefined;
  return isKubeObject(value) && Object.keys(value).length === 0 ? withoutPath(object, path) : object;
}

/** `creationTimestamp: null` of templates: older API versions write it, and it says nothing. */
function withoutNullTimes(object: KubeObject): KubeObject {
  const cleaned = emptyKubeObject();
  for (const [name, value] of Object.entries(object)) {
    if (name === "creationTimestamp" && value === null) continue;
    if (isKubeObject(value)) cleaned[name] = withoutNullTimes(value);
    else cleaned[name] = isKubeList(value) ? value.map((item) => (isKubeObject(item) ? withoutNullTimes(item) : item)) : value;
  }
  return cleaned;
}

/** "spec.template", "metadata.annotations[a.b/c]": a name that is no plain word stands in brackets. */
export function pathText(path: readonly string[]): string {
  return path.reduce((text, name) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return `${text}[${name}]`;
    return text === "" ? name : `${text}.${name}`;
  }, "");
}
