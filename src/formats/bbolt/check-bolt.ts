import { RecoveryError } from "../../model/recovery-error.ts";
import { readBytes, type ByteSource, type OnBytes } from "../byte-source.ts";
import { ProblemList, type BoltCheck } from "./bolt-check.ts";
import { checkBucket, type TreeTotals } from "./check-bucket.ts";
import { pageFlags, pageHeaderBytes } from "./bolt-layout.ts";
import { chooseMeta, type MetaChoice } from "./bolt-meta.ts";
import { readPageHeader } from "./bolt-page.ts";
import { BoltPages } from "./bolt-pages.ts";
import { PageSet } from "./page-set.ts";
import { readFreelist } from "./read-freelist.ts";

/**
 * The structure of a whole bbolt file: every page reachable exactly once or
 * free, every key in order and within the bounds of its branch pages, every
 * page laid out as bbolt lays it out (stricter than `bbolt check`, which does
 * not look at places and sizes inside pages). Damage never throws, it is in the
 * answer; FILE_NOT_RECOGNISED and FILE_UNSUPPORTED are thrown, and what the
 * source throws. Memory: two bits per page and a few pages.
 * Source of the rules: bbolt tx_check.go.
 */
export function checkBolt(source: ByteSource, options: { readonly onBytes?: OnBytes | undefined } = {}): BoltCheck {
  const problems = new ProblemList();
  const choice = chooseMetaOrReport(source, problems);
  const totals: TreeTotals = { bucketCount: 0, keyCount: 0, branchPageCount: 0, leafPageCount: 0 };
  if (choice === undefined) return answer(problems, undefined, totals, 0);
  const pages = new BoltPages(source, choice.meta);
  checkEnvelope(pages, problems);
  const wholePages = Math.floor(source.size / pages.pageSize);
  const limit = Math.min(pages.pageCount, wholePages);
  const sets = { reached: new PageSet(limit), freed: new PageSet(limit) };
  const { freelistPage } = choice.meta;
  const isListRead = freelistPage !== undefined && readFreelist(pages, Number(freelistPage), sets, problems);
  checkBucket({ pages, problems, totals, ...sets, onBytes: options.onBytes }, Number(choice.meta.rootPage));
  if (isListRead) reportLost(pages, sets, problems);
  options.onBytes?.(source.size, source.size);
  const freePageCount = freelistPage === undefined ? Math.max(0, limit - 2 - sets.reached.size) : sets.freed.size;
  return answer(problems, choice, totals, freePageCount);
}

function answer(problems: ProblemList, choice: MetaChoice | undefined, totals: TreeTotals, freePageCount: number): BoltCheck {
  return {
    verdict: problems.count === 0 ? "good" : "damaged",
    problems: problems.kept,
    problemCount: problems.count,
    meta: choice?.meta,
    otherMeta: choice?.otherMeta,
    ...totals,
    freePageCount,
  };
}

function chooseMetaOrReport(source: ByteSource, problems: ProblemList): MetaChoice | undefined {
  try {
    return chooseMeta(source);
  } catch (error) {
    if (!(error instanceof RecoveryError) || error.code !== "FILE_DAMAGED") throw error;
    problems.add("meta", undefined, 0, error.detail);
    return undefined;
  }
}

/** The headers of the meta pages, which their checksums leave out, and the length of the file. */
function checkEnvelope(pages: BoltPages, problems: ProblemList): void {
  const { source, pageSize, pageCount } = pages;
  for (let id = 0; id < 2; id += 1) {
    if ((id + 1) * pageSize > source.size) continue; // reported below
    const header = readPageHeader(new DataView(readBytes(source, id * pageSize, pageHeaderBytes).buffer), 0);
    if (header.id !== id || header.flags !== pageFlags.meta)
      problems.add("meta", id, id * pageSize, `meta page ${String(id)} has a wrong header`);
  }
  if (pageCount * pageSize > source.size)
    problems.add(
      "cut-off",
      undefined,
      source.size,
      `it should have ${String(pageCount)} pages of ${String(pageSize)} bytes, and has ${String(source.size)} bytes: it is cut off`,
    );
}

/** One problem per run of pages. */
function reportLost(pages: BoltPages, sets: { readonly reached: PageSet; readonly freed: PageSet }, problems: ProblemList): void {
  const { reached, freed } = sets;
  const isKnown = (id: number) => reached.has(id) || freed.has(id);
  for (let id = reached.firstAbsent(2, reached.limit); id < reached.limit; id += 1) {
    if (isKnown(id)) continue;
    const first = id;
    while (id + 1 < reached.limit && !isKnown(id + 1)) id += 1;
    const which = first === id ? `page ${String(id)} is` : `pages ${String(first)} to ${String(id)} are`;
    problems.add("lost", first, first * pages.pageSize, `${which} neither in use nor free`);
  }
}
