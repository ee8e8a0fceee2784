import type { BoltReader } from "../../formats/bbolt/bolt-reader.ts";
import type { MissingObject } from "../../model/file-objects.ts";
import { lastDeletions, type Deletion } from "./last-deletions.ts";
import type { ObjectSelection, ObjectSelector } from "./object-selection.ts";
import type { LiveObjects } from "./read-objects.ts";

/**
 * What was asked for and is not there, one by one what was asked for by name,
 * with the revision that deleted it where the file still tells it; that costs
 * a pass over the source. `isEmpty`: nothing at all was selected.
 */
export function missingObjects(
  bolt: BoltReader,
  { selection }: { readonly selection: ObjectSelection },
  {
    live,
    selector,
    prefixes,
    isEmpty,
  }: {
    readonly live: LiveObjects;
    readonly selector: ObjectSelector;
    /** Below which things are looked for. */
    readonly prefixes: readonly string[];
    readonly isEmpty: boolean;
  },
): readonly MissingObject[] {
  const names = selector.missing;
  if (names.length === 0 && !isEmpty) return [];
  const deletions = lastDeletions(bolt, live.revision, (key) => {
    // A deletion does not tell the labels of what it deleted: "still has it" may be wrong.
    if (selection.selector !== undefined) return false;
    const place = live.keys.parse(key);
    if (!selector.matchesKey(key, place)) return false;
    if (place !== undefined && !prefixes.includes(place.prefix) && key !== selection.what) return false;
    return names.length === 0 || selector.namedBy(key, place).some((name) => names.includes(name));
  });
  const before = prefixes.length === 0 ? "" : ` below ${prefixes.join(" and ")}`;
  const where = `${before} at revision ${String(live.revision)}`;
  if (names.length === 0) return [missing(wantedText(selection), { where, deletions })];
  const suffix = placeText(selection);
  return names.map((name) =>
    missing(name, {
      where: `${name.startsWith("/") ? "" : suffix}${where}`,
      deletions: deletions.filter(({ key }) => selector.namedBy(key, live.keys.parse(key)).includes(name)),
    }),
  );
}

function missing(what: string, { where, deletions }: { readonly where: string; readonly deletions: readonly Deletion[] }): MissingObject {
  const [last] = deletions;
  const none = `there is no ${what}${where}`;
  if (last === undefined) return { what, lastRevision: undefined, why: none };
  const more = deletions.length > 1 ? `, the last of ${String(deletions.length)}` : "";
  const had =
    last.lastRevision === undefined ? "this file does not hold it any more" : `--revision ${String(last.lastRevision)} still has it`;
  return {
    what,
    lastRevision: last.lastRevision,
    why: `${none}: ${last.key} was deleted at revision ${String(last.revision)}${more}, and ${had}`,
  };
}

function wantedText(selection: ObjectSelection): string {
  return `${[selection.what ?? "object", ...(selection.names ?? [])].join(" ")}${placeText(selection)}`;
}

function placeText({ namespace, selector }: ObjectSelection): string {
  return `${namespace === undefined ? "" : ` in namespace ${namespace}`}${selector === undefined ? "" : ` with ${selector}`}`;
}
