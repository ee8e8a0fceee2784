import { integerOf, jsonDepthMax, type KubeJson } from "./kube-json.ts";

/** Not JSON, or JSON that this engine does not take; the caller says of what. */
export class MalformedJson extends Error {
  override readonly name = "MalformedJson";
}

/** JSON.parse gives the source text of a number to its reviver (ECMAScript "JSON.parse source text access"); TypeScript does not say so yet. */
type Reviver = (this: unknown, key: string, value: unknown, context?: { readonly source?: string }) => unknown;

/** Integers of 16 digits and more need not fit a double; half surrogates cannot be written as UTF-8. */
const needsCare = /[0-9]{16}|\\u[dD][89a-fA-F]|[eE][+-]?[0-9]{3}/;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Throws MalformedJson. Integers stay exact; half surrogates become U+FFFD, as Go's encoding/json makes them. */
export function parseKubeJson(text: string | Uint8Array): KubeJson {
  const source = typeof text === "string" ? text : decode(text);
  checkContainers(source);
  try {
    const parsed: unknown = needsCare.test(source) ? JSON.parse(source, exactReviver) : JSON.parse(source);
    return parsed as KubeJson; // JSON.parse makes nothing else
  } catch (error) {
    if (error instanceof MalformedJson) throw error;
    throw new MalformedJson("it is not JSON"); // the engine's message quotes the text, which may be a secret
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new MalformedJson("it is not UTF-8");
  }
}

const exactReviver: Reviver = function (_key, value, context) {
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value !== "number") return value;
  const source = context?.source ?? "";
  if (/^-?[0-9]+$/.test(source) && !Number.isSafeInteger(value)) return integerOf(BigInt(source));
  if (!Number.isFinite(value)) throw new MalformedJson("a number is too large");
  return value;
};

/** Lists and objects in one value: `{},` takes 20 times its length in memory. Real objects of this many have 8 MB, far beyond what etcd takes. */
const containersMax = 1_000_000;

/** Before parsing: brackets inside brackets, and all of them, outside strings. */
function checkContainers(text: string): void {
  let depth = 0;
  let count = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (isInString) {
      if (code === 0x5c) index += 1;
      else if (code === 0x22) isInString = false;
    } else if (code === 0x22) isInString = true;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      count += 1;
      if (count > containersMax) throw new MalformedJson(`it has more than ${containersMax} lists and objects`);
      if (depth > jsonDepthMax) throw new MalformedJson(`lists and objects are nested more than ${jsonDepthMax} deep`);
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
}
