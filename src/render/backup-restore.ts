import type { BackupMark } from "../model/backup-set.ts";
import type { PartDifference, CertificateLine } from "../model/part-difference.ts";
import type { FileState } from "../model/restored-file.ts";
import { bad, dim, gap, good, heading, item, line, strong, warn, type Block, type Page, type Span } from "./page.ts";
import type { PlanDocument } from "./plan-document.ts";
import { planPage } from "./plan-page.ts";
import { unifiedDiff, type DiffLine } from "./unified-diff.ts";
import { ageWords, timeWords } from "./words.ts";

/** What `backup restore` found and would do. No content of a key, a token, a kubeconfig or a certificate's file is in it. */
export interface BackupRestoreDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "BackupRestore";
  readonly set: string;
  /** ISO 8601: when the set was made; and how long before the plan that was. */
  readonly setCreatedAt: string;
  readonly setAgeSeconds: number | undefined;
  /** What was known against the set when it was made. */
  readonly setMarks: readonly BackupMark[];
  readonly host: string;
  readonly files: readonly BackupRestoreFile[];
  /** Why more may be on the machine than is listed. */
  readonly unseen: readonly string[];
  /** What must be done by hand afterwards; empty while nothing is to be done. */
  readonly toTakeEffect: readonly string[];
  readonly plan: PlanDocument;
}

export interface BackupRestoreFile {
  readonly path: string;
  readonly kind: string;
  readonly change: PartDifference["change"];
  readonly contentDiffers: boolean;
  readonly now: ShownState | undefined;
  readonly becomes: ShownState | undefined;
  readonly certificates: PartDifference["certificates"];
  readonly publicKey: PartDifference["publicKey"];
  readonly target: PartDifference["target"];
  /** undefined: content of this kind, or of this size, is not shown. */
  readonly diff: readonly DiffLine[] | undefined;
}

/** Without the keyed hash, which says nothing to a person. */
interface ShownState {
  readonly kind: FileState["kind"];
  /** "600" */
  readonly mode: string | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly words: string | undefined;
}

export function restoreDocument(given: {
  readonly set: string;
  readonly setCreatedAt: string;
  readonly setAgeSeconds: number | undefined;
  readonly setMarks: readonly BackupMark[];
  readonly host: string;
  readonly differences: readonly PartDifference[];
  readonly unseen: readonly string[];
  readonly toTakeEffect: readonly string[];
  readonly plan: PlanDocument;
}): BackupRestoreDocument {
  const { differences, ...rest } = given;
  return {
    apiVersion: "requorum/v1",
    kind: "BackupRestore",
    ...rest,
    files: differences.map(({ path, kind, change, contentDiffers, now, becomes, certificates, publicKey, target, text }) => ({
      path,
      kind,
      change,
      contentDiffers,
      now: shownState(now),
      becomes: shownState(becomes),
      certificates,
      publicKey,
      target,
      diff: text === undefined || !contentDiffers ? undefined : unifiedDiff(text.now, text.becomes),
    })),
  };
}

function shownState(state: FileState | undefined): ShownState | undefined {
  if (state === undefined) return undefined;
  const owner = state.kind === "file" || state.kind === "symlink" ? state : undefined;
  return {
    kind: state.kind,
    mode: state.kind === "file" ? state.mode.toString(8) : undefined,
    uid: owner?.uid,
    gid: owner?.gid,
    words: state.kind === "other" ? state.what : undefined,
  };
}

/** The differences, then the plan. */
export function restorePage(document: BackupRestoreDocument, options: { readonly showsNext: boolean }): Page {
  const { files, host, set, unseen, toTakeEffect } = document;
  const same = files.filter(({ change }) => change === "same");
  const only = files.filter(({ change }) => change === "only-on-machine");
  const open = files.filter((file) => !same.includes(file) && !only.includes(file));
  return [
    heading(`set ${set} beside ${host} as it is now`),
    line(
      dim(
        `made ${timeWords(document.setCreatedAt)}, ${ageWords({ ageSeconds: document.setAgeSeconds, createdAt: document.setCreatedAt })}`,
      ),
      2,
    ),
    ...document.setMarks.map(({ code, because }) => item([warn(code), `  ${because}`])),
    ...open.flatMap(fileBlocks),
    ...(same.length === 0 ? [] : [item([good("same: "), same.map(({ path }) => path).join(", ")])]),
    ...(only.length === 0 ? [] : [item([warn("only on the machine, and left alone: "), only.map(({ path }) => path).join(", ")])]),
    ...unseen.map((words) => item(warn(words))),
    gap,
    ...planPage(document.plan, options),
    ...(toTakeEffect.length === 0
      ? []
      : [
          gap,
          heading("it restarts nothing; for the files to take effect, once all are written"),
          ...toTakeEffect.map((words) => item(words)),
        ]),
  ];
}

function fileBlocks(file: BackupRestoreFile): readonly Block[] {
  const { path, kind, change, now, becomes } = file;
  return [
    item([changeSpan(change), strong(path), dim(` (${kind})`)]),
    ...(now?.words === undefined ? [] : [line(bad(now.words), 6)]),
    ...ownerBlocks(now, becomes),
    ...pairBlocks("link", file.target),
    ...certificateBlocks(file),
    ...pairBlocks("public key", { now: shortKey(file.publicKey.now), becomes: shortKey(file.publicKey.becomes) }),
    ...contentBlocks(file),
  ];
}

function changeSpan(change: BackupRestoreFile["change"]): Span {
  switch (change) {
    case "same":
      return good("same  ");
    case "differs":
      return warn("differs  ");
    case "missing":
      return warn("missing on machine  ");
    case "only-on-machine":
      return warn("only on machine  ");
    case "not-replaceable":
      return bad("cannot be replaced  ");
    case "unknown":
      return bad("not known  ");
    default:
      return change satisfies never;
  }
}

function ownerBlocks(now: ShownState | undefined, becomes: ShownState | undefined): readonly Block[] {
  const words = (state: ShownState | undefined): string | undefined =>
    state?.uid === undefined ? undefined : `${state.kind} ${state.mode ?? ""} ${String(state.uid)}:${String(state.gid)}`;
  return pairBlocks("owner and mode", { now: words(now), becomes: words(becomes) });
}

/** Only what changes. */
function pairBlocks(
  what: string,
  { now, becomes }: { readonly now: string | undefined; readonly becomes: string | undefined },
): readonly Block[] {
  return now === becomes || becomes === undefined ? [] : [line([dim(`${what}: `), now ?? "none", dim(" -> "), becomes], 6)];
}

function certificateBlocks({ certificates: { now, becomes } }: BackupRestoreFile): readonly Block[] {
  const [before, after] = [now.map(certificateWords), becomes.map(certificateWords)];
  if (before.join() === after.join()) return [];
  return [...before.map((words) => line([bad("- "), words], 6)), ...after.map((words) => line([good("+ "), words], 6))];
}

function certificateWords({ subject, issuer, serial, notAfter, publicKeyId }: CertificateLine): string {
  return `${subject}, by ${issuer}, serial ${serial ?? "?"}, until ${timeWords(notAfter)}, key ${shortKey(publicKeyId) ?? "?"}`;
}

function shortKey(id: string | undefined): string | undefined {
  return id?.slice(0, 16);
}

function contentBlocks({ contentDiffers, change, diff, certificates, publicKey }: BackupRestoreFile): readonly Block[] {
  if (!contentDiffers || change === "missing") return diff === undefined ? [] : diffBlocks(diff);
  if (diff !== undefined && diff.length > 0) return diffBlocks(diff);
  const isTold = certificates.becomes.length > 0 || publicKey.becomes !== undefined;
  return isTold ? [] : [line(dim("its content differs; of such a file, or where only what may be secret differs, none is shown"), 6)];
}

function diffBlocks(diff: readonly DiffLine[]): readonly Block[] {
  return diff.map(({ kind, text }) => {
    switch (kind) {
      case "same":
        return line(dim(`  ${text}`), 6);
      case "removed":
        return line(bad(`- ${text}`), 6);
      case "added":
        return line(good(`+ ${text}`), 6);
      case "gap":
        return line(dim("…"), 6);
      default:
        return kind satisfies never;
    }
  });
}
