import { chmod, open, rename } from "node:fs/promises";
import { removeIfThere, temporaryName, writeAll } from "./durable-file.ts";
import { translating } from "./to-recovery-error.ts";

/** node-exporter is another user. Nothing in it is a secret. */
const readableByAll = 0o644;

/**
 * Replaces a file that another program reads, whole: temporary name (which does
 * not end in .prom, so that no collector takes it), sync, rename. The directory
 * must be there. LOCAL_FILE_FAILED, LOCAL_DISK_FULL.
 */
export async function writeMetricsFile(path: string, text: string): Promise<void> {
  await translating(path, "write the metrics", async () => {
    const temporary = temporaryName(path);
    try {
      const handle = await open(temporary, "wx", readableByAll);
      try {
        await writeAll(handle, Buffer.from(text));
        await handle.sync();
      } finally {
        await handle.close();
      }
      // The umask of a hardened service takes the others' bits away.
      await chmod(temporary, readableByAll);
      await rename(temporary, path);
    } catch (error) {
      await removeIfThere(temporary);
      throw error;
    }
  });
}
