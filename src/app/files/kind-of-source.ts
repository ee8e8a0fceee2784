import { RecoveryError } from "../../model/recovery-error.ts";
import type { FileContext } from "./file-context.ts";

/** Of a path that a person typed. Throws FILE_NOT_FOUND where nothing is, else as ByteFiles.kindOf. */
export function kindOfSource(context: Pick<FileContext, "files">, path: string): "file" | "directory" {
  try {
    return context.files.kindOf(path);
  } catch (error) {
    if (!isAbsence(error)) throw error;
    throw new RecoveryError("FILE_NOT_FOUND", { subject: error.subject, detail: error.detail, cause: error });
  }
}

/** Whether what ByteFiles threw says that nothing is there, and not that it could not be seen. */
export function isAbsence(error: unknown): error is RecoveryError {
  return error instanceof RecoveryError && error.code === "LOCAL_FILE_FAILED" && /ENOENT|ENOTDIR/.test(error.detail);
}
