import { assertReadable, isRemoteSource, parseRemoteSource } from "../../app/files/remote-source.ts";
import { parseLiveSource } from "../../app/files/parse-live-source.ts";
import type { CarriedSpooled } from "./file-messages.ts";
import type { SpoolingCli } from "./spool-sources.ts";

/**
 * Copies the sources that lie on other machines, and snapshots of running
 * clusters, into a private directory of the cache, does the work on them, and
 * removes them, however it ended.
 * `goesOn`: a source that cannot be had is handed on with its error, so that
 * the others are still worked on.
 */
export async function withSpooledSources<Result>(
  cli: SpoolingCli,
  sources: readonly string[],
  options: { readonly goesOn: boolean },
  work: (spooled: readonly CarriedSpooled[]) => Promise<Result>,
): Promise<Result> {
  sources.forEach(assertReadable);
  const elsewhere = [...new Set(sources)].flatMap((text) =>
    isRemoteSource(text) ? parseRemoteSource(text) : (parseLiveSource(text) ?? []),
  );
  if (elsewhere.length === 0) return work([]);
  // What reaches other machines takes longer to load than a file of this one to be worked on.
  const { spoolSources } = await import("./spool-sources.ts");
  return spoolSources(cli, elsewhere, options, work);
}
