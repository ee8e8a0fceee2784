import { open } from "node:fs/promises";
import { RecoveryError, type Remedy } from "../../model/recovery-error.ts";
import { errnoOf, translating } from "./to-recovery-error.ts";

/** A passphrase is a sentence; a file beyond that is another one. */
const fileBytesMax = 4096;
/** Bits of others than the owner. */
const othersMode = 0o077;

/**
 * The first line of the file, without its end. LOCAL_FILE_FAILED;
 * BACKUP_KEY_INVALID when there is no such file or it may not be read, when
 * the line is empty, the file is too long for one, or others may read it.
 * Nothing of it is ever quoted.
 */
export async function readPassphraseFile(path: string): Promise<string> {
  const { bytes, mode } = await translating(path, "read it", async () => {
    const handle = await open(path, "r").catch(asInvalid(path));
    try {
      const stats = await handle.stat();
      const { buffer, bytesRead } = await handle.read(new Uint8Array(fileBytesMax + 1), 0, fileBytesMax + 1, 0);
      return { bytes: buffer.subarray(0, bytesRead), mode: stats.mode };
    } finally {
      await handle.close();
    }
  });
  if ((mode & othersMode) !== 0)
    throw invalid(
      path,
      `others than its owner may read it (mode ${(mode & 0o777).toString(8)}): make it 0600, and choose another passphrase if others were on this machine`,
    );
  if (bytes.length > fileBytesMax) throw invalid(path, `it has more than ${String(fileBytesMax)} bytes: it is no passphrase`);
  const [line = ""] = new TextDecoder().decode(bytes).split(/\r?\n/);
  if (line === "") throw invalid(path, "its first line is empty");
  return line;
}

const howItIs: Remedy = {
  why: "the first line of that file is the passphrase, and only its owner may read it (mode 0600); then the same call again",
};

function invalid(path: string, detail: string): RecoveryError {
  return new RecoveryError("BACKUP_KEY_INVALID", { subject: `passphrase file ${path}`, detail, remedies: [howItIs] });
}

function asInvalid(path: string): (error: unknown) => never {
  return (error) => {
    const why = whyNoKeyFile(error);
    throw why === undefined ? error : invalid(path, why);
  };
}

/** Why a file that was named as one of a key is none; undefined: the machine failed, and not who named it. */
export function whyNoKeyFile(error: unknown): string | undefined {
  const code = errnoOf(error);
  if (code === "ENOENT" || code === "ENOTDIR") return "there is no such file";
  if (code === "EISDIR") return "it is a directory";
  return code === "EACCES" ? "this user may not read it" : undefined;
}
