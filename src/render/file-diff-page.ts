import type { FileDiff, ObjectDiff } from "../model/file-objects.ts";
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
        ]),
  ];
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
