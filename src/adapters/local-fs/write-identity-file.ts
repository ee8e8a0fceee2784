import { open, rm } from "node:fs/promises";
import { errnoOf, toRecoveryError } from "./to-recovery-error.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { shellWord } from "../../model/shell-word.ts";

/**
 * A new file that only its owner may read, in the form of age-keygen's. It
 * never takes the place of another one: that may be the only key of a set.
 * TARGET_NOT_EMPTY, LOCAL_DISK_FULL, LOCAL_FILE_FAILED.
 */
export async function writeIdentityFile(
  path: string,
  key: { readonly identity: string; readonly recipient: string; readonly createdAt: string },
): Promise<void> {
  let isOurs = false;
  try {
    const handle = await open(path, "wx", 0o600);
    isOurs = true;
    try {
      await handle.writeFile(`# created: ${key.createdAt}\n# public key: ${key.recipient}\n${key.identity}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isOurs) await rm(path, { force: true });
    if (errnoOf(error) === "EEXIST")
      throw new RecoveryError("TARGET_NOT_EMPTY", {
        subject: `file ${path}`,
        detail: "something is there already, and it may be the only key of a set: name another file",
        remedies: [{ why: "for example", command: `requorum backup keygen --out ${shellWord(`${path}.new`)}` }],
      });
    const remedies = errnoOf(error) === "ENOENT" ? [{ why: "make its directory, or name a file in one that is there" }] : [];
    throw toRecoveryError(error, path, "write the key", remedies);
  }
}
