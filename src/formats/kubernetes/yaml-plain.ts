/**
 * What kubectl's YAML library (go.yaml.in/yaml v2) takes an unquoted word for.
 * A string that it would take for something else must be quoted. Sources:
 * resolve.go, encode.go (base 60), and Go's strconv and time for the numbers
 * and dates that those call.
 */

const words = new Set(
  [
    ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"],
    ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"],
    ["", "~", "null", "Null", "NULL"],
    [".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"],
  ].flat(),
);

const base60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const float = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;

/** A longer word is not looked at digit by digit: quotes are never wrong, and megabytes of digits take minutes. */
const numberLettersMax = 65_536;

/** True: without quotes it would be read as the same string. */
export function readsAsString(text: string): boolean {
  if (words.has(text)) return false;
  if (text.length > numberLettersMax && /^[-+.0-9]/.test(text)) return false;
  const first = text.charAt(0);
  if (first === ".") return !isFiniteFloat(text);
  if (!/^[-+0-9]/.test(text)) return true;
  if (base60.test(text) || isTimestamp(text)) return false;
  const plain = text.replaceAll("_", "");
  return !isInteger(plain) && !isFiniteFloat(plain);
}

function isFiniteFloat(text: string): boolean {
  return float.test(text) && Number.isFinite(Number(text));
}

const int64Max = 2n ** 63n - 1n;
const uint64Max = 2n ** 64n - 1n;

/** As strconv.ParseInt and ParseUint read it with base 0. */
function isInteger(text: string): boolean {
  const match = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)$/.exec(text);
  if (match === null) return false;
  const [, sign = "", digits = ""] = match;
  const size = /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits);
  if (sign === "") return size <= uint64Max;
  return sign === "-" ? size <= int64Max + 1n : size <= int64Max;
}

const timestamp =
  /^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:(?:[Tt]([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?(?:Z|[-+]([0-9]{2}):([0-9]{2})))|(?: ([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,][0-9]+)?))?$/;

function isTimestamp(text: string): boolean {
  const match = timestamp.exec(text);
  if (match === null) return false;
  const part = (index: number): number => Number(match[index] ?? 0);
  const [year, month, day] = [part(1), part(2), part(3)];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return false;
  const isTimeRight = (hour: number, minute: number, second: number): boolean => hour < 24 && minute < 60 && second < 60;
  return isTimeRight(part(4), part(5), part(6)) && isTimeRight(part(9), part(10), part(11)) && part(7) <= 24 && part(8) <= 60;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** A number as kubectl prints it: Go's JSON first, then its YAML library, which writes what is no 64-bit integer with `%g`. */
export function yamlNumber(value: number | bigint): string {
  if (typeof value === "bigint" || Number.isInteger(value)) {
    if (value === 0) return "0"; // also -0
    if (value >= -(2n ** 63n) && value <= uint64Max) return String(value);
  }
  return goFloat(Number(value));
}

/** strconv.FormatFloat(value, 'g', -1, 64). */
function goFloat(value: number): string {
  const [digits = "", exponentText = "0"] = value.toExponential().split("e");
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 6) return String(value);
  return `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}
