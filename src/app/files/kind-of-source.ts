import { RecoveryError } from "../../model/recovery-error.ts";
import type { FileContext } from "./file-context.ts";

/** Of a path that a person typed. Throws FILE_NOT_FOUND where nothing is, else as ByteFiles.kindOf. */
export function kindOfSource(context: Pick<FileContext, "files">, path: string): "file" | "directory" {
  try {
    return context.files.kindOf(path);
  } catch (error) {
    if (!isAbsence(error)) throw error;
    const remote = sshFormOf(path);
    throw new RecoveryError("FILE_NOT_FOUND", {
      subject: error.subject,
      detail: remote === undefined ? error.detail : `${error.detail}; of another machine it is written ${remote}`,
      cause: error,
    });
  }
}

/** `HOST:/path` and `USER@HOST:path`, as scp has them; a home directory has no form of ours. */
function sshFormOf(path: string): string | undefined {
  const [, host = "", there = ""] = /^((?:[^@:/]+@)?[A-Za-z0-9][A-Za-z0-9._-]*):(.*)$/s.exec(path) ?? [];
  if (host === "") return undefined;
  return `ssh://${host}${there.startsWith("/") ? there : "/PATH"}`;
}

/** Whether what ByteFiles threw says that nothing is there, and not that it could not be seen. */
export function isAbsence(error: unknown): error is RecoveryError {
  return error instanceof RecoveryError && error.code === "LOCAL_FILE_FAILED" && /ENOENT|ENOTDIR/.test(error.detail);
}
