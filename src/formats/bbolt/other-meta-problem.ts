import type { BoltReader } from "./bolt-reader.ts";

/**
 * What a damaged other meta page may mean; undefined: it is the older one, and
 * whole. bbolt itself opens such a file and says nothing. Transaction N stands
 * in page N % 2, so that the other page holds the one before or the one after
 * (bbolt internal/common/meta.go, Write). `isInLog`: the log of the data dir
 * that it belongs to continues the database without a break, and so has what
 * the lost commit held.
 */
export function otherMetaProblem(
  { meta, otherMeta }: Pick<BoltReader, "meta" | "otherMeta">,
  options: { readonly isInLog?: boolean } = {},
): { offset: number; what: string } | undefined {
  if (otherMeta.kind === "older") return undefined;
  const used = meta.transactionId;
  const { because, transactionId } = otherMeta;
  const damage = `${because}; read was transaction ${String(used)} of meta page ${String(meta.pageIndex)}`;
  return {
    offset: meta.pageIndex === 0 ? meta.pageSizeBytes : 0,
    what: `${damage}, ${options.isInLog === true ? logMeaning(used, transactionId) : meaningOf(used, transactionId)}`,
  };
}

function logMeaning(used: bigint, damaged: bigint | undefined): string {
  if (damaged === used - 1n && damaged > 0n) return meaningOf(used, damaged);
  const which = damaged === used + 1n ? `of transaction ${String(damaged)}` : "maybe of the transaction after it";
  return `and the damaged page is ${which}: the log of this data dir continues the database without a break and gives that commit again`;
}

function meaningOf(used: bigint, damaged: bigint | undefined): string {
  if (damaged === used + 1n) return `and the damaged page is of transaction ${String(damaged)}: the last commit of this file is lost`;
  // A page of zeros says transaction 0, too.
  if (damaged === used - 1n && damaged > 0n)
    return `and the damaged page is of transaction ${String(damaged)}, the one before: nothing is lost by it`;
  return "and of which transaction the damaged page is cannot be read: the last commit of this file may be lost";
}
