import { RecoveryError } from "../../model/recovery-error.ts";

/**
 * The end of a thread, or an error in it, that is no bug but a want of memory;
 * undefined: it is something else. Sources: Node's Worker ("error" event), V8's
 * messages of RangeError.
 */
export function outOfMemory(error: unknown): RecoveryError | undefined {
  if (!(error instanceof Error)) return undefined;
  const isThreadsEnd = "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
  const isTooLarge = error.name === "RangeError" && /^(?:Array buffer allocation failed|Invalid string length)/.test(error.message);
  if (!isThreadsEnd && !isTooLarge) return undefined;
  return new RecoveryError("OUT_OF_MEMORY", {
    subject: "work on a file",
    detail: isThreadsEnd ? "its thread reached the limit of its memory" : error.message,
    cause: error,
    remedies: [
      { why: "ask for less at once: one resource, one namespace" },
      { why: "or do it on a machine with more memory: the file may lie anywhere" },
    ],
  });
}
