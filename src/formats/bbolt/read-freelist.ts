import { readBytes } from "../byte-source.ts";
import type { ProblemList } from "./bolt-check.ts";
import { freelistCountInFirstId, pageFlags, pageHeaderBytes, readUint64 } from "./bolt-layout.ts";
import { readPageHeader } from "./bolt-page.ts";
import type { BoltPages } from "./bolt-pages.ts";
import type { PageSet } from "./page-set.ts";

const chunkBytes = 64 * 1024;

/**
 * Adds the pages of the list itself to `reached` and the free ones to `freed`.
 * False when the list cannot be read; the reason is in `problems`. Both of
 * bbolt's lists, array and hashmap, are written in this one form.
 * Source: bbolt internal/freelist/shared.go (Read, Write), internal/common/page.go (FreelistPageCount).
 */
export function readFreelist(
  pages: BoltPages,
  firstPage: number,
  sets: { readonly reached: PageSet; readonly freed: PageSet },
  problems: ProblemList,
): boolean {
  const fail = (offset: number, what: string): false => {
    problems.add("freelist", firstPage, offset, what);
    return false;
  };
  const idFault = pages.idFault(firstPage);
  if (idFault !== undefined) return fail(idFault.offset, `the list of free pages: ${idFault.what}`);
  const fileOffset = firstPage * pages.pageSize;
  const head = readBytes(pages.source, fileOffset, pageHeaderBytes + 8);
  const view = new DataView(head.buffer);
  const { id, flags, count: shortCount, overflow } = readPageHeader(view, 0);
  if (id !== firstPage || flags !== pageFlags.freelist) return fail(fileOffset, `page ${String(firstPage)} is not the list of free pages`);
  const sizeBytes = (overflow + 1) * pages.pageSize;
  if (firstPage + overflow >= pages.pageCount || fileOffset + sizeBytes > pages.source.size)
    return fail(fileOffset, "the list of free pages goes on beyond the pages in use");
  const isCountInside = shortCount === freelistCountInFirstId;
  const count = isCountInside ? readUint64(view, pageHeaderBytes) : shortCount;
  const idsOffset = pageHeaderBytes + (isCountInside ? 8 : 0);
  if (idsOffset + count * 8 > sizeBytes) return fail(fileOffset, `a list of ${String(count)} free pages does not fit into its pages`);
  for (let page = firstPage; page <= firstPage + overflow; page += 1) sets.reached.add(page);
  readIds(pages, { start: fileOffset + idsOffset, count, firstPage }, sets.freed, problems);
  return true;
}

function readIds(
  pages: BoltPages,
  list: { readonly start: number; readonly count: number; readonly firstPage: number },
  freed: PageSet,
  problems: ProblemList,
): void {
  const end = list.start + list.count * 8;
  for (let offset = list.start; offset < end; offset += chunkBytes) {
    const bytes = readBytes(pages.source, offset, Math.min(chunkBytes, end - offset));
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.length; at += 8) {
      const id = readUint64(view, at);
      if (id < 2 || id >= pages.pageCount)
        problems.add(
          "freelist",
          list.firstPage,
          offset + at,
          `page ${String(id)} is called free, but pages are 2 to ${String(pages.pageCount - 1)}`,
        );
      else if (id < freed.limit && !freed.add(id))
        problems.add("freelist", list.firstPage, offset + at, `page ${String(id)} is called free twice`);
    }
  }
}
