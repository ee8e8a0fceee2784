/**
 * The order in which kubectl's YAML library writes the keys of a map: letters
 * after everything else, numbers by their value ("a2" before "a10").
 * Source: go.yaml.in/yaml v2, sorter.go. Its rule goes in a circle for a few
 * keys ("7 #" before "12:30:45" before "1e" before "7 #"); what kubectl prints
 * for them changes from run to run, and no order here can be equal to it.
 */
export function compareYamlKeys(one: string, other: string): number {
  if (plainLetters.test(one) && plainLetters.test(other)) return one < other ? -1 : one === other ? 0 : 1;
  const a = Array.from(one);
  const b = Array.from(other);
  for (let at = 0; at < a.length && at < b.length; at += 1) {
    const left = a[at] ?? "";
    const right = b[at] ?? "";
    if (left !== right) return compareAt(a, b, at);
  }
  return a.length - b.length;
}

/** Most field names: code units in order are letters in order, and there are no numbers. */
const plainLetters = /^[A-Za-z]+$/;
const letter = /\p{L}/u;
const digit = /\p{Nd}/u;

function compareAt(a: readonly string[], b: readonly string[], at: number): number {
  const left = a[at] ?? "";
  const right = b[at] ?? "";
  const isLetter = { left: letter.test(left), right: letter.test(right) };
  if (isLetter.left && isLetter.right) return byCodePoint(left, right);
  if (isLetter.left || isLetter.right) return isLetter.right ? -1 : 1;
  const start = (left === "0" || right === "0") && isAfterNonZero(a, at) ? 1n : 0n;
  const one = numberAt(a, at, start);
  const other = numberAt(b, at, start);
  if (one.value !== other.value) return one.value < other.value ? -1 : 1;
  if (one.end !== other.end) return one.end - other.end;
  return byCodePoint(left, right);
}

function isAfterNonZero(text: readonly string[], at: number): boolean {
  for (let before = at - 1; before >= 0 && digit.test(text[before] ?? ""); before -= 1) if (text[before] !== "0") return true;
  return false;
}

/** In 64 bits, as Go's arithmetic wraps. */
function numberAt(text: readonly string[], at: number, start: bigint): { readonly value: bigint; readonly end: number } {
  let value = start;
  let end = at;
  for (; end < text.length && digit.test(text[end] ?? ""); end += 1)
    value = BigInt.asIntN(64, value * 10n + BigInt((text[end] ?? "").codePointAt(0) ?? 0) - 48n);
  return { value, end };
}

function byCodePoint(left: string, right: string): number {
  return (left.codePointAt(0) ?? 0) - (right.codePointAt(0) ?? 0);
}
