import { RecoveryError } from "../../model/recovery-error.ts";

/** Of file systems that are elsewhere (NFS, SMB, a drive that was pulled out): errno(3), Linux man-pages. */
const silentCodes = new Set([
  "ESTALE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENOTCONN",
  "ECONNREFUSED",
  "ENETUNREACH",
  "ENXIO",
  "ENODEV",
]);
const fullCodes = new Set(["ENOSPC", "EDQUOT"]);
const words: { readonly [code: string]: string } = {
  EACCES: "permission denied",
  EDQUOT: "the quota of its file system is used up",
  EIO: "the disk gave an input/output error",
  ENOSPC: "no space is left there",
  ENOTDIR: "a part of the path is no directory",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
};

/** The only place of the directory store that looks at errno. A RecoveryError is passed on; so is a bug. */
export function toRecoveryError(
  error: unknown,
  call: { readonly place: string; readonly verb: string; readonly name: string; readonly signal?: AbortSignal | undefined },
): unknown {
  if (error instanceof RecoveryError) return error;
  const what = `${call.verb} ${call.name === "" ? "its objects" : call.name}`;
  const subject = `store ${call.place}`;
  if (call.signal?.aborted === true)
    return new RecoveryError("INTERRUPTED", { subject, detail: `"${what}" was not waited for any longer` });
  const code = errnoOf(error);
  if (code === undefined) return error;
  const detail = `could not ${what}: ${words[code] === undefined ? code : `${words[code]} (${code})`}`;
  const kind = silentCodes.has(code) ? "BACKUP_STORE_UNREACHABLE" : fullCodes.has(code) ? "BACKUP_STORE_FULL" : "BACKUP_STORE_FAILED";
  return new RecoveryError(kind, { subject, detail, cause: error });
}

export function isMissing(error: unknown): boolean {
  return errnoOf(error) === "ENOENT";
}

export function isTaken(error: unknown): boolean {
  return errnoOf(error) === "EEXIST";
}

/** File systems without hard links: FAT, some network ones. link(2), Linux man-pages. */
export function lacksLinks(error: unknown): boolean {
  return ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(errnoOf(error) ?? "");
}

function errnoOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === "string" ? code : undefined;
}
