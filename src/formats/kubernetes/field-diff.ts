/**
 * What is different between two states of one object, by field. Items of a
 * list are matched by the field that names them, where one does, so that a
 * container that was put in front does not change all the others; another
 * order of the same items is a change of the list.
 */
import { pathText } from "./clean-for-apply.ts";
import { isKubeList, isKubeObject, isSameJson, type KubeJson, type KubeObject } from "./kube-json.ts";

export interface FieldChange {
  /** "spec.containers[name=app].image". */
  readonly path: string;
  /** reordered: of a list whose items are matched by name; a change within one comes by itself. */
  readonly kind: "added" | "removed" | "changed" | "reordered";
  /** undefined for what was added. */
  readonly before: KubeJson | undefined;
  /** undefined for what was removed. */
  readonly after: KubeJson | undefined;
}

export interface FieldDiffOptions {
  /** Also compare metadata.managedFields and metadata.resourceVersion, which every write changes. */
  readonly includesBookkeeping?: boolean;
}

const bookkeeping: readonly string[] = ["metadata.managedFields", "metadata.resourceVersion"];

/** Fields that name an item of a list (their `x-kubernetes-list-map-keys`), in the order in which they are tried. */
const itemNames: readonly (readonly string[])[] = [
  ["name"],
  ["type"],
  ["containerPort", "protocol"],
  ["port", "protocol"],
  ["mountPath"],
  ["devicePath"],
  ["topologyKey", "whenUnsatisfiable"],
  ["uid"],
  ["ip"],
  ["key"],
];

/** In the order of paths; empty: they are the same. */
export function fieldDiff(before: KubeObject, after: KubeObject, options: FieldDiffOptions = {}): readonly FieldChange[] {
  const changes: FieldChange[] = [];
  compare({ before, after, path: "", changes });
  const isWanted = (path: string) =>
    options.includesBookkeeping === true ||
    !bookkeeping.some((name) => path === name || path.startsWith(`${name}.`) || path.startsWith(`${name}[`));
  return changes.filter((change) => isWanted(change.path));
}

interface Comparison {
  readonly before: KubeJson | undefined;
  readonly after: KubeJson | undefined;
  readonly path: string;
  readonly changes: FieldChange[];
}

function compare({ before, after, path, changes }: Comparison): void {
  if (before === undefined) changes.push({ path, kind: "added", before, after });
  else if (after === undefined) changes.push({ path, kind: "removed", before, after });
  else if (isKubeObject(before) && isKubeObject(after)) compareObjects(before, after, path, changes);
  else if (isKubeList(before) && isKubeList(after)) compareLists(before, after, path, changes);
  else if (!isSameJson(before, after)) changes.push({ path, kind: "changed", before, after });
}

function compareObjects(before: KubeObject, after: KubeObject, path: string, changes: FieldChange[]): void {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const own = (object: KubeObject, name: string) => (Object.hasOwn(object, name) ? object[name] : undefined);
  for (const name of names) {
    const step = pathText([name]);
    const at = path === "" || step.startsWith("[") ? `${path}${step}` : `${path}.${step}`;
    compare({ before: own(before, name), after: own(after, name), path: at, changes });
  }
}

function compareLists(before: readonly KubeJson[], after: readonly KubeJson[], path: string, changes: FieldChange[]): void {
  const names = itemNames
    .map((fields) => [namesOf(before, fields), namesOf(after, fields)] as const)
    .find(([one, other]) => one !== undefined && other !== undefined);
  const [one, other] = names ?? [];
  if (one === undefined || other === undefined) {
    for (let index = 0; index < Math.max(before.length, after.length); index += 1)
      compare({ before: before[index], after: after[index], path: `${path}[${index}]`, changes });
    return;
  }
  // The order says something, too: of init containers the one in which they run, of variables which may refer to which.
  const stay = [...one.keys()].filter((name) => other.has(name));
  const stayed = [...other.keys()].filter((name) => one.has(name));
  if (stay.some((name, index) => name !== stayed[index])) changes.push({ path, kind: "reordered", before, after });
  for (const [name, item] of one) compare({ before: item, after: other.get(name), path: `${path}[${name}]`, changes });
  for (const [name, item] of other) if (!one.has(name)) compare({ before: undefined, after: item, path: `${path}[${name}]`, changes });
}

/** The items by what names them; undefined: these fields do not name each item once. */
function namesOf(items: readonly KubeJson[], fields: readonly string[]): ReadonlyMap<string, KubeJson> | undefined {
  const byName = new Map<string, KubeJson>();
  for (const item of items) {
    if (!isKubeObject(item) || !Object.hasOwn(item, fields[0] ?? "")) return undefined;
    const name = fields
      .filter((field) => Object.hasOwn(item, field))
      .map((field) => `${field}=${scalarText(item[field])}`)
      .join(",");
    if (byName.has(name)) return undefined;
    byName.set(name, item);
  }
  return byName;
}

function scalarText(value: KubeJson | undefined): string {
  return typeof value === "object" ? "…" : String(value);
}
