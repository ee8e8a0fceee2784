import { isAbsolute } from "node:path";
import { RecoveryError } from "../../model/recovery-error.ts";

/** Where sets lie, as the operator wrote it, taken apart. */
export type StorePlace =
  | { readonly kind: "directory"; readonly place: string }
  | { readonly kind: "s3"; readonly place: string; readonly bucket: string; readonly prefix: string }
  | {
      readonly kind: "ssh";
      readonly place: string;
      readonly host: string;
      readonly user: string | undefined;
      readonly port: number | undefined;
      readonly directory: string;
    };

const s3Form = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([A-Za-z0-9._/-]*))?$/;
const sshForm =
  /^ssh:\/\/(?:([A-Za-z0-9_][A-Za-z0-9._-]{0,63})@)?([A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9a-fA-F:.]{2,45}\])(?::([0-9]{1,5}))?(\/.*)$/;

/**
 * "s3://bucket/prefix", "ssh://user@host:22/absolute/path" or an absolute
 * directory. BACKUP_STORE_INVALID, which quotes nothing of a place with an "@"
 * that it does not understand: people put passwords there.
 */
export function parseStorePlace(text: string): StorePlace {
  if (text.startsWith("s3://")) {
    const [, bucket, prefix = ""] = s3Form.exec(text) ?? [];
    if (bucket === undefined || /(?:^|\/)\.{1,2}(?:\/|$)|\/\//.test(prefix))
      throw invalid(text, "expected s3://BUCKET/PREFIX, of plain letters");
    return { kind: "s3", place: text.replace(/\/+$/, ""), bucket, prefix: prefix.replace(/\/+$/, "") };
  }
  if (text.startsWith("ssh://")) {
    const [, user, host, port, path] = sshForm.exec(text) ?? [];
    const directory = path?.replace(/\/+$/, "") ?? "";
    if (host === undefined || directory === "" || Number(port ?? 1) > 65_535 || /[\0\n]/.test(directory))
      throw invalid(text, "expected ssh://[USER@]HOST[:PORT]/ABSOLUTE/PATH; a password has no place there, keys are ssh's");
    return {
      kind: "ssh",
      place: text.replace(/\/+$/, ""),
      host: host.replace(/^\[(.*)\]$/, "$1"),
      user,
      port: port === undefined ? undefined : Number(port),
      directory,
    };
  }
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(text)) throw invalid(text, "only s3://, ssh:// and directories are known");
  if (!isAbsolute(text) || text.includes("\0")) throw invalid(text, "expected an absolute path");
  return { kind: "directory", place: text };
}

function invalid(text: string, why: string): RecoveryError {
  return new RecoveryError("BACKUP_STORE_INVALID", {
    subject: "the backup store",
    detail: text.includes("@") ? why : `${JSON.stringify(text.slice(0, 200))}: ${why}`,
    remedies: [{ why: "name a directory, s3://BUCKET/PREFIX or ssh://HOST/PATH" }],
  });
}
