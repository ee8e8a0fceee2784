import { RecoveryError } from "../../model/recovery-error.ts";
import { bytesOfBase64, isBase64 } from "../parse-host-answer.ts";

/** A small file of a machine, as it was collected. */
export interface CollectedFile {
  /** Absolute on the machine. */
  readonly path: string;
  readonly type: "file" | "symlink";
  /** Of a symlink. */
  readonly target: string | undefined;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds of Unix time. */
  readonly modifiedAt: number;
  /** Empty for a symlink. */
  readonly content: Uint8Array;
}

export interface Collected {
  readonly files: readonly CollectedFile[];
  /** What should be there and is not, with the reason, in words. */
  readonly missing: readonly string[];
  /** Files that are there and were not taken. `mayStayOut`: for their size alone, or behind a link to a directory: no harm where nobody names them. */
  readonly leftOut: readonly { readonly path: string; readonly because: string; readonly mayStayOut: boolean }[];
  /** Which limit ended the collecting: what came later is not known. `ofRest`: only of the places that came last. */
  readonly limits: readonly { readonly because: string; readonly ofRest: boolean }[];
}

/**
 * What `collectScript` printed. A file that is named twice, as the target of a
 * link is, is taken once. REMOTE_ANSWER_MALFORMED, also for an answer without
 * its end. Nothing of a content is ever quoted.
 */
export function parseCollected(text: string, subject: string): Collected {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  if (lines.pop() !== "end") throw malformed(subject, "it has no end");
  const files = new Map<string, CollectedFile>();
  const missing: string[] = [];
  const leftOut: Collected["leftOut"][number][] = [];
  const limits: Collected["limits"][number][] = [];
  let ofRest = false;
  for (const line of lines) {
    const words = line.split(" ");
    const [kind = ""] = words;
    switch (kind) {
      case "file":
        readFileLine(words, { subject, files, leftOut });
        break;
      case "link": {
        const [, mode = "", uid = "", gid = "", modified = "", path = "", target = ""] = words;
        const link = { path: textOf(path, subject), target: textOf(target, subject), ...ownerOf({ mode, uid, gid, modified }, subject) };
        files.set(link.path, { ...link, type: "symlink", content: new Uint8Array() });
        break;
      }
      case "large":
        leftOut.push({
          path: textOf(words[1] ?? "", subject),
          because: `it has ${words[2] ?? "?"} bytes, more than is collected`,
          mayStayOut: true,
        });
        break;
      case "linked":
        leftOut.push({
          path: textOf(words[1] ?? "", subject),
          because: "it is a link to a directory that is not collected",
          mayStayOut: true,
        });
        break;
      case "failed":
        leftOut.push({ path: textOf(words[1] ?? "", subject), because: reasonOf(words[2] ?? "", subject), mayStayOut: false });
        break;
      case "trouble":
        missing.push(reasonOf(words[1] ?? "", subject));
        break;
      case "beyond-files":
      case "beyond-bytes":
        limits.push({
          because: `there are more ${kind === "beyond-files" ? "files" : "bytes"} than are collected of one machine; what came later was left out`,
          ofRest,
        });
        break;
      case "rest":
        ofRest = true;
        break;
      default:
        throw malformed(subject, "a line is of no known kind");
    }
  }
  return { files: [...files.values()], missing, leftOut: [...new Map(leftOut.map((one) => [one.path, one])).values()], limits };
}

interface Taking {
  readonly subject: string;
  readonly files: Map<string, CollectedFile>;
  readonly leftOut: Collected["leftOut"][number][];
}

function readFileLine(words: readonly string[], { subject, files, leftOut }: Taking): void {
  const [, size = "", mode = "", uid = "", gid = "", modified = "", path64 = "", content64 = "", verdict = "", why = ""] = words;
  const path = textOf(path64, subject);
  const owner = ownerOf({ mode, uid, gid, modified }, subject);
  if (!/^:.*:$/.test(content64) || !/^\d{1,9}$/.test(size)) throw malformed(subject, "a file's line has no content");
  if (verdict === "failed") {
    leftOut.push({ path, because: reasonOf(why, subject), mayStayOut: false });
    return;
  }
  if (verdict !== "ok") throw malformed(subject, "a file's line has no verdict");
  const content = bytesOf(content64.slice(1, -1), subject);
  if (content.length !== Number(size)) {
    leftOut.push({ path, because: "it changed while it was read", mayStayOut: false });
    return;
  }
  files.set(path, { path, type: "file", target: undefined, ...owner, content });
}

function ownerOf(
  text: { readonly mode: string; readonly uid: string; readonly gid: string; readonly modified: string },
  subject: string,
): Pick<CollectedFile, "mode" | "uid" | "gid" | "modifiedAt"> {
  const { mode, uid, gid, modified } = text;
  if (!/^[0-7]{1,5}$/.test(mode) || ![uid, gid].every((id) => /^\d{1,10}$/.test(id)) || !/^-?\d{1,12}$/.test(modified))
    throw malformed(subject, "mode, owner or time of a file are no numbers");
  return { mode: Number.parseInt(mode, 8), uid: Number(uid), gid: Number(gid), modifiedAt: Number(modified) };
}

/** The words of a program of the machine: its name and the path before the reason are left to the reader. */
function reasonOf(text64: string, subject: string): string {
  return textOf(text64, subject).trim().slice(0, 300);
}

function textOf(text64: string, subject: string): string {
  return new TextDecoder().decode(bytesOf(text64, subject));
}

function bytesOf(text64: string, subject: string): Uint8Array {
  if (!isBase64(text64)) throw malformed(subject, "a part of it is not base64");
  return bytesOfBase64(text64);
}

function malformed(subject: string, what: string): RecoveryError {
  return new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject, detail: `the answer with the collected files: ${what}` });
}
