import { RecoveryError } from "../model/recovery-error.ts";
import { sectionBytesMax } from "./host-script.ts";

/**
 * What one section of the host script reported. `cut`: it was still running
 * at the script's limit, `text` is what it had printed so far. A section that
 * is absent, or whose frame has no end, is not in the map.
 */
export type SectionAnswer =
  | { readonly kind: "ended"; readonly exitCode: number; readonly text: string; readonly errorText: string }
  | { readonly kind: "cut"; readonly text: string };

export type HostAnswer = ReadonlyMap<string, SectionAnswer>;

/** Pure. Never throws for a damaged answer: what has no whole frame is left out. */
export function parseHostAnswer(stdout: string, nonce: string): HostAnswer {
  const sections = new Map<string, SectionAnswer>();
  const mark = `##requorum-${nonce} `;
  let open: { readonly name: string; readonly lines: string[] } | undefined;
  for (const line of stdout.split("\n")) {
    if (!line.startsWith(mark)) {
      open?.lines.push(line);
      continue;
    }
    const [verb, name, status, errorText] = line.slice(mark.length).split(" ");
    if (verb === "begin" && name !== undefined && name !== "") {
      open = { name, lines: [] };
      continue;
    }
    if (verb === "end" && open !== undefined && open.name === name) {
      const answer = sectionAnswer(open.lines.join("\n"), status ?? "", errorText ?? "");
      if (answer !== undefined) sections.set(name, answer);
    }
    open = undefined;
  }
  return sections;
}

function sectionAnswer(text: string, status: string, errorBase64: string): SectionAnswer | undefined {
  if (text.length >= sectionBytesMax) return undefined;
  if (status === "timeout") return { kind: "cut", text };
  if (!/^[0-9]{1,3}$/.test(status)) return undefined;
  return { kind: "ended", exitCode: Number(status), text, errorText: lenientText(errorBase64) };
}

/** Error texts are for people only, so damage in them is not worth a gap. */
function lenientText(base64: string): string {
  return isBase64(base64) ? new TextDecoder().decode(bytesOfBase64(base64)).trim() : "";
}

/** Whole, with its padding. */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

/** Of what `isBase64` holds for. */
export function bytesOfBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** Throws REMOTE_ANSWER_MALFORMED when it is not base64 of UTF-8 text. `what` names it in the error. */
export function textOfBase64(base64: string, what: string): string {
  if (!isBase64(base64)) throw malformed(what, "it is not base64");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytesOfBase64(base64));
  } catch (cause) {
    throw new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject: what, detail: "it is not UTF-8 text", cause });
  }
}

export function malformed(what: string, detail: string): RecoveryError {
  return new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject: what, detail: `${what}: ${detail}` });
}

/** `name=value` lines; others are ignored. The first of a name counts. */
export function parseFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const at = line.indexOf("=");
    if (at <= 0) continue;
    const name = line.slice(0, at);
    if (!fields.has(name)) fields.set(name, line.slice(at + 1).trim());
  }
  return fields;
}

/** Throws REMOTE_ANSWER_MALFORMED when the field is missing. */
export function requiredField(fields: ReadonlyMap<string, string>, name: string): string {
  const value = fields.get(name);
  if (value === undefined) throw malformed(name, "the machine did not report it");
  return value;
}

/** A whole number that is not negative. Throws REMOTE_ANSWER_MALFORMED. */
export function countField(fields: ReadonlyMap<string, string>, name: string): bigint {
  const value = requiredField(fields, name);
  if (!/^[0-9]{1,20}$/.test(value)) throw malformed(name, `${JSON.stringify(value.slice(0, 40))} is not a count`);
  return BigInt(value);
}

/** `1` or `0`. Throws REMOTE_ANSWER_MALFORMED. */
export function flagField(fields: ReadonlyMap<string, string>, name: string): boolean {
  const value = requiredField(fields, name);
  if (value !== "1" && value !== "0") throw malformed(name, `${JSON.stringify(value.slice(0, 40))} is neither 0 nor 1`);
  return value === "1";
}
