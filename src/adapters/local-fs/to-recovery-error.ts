import { RecoveryError, type Remedy } from "../../model/recovery-error.ts";

/** Not everybody knows these by name at night. */
const errnoWords: { readonly [code: string]: string } = {
  EACCES: "permission denied; run it as root, or as who may",
  EEXIST: "something of this name is there already",
  EIO: "the disk gave an input/output error",
  EISDIR: "it is a directory",
  ELOOP: "too many symbolic links",
  EMFILE: "too many open files",
  ENOENT: "there is no such file or directory",
  ENOTDIR: "a part of the path is no directory",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
};

/** `remedies` instead of the catalogue's, which are about requorum's own files. The only file of this adapter that looks at errno. ENOSPC and EDQUOT: write(2), Linux man-pages. */
export function toRecoveryError(cause: unknown, path: string, what: string, remedies?: readonly Remedy[]): RecoveryError {
  if (cause instanceof RecoveryError) return cause;
  const code = errnoOf(cause);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new RecoveryError("LOCAL_DISK_FULL", {
      subject: `file ${path}`,
      detail: `could not ${what}: no space left for ${path} (${code})`,
      cause,
      ...(remedies === undefined ? {} : { remedies }),
    });
  }
  const words = code === undefined ? undefined : errnoWords[code];
  const why = words === undefined ? (code ?? (cause instanceof Error ? cause.message : String(cause))) : `${words} (${String(code)})`;
  return new RecoveryError("LOCAL_FILE_FAILED", {
    subject: `file ${path}`,
    detail: `could not ${what}: ${why}`,
    cause,
    ...(remedies === undefined ? {} : { remedies }),
  });
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
