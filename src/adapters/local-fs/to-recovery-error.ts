import { statfsSync } from "node:fs";
import { dirname, isAbsolute } from "node:path";
import { RecoveryError, type Remedy } from "../../model/recovery-error.ts";

/** Not everybody knows these by name at night. */
const errnoWords: { readonly [code: string]: string } = {
  EACCES: "permission denied; run it as root, or as who may",
  EDQUOT: "the disk quota of the user or directory is used up",
  EEXIST: "something of this name is there already",
  EFBIG: "the file would be larger than is allowed there",
  EIO: "the disk gave an input/output error",
  EISDIR: "it is a directory",
  ELOOP: "too many symbolic links",
  EMFILE: "too many open files",
  ENOENT: "there is no such file or directory",
  ENOSPC: "no space left",
  ENOTDIR: "a part of the path is no directory",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
};

/** More room is no way out of it. Source: write(2), Linux man-pages. */
const fileLimitRemedy: Remedy = { why: "raise the limit of the shell (ulimit -f), or write to a file system that takes larger files" };

/** `remedies` instead of the catalogue's, which are about requorum's own files. The only file of this adapter that looks at errno. ENOSPC, EDQUOT and EFBIG: write(2), Linux man-pages. */
export function toRecoveryError(cause: unknown, path: string, what: string, remedies?: readonly Remedy[]): RecoveryError {
  if (cause instanceof RecoveryError) return cause;
  const code = errnoOf(cause);
  const words = code === undefined ? undefined : errnoWords[code];
  const why = words === undefined ? (code ?? (cause instanceof Error ? cause.message : String(cause))) : `${words} (${String(code)})`;
  const advice = code === "EFBIG" ? [fileLimitRemedy] : remedies;
  return new RecoveryError(code === "ENOSPC" || code === "EDQUOT" ? "LOCAL_DISK_FULL" : "LOCAL_FILE_FAILED", {
    subject: `file ${path}`,
    detail: `could not ${what}: ${why}${code === "ENOSPC" ? inodeWords(path) : ""}`,
    cause,
    ...(advice === undefined ? {} : { remedies: advice }),
  });
}

/** "No space" is also said of a disk with room, where its table of files is full: nobody thinks of it at night. */
function inodeWords(path: string): string {
  if (!isAbsolute(path)) return ""; // as "standard output"
  try {
    const { files, ffree } = statfsSync(dirname(path));
    return files > 0 && ffree === 0 ? "; it can take no more files, as all its inodes are used (df -i)" : "";
  } catch {
    return ""; // only a hint depends on it
  }
}

export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

/** Runs a file operation and translates what it throws. */
export async function translating<T>(path: string, what: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw toRecoveryError(error, path, what);
  }
}
