import type { BackupMark } from "../model/backup-set.ts";
import { markBlocks } from "./backup-pages.ts";
import { command, dim, good, line, strong, warn, type Page } from "./page.ts";
import { bytesWords, count } from "./words.ts";

export interface BackupCopiedDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "BackupCopied";
  readonly from: string;
  readonly to: string;
  readonly id: string;
  readonly copied: number;
  readonly copiedBytes: number;
  readonly shared: number;
  readonly sharedBytes: number;
  readonly repaired: number;
  readonly proofs: number;
  readonly wasListed: boolean;
  readonly marks: readonly BackupMark[];
  readonly remarks: readonly string[];
}

export function backupCopiedPage(document: BackupCopiedDocument): Page {
  const { from, to, id, copied, copiedBytes, shared, sharedBytes, repaired, proofs, wasListed, marks, remarks } = document;
  const was = wasListed ? "was there already, and was read again" : "copied, and read back";
  return [
    line([good(was), "  set ", strong(id), dim(`  from ${from} to ${to}`)]),
    ...markBlocks(marks),
    line(
      `${count(copied, "object")} of ${bytesWords(copiedBytes)} sent; ${count(shared, "object")} of ${bytesWords(sharedBytes)} had been there; ${count(proofs, "proof")} with it`,
      2,
    ),
    ...(repaired === 0
      ? []
      : [
          line(
            warn(`${count(repaired, "object")} there ${repaired === 1 ? "was" : "were"} damaged, and put anew; what was there lies aside`),
            2,
          ),
        ]),
    ...remarks.map((remark) => line(warn(remark), 2)),
    command(`requorum backup verify ${id} --store ${to}`, "prove it there"),
  ];
}
