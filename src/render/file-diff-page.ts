import type { FileDiff, ObjectDiff } from "../model/file-objects.ts";
import { checksumLines } from "./checksum-lines.ts";
import { metaDamageLines } from "./meta-damage-lines.ts";
import { bad, dim, gap, good, heading, item, line, strong, table, warn, type Block, type Page, type Span } from "./page.ts";

export interface FileDiffDocument extends FileDiff {
  readonly apiVersion: "requorum/v1";
  readonly kind: "SnapshotDiff";
}

/** Objects and fields that a screen has room for. */
const maxObjects = 60;
const maxFields = 8;

/** Counts by resource, then each object with the fields that differ. */
export function fileDiffPage(diff: FileDiffDocument): Page {
  const changed = diff.resources.filter((one) => one.added + one.removed + one.changed > 0);
  return [
    line([
      "from ",
      strong(diff.from.file),
      ` at revision ${String(diff.from.revision)} to `,
      strong(diff.to.file),
      ` at revision ${String(diff.to.revision)}`,
    ]),
    ...checksumLines(diff.from.file, diff.from.sha256),
    ...(diff.to.file === diff.from.file ? [] : checksumLines(diff.to.file, diff.to.sha256)),
    ...metaDamageLines(diff.from.file, diff.from.metaDamage),
    ...(diff.to.file === diff.from.file ? [] : metaDamageLines(diff.to.file, diff.to.metaDamage)),
    gap,
    ...(changed.length === 0
      ? [line(good("No difference."))]
      : [
          table(
            [
              { title: "resource", isFlexible: true },
              { title: "before", align: "right" },
              { title: "after", align: "right" },
              { title: "added", align: "right" },
              { title: "removed", align: "right" },
              { title: "changed", align: "right" },
            ],
            changed.map((one) => [
              one.resource,
              String(one.before),
              String(one.after),
              String(one.added),
              String(one.removed),
              String(one.changed),
            ]),
          ),
          gap,
          heading("Objects"),
          ...diff.objects.slice(0, maxObjects).flatMap(objectBlocks),
          ...(diff.objects.length > maxObjects || diff.isCutOff
            ? [line(dim(`and more: ${String(diff.objects.length - maxObjects)}${diff.isCutOff ? " or more" : ""}, see -o json`), 2)]
            : []),
          gap,
          line(wayBackWords(diff)),
        ]),
    ...diff.missing.map((what) => line(warn(`${what} is in neither.`))),
  ];
}

/** Whoever compares a backup with what runs asks this. */
function wayBackWords({ from, to, resources }: FileDiffDocument): string {
  const sum = (change: ObjectDiff["change"]): number => resources.reduce((total, one) => total + one[change], 0);
  const effects = [
    { count: sum("added"), verb: "lose" },
    { count: sum("changed"), verb: "revert" },
    { count: sum("removed"), verb: "bring back" },
  ].filter(({ count }) => count > 0);
  const words = effects.map(({ count, verb }, at) => `${verb} ${String(count)}${at === 0 ? (count === 1 ? " object" : " objects") : ""}`);
  const all = words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}` : (words[0] ?? "");
  const way = from.file === to.file ? `going back to revision ${String(from.revision)}` : `a restore of ${from.file}`;
  return `Of what is compared here, ${way} would ${all}.`;
}

function objectBlocks(one: ObjectDiff): readonly Block[] {
  const place = one.namespace === undefined ? one.name : `${one.namespace}/${one.name}`;
  const fields = one.fields.slice(0, maxFields);
  return [
    line([changeSpan(one.change), " ", one.resource, " ", strong(place)], 2),
    ...fields.map((field) => item(field, 4)),
    ...(one.fields.length > maxFields ? [item(dim(`and ${String(one.fields.length - maxFields)} more`), 4)] : []),
  ];
}

function changeSpan(change: ObjectDiff["change"]): Span {
  switch (change) {
    case "added":
      return good("added  ");
    case "removed":
      return bad("removed");
    case "changed":
      return warn("changed");
    default:
      return change satisfies never;
  }
}
