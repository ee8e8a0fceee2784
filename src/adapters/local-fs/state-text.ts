import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { makePrivateDirectory, replaceFile } from "./durable-file.ts";
import { errnoOf, toRecoveryError, translating } from "./to-recovery-error.ts";

/** A file of the state directory; undefined: it is not there. `what` is for the error: "read the facts of …". LOCAL_FILE_FAILED. */
export async function readStateText(path: string, what: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw toRecoveryError(error, path, what);
  }
}

/** Replaced as a whole: a reader sees the old text or the new one. LOCAL_FILE_FAILED, LOCAL_DISK_FULL. */
export async function writeStateText(path: string, text: string, what: string): Promise<void> {
  await translating(path, what, async () => {
    await makePrivateDirectory(dirname(path));
    await replaceFile(path, Buffer.from(text));
  });
}
