import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { FileAt, FileState } from "../../model/restored-file.ts";
import type { SetParts } from "../../ports/set-parts.ts";
import { readOnHost, type HostContext } from "../ask/run-on-host.ts";
import { fileBytesMax, fileLookScript } from "./file-look-script.ts";

/** A file as it is now. `content` only lives in memory; of a link it is where it leads to. */
export interface SeenFile {
  readonly path: string;
  /** undefined: not known. */
  readonly state: FileState | undefined;
  /** Why it is not known, in words. */
  readonly why?: string;
  /** Of a file or link. */
  readonly content: Uint8Array | undefined;
  /** Of what is absent: the nearest directory above it that is there. */
  readonly nearest?: string;
}

/** Some MiB in base64 over a slow line. */
const timeoutMs = 90_000;
/** 16 MiB of files in base64, with heads: what a set takes of one machine. */
const outputBytesMax = 24 * 1024 * 1024;

/** Throws what reaching the machine throws, and REMOTE_ANSWER_MALFORMED. Contents are in no error. */
export async function lookAtFiles(
  context: HostContext,
  host: HostName,
  asked: { readonly paths: readonly string[]; readonly tag: SetParts["tag"] },
): Promise<readonly SeenFile[]> {
  if (asked.paths.length === 0) return [];
  const output = await readOnHost(context, host, {
    reason: "look at the files that are to be restored",
    script: fileLookScript,
    args: [String(fileBytesMax), ...asked.paths],
    timeoutMs,
    outputBytesMax,
  });
  const seen = readFileLook(output, { host, tag: asked.tag });
  const missing = asked.paths.find((path) => !seen.some((file) => file.path === path));
  if (missing !== undefined) throw malformed(host, `it says nothing about ${missing}`);
  return seen;
}

/** The same; a machine that cannot be asked leaves every file unknown. */
export async function lookIfReached(
  context: HostContext,
  host: HostName,
  asked: { readonly paths: readonly string[]; readonly tag: SetParts["tag"] },
): Promise<readonly SeenFile[]> {
  try {
    return await lookAtFiles(context, host, asked);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof RecoveryError)) throw error;
    const why = `it could not be asked: ${error.code}: ${error.detail}`;
    return asked.paths.map((path) => ({ path, state: undefined, why, content: undefined }));
  }
}

/** The same without contents. */
export async function fileStates(...asked: Parameters<typeof lookIfReached>): Promise<readonly FileAt[]> {
  return (await lookIfReached(...asked)).map(fileAt);
}

export function fileAt({ path, state, why }: SeenFile): FileAt {
  return { path, state, ...(why === undefined ? {} : { why }) };
}

/**
 * Pure. A file that could not be read to its end is not known; nothing is,
 * while a script is at work there: what it finds may be another thing at once.
 */
export function readFileLook(output: string, asked: { readonly host: HostName; readonly tag: SetParts["tag"] }): readonly SeenFile[] {
  const lines = output.trimEnd().split("\n");
  if (lines.pop() !== "end") throw malformed(asked.host, "it has no end");
  const [first = "", ...rest] = lines;
  const why = whyNothingIsKnown(first, asked.host);
  const seen = (why === undefined ? lines : rest).map((line) => seenFile(line.split(" "), asked));
  return why === undefined ? seen : seen.map(({ path }) => ({ path, state: undefined, why, content: undefined }));
}

function whyNothingIsKnown(line: string, host: HostName): string | undefined {
  if (line === "busy") return "a script that puts files back, of an earlier call, is still running there: wait for its end";
  if (!line.startsWith("unsure ")) return undefined;
  const words = new TextDecoder().decode(bytesOf(line.slice("unsure ".length), host));
  return `whether a script that puts files back is still running there cannot be told: flock (util-linux) failed: ${words}`;
}

function seenFile(words: readonly string[], { host, tag }: { readonly host: HostName; readonly tag: SetParts["tag"] }): SeenFile {
  const text = (base64: string | undefined): string => new TextDecoder().decode(bytesOf(base64 ?? "?", host));
  const [kind = ""] = words;
  switch (kind) {
    case "absent":
      return { path: text(words[1]), state: { kind: "absent" }, content: undefined, nearest: text(words[2]) };
    case "other":
      return { path: text(words[1]), state: { kind: "other", what: text(words[2]) }, content: undefined };
    case "link": {
      const [, uid, gid, path, target] = words;
      const content = bytesOf(target ?? "?", host);
      return { path: text(path), state: { kind: "symlink", tag: tag("symlink", content), ...ownerOf(uid, gid, host) }, content };
    }
    case "file": {
      const [, mode, uid, gid, path, framed = "", verdict, trouble] = words;
      if (verdict !== "ok") return { path: text(path), state: undefined, why: `it cannot be read: ${text(trouble)}`, content: undefined };
      if (!/^:.*:$/.test(framed) || !/^[0-7]{1,4}$/.test(mode ?? "")) throw malformed(host, "a file's line is cut");
      const content = bytesOf(framed.slice(1, -1), host);
      const owner = ownerOf(uid, gid, host);
      return {
        path: text(path),
        state: { kind: "file", tag: tag("file", content), mode: Number.parseInt(mode ?? "", 8), ...owner },
        content,
      };
    }
    default:
      throw malformed(host, "a line is of no known kind");
  }
}

function ownerOf(uid: string | undefined, gid: string | undefined, host: HostName): { readonly uid: number; readonly gid: number } {
  if (![uid, gid].every((id) => id !== undefined && /^\d{1,10}$/.test(id))) throw malformed(host, "an owner is no number");
  return { uid: Number(uid), gid: Number(gid) };
}

function bytesOf(base64: string, host: HostName): Uint8Array {
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) throw malformed(host, "a part of it is not base64");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function malformed(host: HostName, what: string): RecoveryError {
  return new RecoveryError("REMOTE_ANSWER_MALFORMED", {
    subject: `host ${host}`,
    detail: `the answer with the files that were looked at: ${what}`,
  });
}
