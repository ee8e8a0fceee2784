import type { BoltCheck } from "../../formats/bbolt/bolt-check.ts";
import { checkBolt } from "../../formats/bbolt/check-bolt.ts";
import { readBytes, type ByteSource } from "../../formats/byte-source.ts";
import type { FileChecksum, FileInspection } from "../../model/file-inspection.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { shellWord } from "../../model/shell-word.ts";
import type { ContentChecks } from "../../ports/byte-files.ts";
import { showing, type FileContext } from "./file-context.ts";
import { trailerBytes, type OpenState } from "./open-state.ts";

type TrailerFacts = FileInspection["sha256"];

/**
 * `etcdutl snapshot status` never looks at it, in no version (failure catalogue
 * M2). A part of one, or bytes behind one, are a sha256 that is not valid: only
 * a file of whole pages has none.
 */
function checkTrailer(context: FileContext, opened: OpenState): TrailerFacts {
  const { file, form, database } = opened;
  if (form === "database" && strayBytesOf(opened) > 0) return { present: true, valid: false, stated: undefined };
  if (form !== "snapshot") return { present: false, valid: undefined, stated: undefined };
  const stated = hex(readBytes(file, database.size, trailerBytes));
  return { present: true, valid: sha256Of(context, database, database.size) === stated, stated };
}

/** Checks of what was opened, for who has other work to do meanwhile. All may be called again. */
export interface StartedChecks {
  readonly isBeside: boolean;
  /** Waits for the end. */
  readonly trailer: () => TrailerFacts;
  /** Waits for the end; `checkBolt` says what it gives and throws. */
  readonly structure: () => BoltCheck;
}

/** Where nothing goes on beside, the sha256 is checked here at once, and the structure when it is asked for. */
export function startChecks(context: FileContext, opened: OpenState, asked: { readonly structure?: boolean } = {}): StartedChecks {
  const wanted = { sha256: opened.form === "snapshot", structure: asked.structure ?? false };
  const pending = wanted.sha256 || wanted.structure ? opened.startChecks(wanted) : undefined;
  let [trailer, structure]: [TrailerFacts | undefined, BoltCheck | undefined] = [undefined, undefined];
  if (pending === undefined) trailer = checkTrailer(context, opened);
  let found: { readonly checks: ContentChecks | undefined } | undefined;
  const beside = (): ContentChecks | undefined => {
    found ??= { checks: pending?.wait(showing(context, wanted.sha256 ? "checking the sha256" : "checking the structure")) };
    return found.checks;
  };
  return {
    isBeside: pending !== undefined,
    trailer: () => {
      if (trailer !== undefined) return trailer;
      const actual = wanted.sha256 ? beside()?.sha256 : undefined;
      if (actual === undefined) trailer = checkTrailer(context, opened);
      else {
        const stated = hex(readBytes(opened.file, opened.database.size, trailerBytes));
        trailer = { present: true, valid: actual === stated, stated };
      }
      return trailer;
    },
    structure: () => {
      structure ??= beside()?.structure ?? checkBolt(opened.database, { onBytes: showing(context, "checking the structure") });
      return structure;
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
function whileTrailerIsChecked<Result>(
  context: FileContext,
  opened: OpenState,
  assertValid: (facts: TrailerFacts) => void,
  work: (checked: () => TrailerFacts) => Result,
): Result {
  const { isBeside, trailer } = startChecks(context, opened);
  const checked = (): TrailerFacts => {
    assertValid(trailer());
    return trailer();
  };
  if (!isBeside) checked();
  try {
    return work(checked);
  } finally {
    checked();
  }
}

type PagedFile = Pick<OpenState, "form" | "file" | "stored">;

/** A bbolt page is never smaller; of a file whose own page size cannot be read. */
const smallestPageBytes = 512;

/**
 * Of a file without trailer: what stands behind its last whole page. bbolt
 * writes whole pages only, and etcd knows a snapshot by its length alone
 * (`etcdutl snapshot restore`: length % 512 == 32, else "missing hash").
 */
function strayBytesOf({ form, file, stored }: PagedFile): number {
  if (form === "snapshot") return 0;
  try {
    return file.size % stored().meta.pageSizeBytes;
  } catch (error) {
    if (error instanceof RecoveryError && error.code === "FILE_DAMAGED") return file.size % smallestPageBytes;
    throw error;
  }
}

/** Is it shorter than it says itself that its pages are? */
function isCutInside({ file, stored }: PagedFile): boolean {
  try {
    const { highWaterPage, pageSizeBytes } = stored().meta;
    return BigInt(file.size) < highWaterPage * BigInt(pageSizeBytes);
  } catch (error) {
    if (error instanceof RecoveryError && error.code === "FILE_DAMAGED") return file.size < smallestPageBytes;
    throw error;
  }
}

/**
 * What stands behind the last whole page of a data dir's database, which etcd
 * starts from all the same; undefined: nothing. `isSnapshot`: it is the right
 * sha256 of what is before it.
 */
export function behindPages(context: FileContext, opened: PagedFile): { readonly isSnapshot: boolean; readonly what: string } | undefined {
  const { file, form } = opened;
  const strayBytes = form === "data-dir" ? strayBytesOf(opened) : 0;
  if (strayBytes === 0 || isCutInside(opened)) return undefined;
  if (strayBytes !== trailerBytes)
    return {
      isSnapshot: false,
      what: `${String(strayBytes)} bytes stand behind the last whole page of ${file.name}: bbolt wrote none of them, and etcd starts all the same${strayBytes < trailerBytes ? "; a snapshot that was copied here and lost the end of its checksum looks so, too" : ""}`,
    };
  const pagesEnd = file.size - strayBytes;
  const isSnapshot = sha256Of(context, file, pagesEnd) === hex(readBytes(file, pagesEnd, trailerBytes));
  const where = `${file.name} ends as a snapshot does, with ${String(trailerBytes)} bytes behind its last page: one was copied to the place of the database`;
  return {
    isSnapshot,
    what: isSnapshot
      ? `${where}, and they are the right sha256 of it; etcd starts from it all the same`
      : `${where}, and they are not the sha256 of what it holds now: an etcd that started from it wrote to it, or it was damaged`,
  };
}

/** What stands behind the last whole page of a file without trailer; undefined: nothing. */
export function strayWords(context: FileContext, opened: OpenState): string | undefined {
  const strayBytes = opened.form === "database" ? strayBytesOf(opened) : 0;
  if (strayBytes === 0) return undefined;
  const { file } = opened;
  if (isCutInside(opened)) return "the file ends inside the database: a sha256 that stood behind it is gone";
  const pagesEnd = file.size - strayBytes;
  const isSnapshot = strayBytes > trailerBytes && sha256Of(context, file, pagesEnd) === hex(readBytes(file, pagesEnd, trailerBytes));
  if (!isSnapshot)
    return `${String(strayBytes)} bytes stand behind its last whole page, and a sha256 has ${String(trailerBytes)}: something was cut off or added, and etcdutl refuses to restore it`;
  const whole = String(pagesEnd + trailerBytes);
  const added = strayBytes - trailerBytes;
  return `the first ${whole} bytes are a snapshot with its valid sha256, and ${String(added)} ${added === 1 ? "byte was" : "bytes were"} added behind them, so that etcdutl refuses to restore it; \`head -c ${whole}\` gives the snapshot back`;
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
 * Whoever gives values out of a file, to be applied, compared or restored,
 * makes sure that they are those that etcd wrote: `work`, whose result does not
 * count before. A file that never had a sha256, as one copied from a data dir,
 * is taken, and the facts say so. Throws FILE_DAMAGED, unless that is not
 * wanted: then the facts alone tell.
 */
export function onCheckedContent<Result>(
  context: FileContext,
  opened: OpenState,
  request: { readonly skipsHashCheck?: boolean },
  work: (checked: () => TrailerFacts) => Result,
): Result {
  let changed: RecoveryError | undefined; // asked for again where it was thrown, and its remedies read the whole file
  const assertContent = ({ valid }: TrailerFacts): void => {
    if (valid === false && request.skipsHashCheck !== true) throw (changed ??= contentChanged(context, opened));
  };
  return whileTrailerIsChecked(context, opened, assertContent, work);
}

/** For the result of what was read. */
export function checksumOf({ form }: OpenState, { present, valid }: TrailerFacts): FileChecksum | undefined {
  return form === "data-dir" ? undefined : { present, valid };
}

function contentChanged(context: FileContext, opened: OpenState): RecoveryError {
  return new RecoveryError("FILE_DAMAGED", {
    subject: `file ${opened.path}`,
    detail: `${strayWords(context, opened) ?? contentDiffers}; what it says may be wrong`,
    remedies: [
      { why: "see what else is wrong with it", command: `requorum snapshot check ${shellWord(opened.path)}` },
      {
        why:
          brokenPagesWords(context, opened) ??
          "use another copy; or, if there is none, take it all the same with --skip-hash-check and judge each value yourself",
      },
    ],
  });
}

/** Advice must not lead to the next refusal; undefined: every page is there and in its place. */
function brokenPagesWords(context: FileContext, { database }: OpenState): string | undefined {
  const [problem] = checkBolt(database, { onBytes: showing(context, "checking the structure") }).problems;
  if (problem === undefined) return undefined;
  return `use another copy: the pages of this one are damaged, too (${problem.what}), and a restore refuses that also with --skip-hash-check`;
}

export const contentDiffers = "its content does not have the sha256 at its end: it was changed or cut after etcd wrote it";

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
