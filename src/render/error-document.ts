import { RecoveryError, type Remedy } from "../model/recovery-error.ts";

/** What `-o json` prints on standard error when a verb fails. */
export interface ErrorDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "Error";
  readonly error: {
    /** A code of docs/errors.md, or BUG. */
    readonly code: string;
    readonly subject: string;
    readonly detail: string;
    readonly remedies: readonly Remedy[];
  };
}

export function errorDocument(error: unknown, savedAt: string): ErrorDocument {
  if (error instanceof RecoveryError) {
    const { code, subject, detail, remedies } = error;
    return {
      apiVersion: "requorum/v1",
      kind: "Error",
      error: { code, subject, detail: [detail, ...causesOf(error)].join("; "), remedies },
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    apiVersion: "requorum/v1",
    kind: "Error",
    error: { code: "BUG", subject: "requorum", detail: `${message} (stack saved in ${savedAt})`, remedies: [] },
  };
}

/** Words of the causes that say something new, at most four deep: a longer chain helps nobody. */
export function causesOf(error: Error): readonly string[] {
  const said = [error.message];
  let cause: unknown = error.cause;
  for (let depth = 0; depth < 4 && cause instanceof Error; depth += 1) {
    const words = unwrapped(cause.message);
    if (words !== "" && !said.some((earlier) => earlier.includes(words))) said.push(words);
    cause = cause.cause;
  }
  return said.slice(1);
}

/** grpc-js's words about a failed call without its number, the time of the last failure, and the note that is empty for an address. */
function unwrapped(message: string): string {
  if (!/^\d+ [A-Z_]+: /.test(message)) return message;
  return message
    .replace(/^\d+ ([A-Z_]+: )/, "$1")
    .replace(/^UNAVAILABLE: (?:No connection established\. Last error: )?(?:Error(?: \[[A-Z_]+\])?: )?/, "")
    .replace(/\.? Resolution note: *.*$/, "")
    .replace(/ \(\d{4}-\d\d-\d\dT[\d:.]+Z\)/g, "")
    .trim();
}
