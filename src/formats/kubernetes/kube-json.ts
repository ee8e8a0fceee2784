/**
 * The values that objects of Kubernetes consist of: JSON with exact integers.
 * An integer beyond 2^53 is a bigint, every other number a number. Objects
 * have no prototype where this engine makes them, so that a key named
 * `__proto__` (a legal one in a ConfigMap) is a key like any other.
 */
export type KubeJson = null | boolean | number | bigint | string | readonly KubeJson[] | KubeObject;

export interface KubeObject {
  readonly [key: string]: KubeJson;
}

export interface MutableKubeObject {
  [key: string]: KubeJson;
}

/** Of nested lists and objects. Real objects stay below 60 (schemas of CRDs); beyond this, writers that recurse would run out of stack. */
export const jsonDepthMax = 400;

export function emptyKubeObject(): MutableKubeObject {
  return Object.create(null) as MutableKubeObject; // its values are set by index only
}

export function isKubeObject(value: KubeJson | undefined): value is KubeObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isKubeList(value: KubeJson | undefined): value is readonly KubeJson[] {
  return Array.isArray(value);
}

/** The value at a path of object keys; undefined when something on the way is missing. */
export function valueAt(object: KubeJson, ...path: readonly string[]): KubeJson | undefined {
  let current: KubeJson | undefined = object;
  for (const name of path) {
    if (!isKubeObject(current) || !Object.hasOwn(current, name)) return undefined;
    current = current[name];
  }
  return current;
}

export function textAt(object: KubeJson, ...path: readonly string[]): string | undefined {
  const value = valueAt(object, ...path);
  return typeof value === "string" ? value : undefined;
}

/** A copy with one field set. */
export function withField(object: KubeObject, name: string, value: KubeJson): KubeObject {
  return Object.assign(emptyKubeObject(), object, { [name]: value });
}

/** Equal as JSON; the order of keys does not matter, a number equals the bigint of the same value. */
export function isSameJson(one: KubeJson, other: KubeJson): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return isSameNumber(one, other);
  if (isKubeList(one)) {
    if (!isKubeList(other) || one.length !== other.length) return false;
    return one.every((item, index) => isSameJson(item, other[index] ?? null));
  }
  if (!isKubeObject(one) || !isKubeObject(other)) return false;
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  return names.every((name) => Object.hasOwn(other, name) && isSameJson(one[name] ?? null, other[name] ?? null));
}

function isSameNumber(one: KubeJson, other: KubeJson): boolean {
  const isNumeric = (value: KubeJson) => typeof value === "number" || typeof value === "bigint";
  return isNumeric(one) && isNumeric(other) && String(one) === String(other);
}

/** An integer as this model holds it. */
export function integerOf(value: bigint): number | bigint {
  const asNumber = Number(value);
  return Number.isSafeInteger(asNumber) ? asNumber : value;
}
