import { errorCatalogue, type ErrorCode, type Retry } from "./error-catalogue.ts";

/** Why one would do it, and the command that does it (copyable; tested against the real CLI). */
export interface Remedy {
  readonly why: string;
  readonly command?: string;
}

export interface RecoveryErrorOptions {
  /** What it is about: "host cp2", "member 8e9e05c52164694d", "file plan.json:3:7". */
  readonly subject: string;
  /** What is wrong with it, and after a failed change, what state things are left in. Never a secret. */
  readonly detail: string;
  readonly cause?: unknown;
  /** Only when the adapter knows better than the catalogue. */
  readonly retry?: Retry;
  readonly remedies?: readonly Remedy[];
  readonly contact?: Contact;
}

/**
 * How far a connection that failed came. "none": nothing came back from the
 * other side, no answer in time or no route to it. "some": something there
 * answered, if only to refuse. undefined: not known.
 */
export type Contact = "none" | "some";

/** An expected failure of our own operation. The catalogue gives summary, retry rule and exit code. */
export class RecoveryError extends Error {
  override readonly name = "RecoveryError";
  readonly code: ErrorCode;
  readonly subject: string;
  readonly detail: string;
  readonly retry: Retry;
  readonly remedies: readonly Remedy[];
  readonly contact: Contact | undefined;

  constructor(code: ErrorCode, options: RecoveryErrorOptions) {
    super(`${errorCatalogue[code].summary}: ${options.detail}`, { cause: options.cause });
    this.code = code;
    this.subject = options.subject;
    this.detail = options.detail;
    this.retry = options.retry ?? errorCatalogue[code].retry;
    this.contact = options.contact;
    this.remedies = options.remedies ?? errorCatalogue[code].remedies ?? [];
  }
}

/** A broken assumption of ours: the run stops and stays resumable. */
export function assertInvariant(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`broken assumption in requorum: ${what}`);
}
