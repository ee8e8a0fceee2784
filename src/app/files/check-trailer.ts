import { readBytes, type ByteSource } from "../../formats/byte-source.ts";
import type { FileInspection } from "../../model/file-inspection.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { showing, type FileContext } from "./file-context.ts";
import { trailerBytes, type OpenState } from "./open-state.ts";

type TrailerFacts = FileInspection["sha256"];

/** `etcdutl snapshot status` never looks at it, in no version (failure catalogue M2). */
export function checkTrailer(context: FileContext, { file, form, database }: OpenState): TrailerFacts {
  if (form !== "snapshot") return { present: false, valid: undefined, stated: undefined };
  const stated = hex(readBytes(file, database.size, trailerBytes));
  return { present: true, valid: sha256Of(context, database, database.size) === stated, stated };
}

/** The same for who has other work to do meanwhile: `facts` waits for the end, and may be called again. */
export function startTrailerCheck(
  context: FileContext,
  opened: OpenState,
): { readonly isBeside: boolean; readonly facts: () => TrailerFacts } {
  const pending = opened.startSha256?.();
  let facts: TrailerFacts | undefined;
  if (pending === undefined) facts = checkTrailer(context, opened);
  return {
    isBeside: pending !== undefined,
    facts: () => {
      if (facts !== undefined) return facts;
      const actual = pending?.wait(showing(context, "checking the sha256"));
      const stated = hex(readBytes(opened.file, opened.database.size, trailerBytes));
      facts = actual === undefined ? checkTrailer(context, opened) : { present: true, valid: actual === stated, stated };
      return facts;
    },
  };
}

/**
 * `work` on a snapshot while its content is hashed, where that goes on beside;
 * else after it. `assertValid` throws for what must not be used. It is asked
 * before the result is given, before any error of `work` is passed on, which
 * may come of changed content, and where `work` itself calls `checked`: before
 * it does what cannot be undone.
 */
export function whileTrailerIsChecked<Result>(
  context: FileContext,
  opened: OpenState,
  assertValid: (facts: TrailerFacts) => void,
  work: (checked: () => TrailerFacts) => Result,
): Result {
  const trailer = startTrailerCheck(context, opened);
  const checked = (): TrailerFacts => {
    assertValid(trailer.facts());
    return trailer.facts();
  };
  if (!trailer.isBeside) checked();
  try {
    return work(checked);
  } finally {
    checked();
  }
}

/**
 * Of a file without trailer: what stands behind its last whole page. bbolt
 * writes whole pages only, and etcd knows a snapshot by its length alone
 * (`etcdutl snapshot restore`: length % 512 == 32, else "missing hash").
 * `wholeBytes`: so many bytes from the start on are a snapshot with a valid
 * sha256. undefined: it ends with a whole page.
 */
export function strayEnd(
  context: FileContext,
  { form, file }: OpenState,
  pageSizeBytes: number,
): { readonly strayBytes: number; readonly wholeBytes: number | undefined } | undefined {
  const strayBytes = file.size % pageSizeBytes;
  if (form !== "database" || strayBytes === 0) return undefined;
  const pagesEnd = file.size - strayBytes;
  const hasSha256 = strayBytes > trailerBytes && sha256Of(context, file, pagesEnd) === hex(readBytes(file, pagesEnd, trailerBytes));
  return { strayBytes, wholeBytes: hasSha256 ? pagesEnd + trailerBytes : undefined };
}

function sha256Of(context: FileContext, source: ByteSource, end: number): string {
  const hash = context.hashing.startSha256();
  const show = showing(context, "checking the sha256");
  const block = new Uint8Array(1 << 20);
  for (let at = 0; at < end; at += block.length) {
    const part = block.subarray(0, Math.min(block.length, end - at));
    source.readInto(at, part);
    hash.update(part);
    show(at + part.length, end);
  }
  return hash.digestHex();
}

/**
 * Whoever gives values out of a snapshot, to be applied or compared, makes
 * sure that they are those that etcd wrote: `work`, whose result does not
 * count before. Throws FILE_DAMAGED.
 */
export function onCheckedContent<Result>(
  context: FileContext,
  opened: OpenState,
  request: { readonly skipsHashCheck?: boolean },
  work: () => Result,
): Result {
  if (request.skipsHashCheck === true) return work();
  const assertContent = ({ valid }: TrailerFacts): void => {
    if (valid === false) throw contentChanged(opened);
  };
  return whileTrailerIsChecked(context, opened, assertContent, work);
}

function contentChanged(opened: OpenState): RecoveryError {
  return new RecoveryError("FILE_DAMAGED", {
    subject: `file ${opened.path}`,
    detail: `${contentDiffers}; what it says may be wrong`,
    remedies: [
      { why: "see what else is wrong with it", command: "requorum snapshot check backup.db" },
      { why: "use another copy; or, if there is none, read it all the same with --skip-hash-check and judge each value yourself" },
    ],
  });
}

export const contentDiffers = "its content does not have the sha256 at its end: it was changed or cut after etcd wrote it";

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
