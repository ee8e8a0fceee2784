import type { RecoveryError } from "../../model/recovery-error.ts";

/** Turns "where" and "what is wrong there" into the error that the document's reader throws. */
export type DocumentFailure = (where: string, what: string) => RecoveryError;

/**
 * Reads the fields of one JSON object that somebody else wrote. Every getter
 * throws, with the path of the field, what is not of the wanted form. Fields
 * that nobody asks for are ignored: a later minor version may add some.
 */
export class JsonFields {
  readonly #fields: { readonly [name: string]: unknown };
  readonly #path: string;
  readonly #failure: DocumentFailure;

  constructor(value: unknown, path: string, failure: DocumentFailure) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw failure(path, "expected an object");
    this.#fields = value as { readonly [name: string]: unknown };
    this.#path = path;
    this.#failure = failure;
  }

  fail(name: string, what: string): RecoveryError {
    return this.#failure(this.#pathOf(name), what);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#fields, name) && this.#fields[name] !== null;
  }

  /** At most `textCharactersMax` characters, or `max`. */
  text(name: string, max = textCharactersMax): string {
    const value = this.#value(name);
    if (typeof value !== "string") throw this.fail(name, "expected text");
    if (value.length > max) throw this.fail(name, `longer than ${max} characters`);
    return value;
  }

  optionalText(name: string): string | undefined {
    return this.has(name) ? this.text(name) : undefined;
  }

  matching(name: string, form: RegExp, what: string): string {
    const value = this.text(name);
    if (!form.test(value)) throw this.fail(name, `expected ${what}`);
    return value;
  }

  sha256(name: string): string {
    return this.matching(name, /^[0-9a-f]{64}$/, "64 hex digits");
  }

  /** Text that one of the `as…` functions of model/ids takes. */
  branded<T extends string>(name: string, as: (text: string) => T): T {
    const value = this.text(name);
    try {
      return as(value);
    } catch (cause) {
      throw this.fail(name, cause instanceof Error ? cause.message : "not of the wanted form");
    }
  }

  optionalBranded<T extends string>(name: string, as: (text: string) => T): T | undefined {
    return this.has(name) ? this.branded(name, as) : undefined;
  }

  /** A whole number from 0 to `max`. */
  count(name: string, max = Number.MAX_SAFE_INTEGER): number {
    const value = this.#value(name);
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value > max)
      throw this.fail(name, `expected a whole number from 0 to ${max}`);
    return value;
  }

  /** 64-bit numbers are decimal text; 20 digits are the length of 2^64. */
  bigint(name: string): bigint {
    return BigInt(this.matching(name, /^(?:0|[1-9][0-9]{0,19})$/, "a whole number as decimal text"));
  }

  flag(name: string): boolean {
    const value = this.#value(name);
    if (typeof value !== "boolean") throw this.fail(name, "expected true or false");
    return value;
  }

  /** `unknown`: the error for a word that is none of these, where a later version may have added one. */
  oneOf<T extends string>(name: string, words: readonly T[], unknown?: (word: string) => RecoveryError): T {
    const value = this.text(name);
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    throw unknown?.(value.slice(0, 80)) ?? this.fail(name, `expected one of ${words.join(", ")}`);
  }

  object(name: string): JsonFields {
    return new JsonFields(this.#value(name), this.#pathOf(name), this.#failure);
  }

  objects<T>(name: string, countMax: number, each: (fields: JsonFields) => T): readonly T[] {
    return this.list(name, countMax).map((value, index) => each(new JsonFields(value, `${this.#pathOf(name)}[${index}]`, this.#failure)));
  }

  texts(name: string, countMax: number): readonly string[] {
    return this.list(name, countMax).map((value, index) => {
      if (typeof value !== "string" || value.length > textCharactersMax) throw this.fail(`${name}[${index}]`, "expected text");
      return value;
    });
  }

  list(name: string, countMax: number): readonly unknown[] {
    const value = this.#value(name);
    if (!Array.isArray(value)) throw this.fail(name, "expected a list");
    if (value.length > countMax) throw this.fail(name, `more than ${countMax} entries`);
    return value as readonly unknown[];
  }

  #value(name: string): unknown {
    if (!this.has(name)) throw this.fail(name, "missing");
    return this.#fields[name];
  }

  #pathOf(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }
}

/** Paths and sentences; the longest path of Linux is 4096 bytes. What is longer says so where it is read. */
const textCharactersMax = 65_536;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes as UTF-8 JSON; throws by `failure` what is none. */
export function jsonOfBytes(bytes: Uint8Array, failure: DocumentFailure): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    // V8's words quote the text around the mistake; what stands in a document is not repeated in messages.
    throw failure("", "it is not JSON");
  }
}

/** 64-bit numbers as decimal text; undefined fields are left out. */
export function jsonTextOf(value: unknown): string {
  return JSON.stringify(value, (_name, field: unknown) => (typeof field === "bigint" ? field.toString() : field));
}
