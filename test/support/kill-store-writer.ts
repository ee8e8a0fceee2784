import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackupS3Config } from "../../src/model/cluster-config.ts";
import { packName } from "../../src/formats/backup-set/set-names.ts";

export interface WriterToKill {
  /** As the operator names it. */
  readonly place: string;
  readonly s3?: BackupS3Config;
  /** ssh -F file, for ssh:// places. */
  readonly sshConfigFile?: string;
  readonly name: string;
  readonly content: Uint8Array;
  /** From when it begins to write. */
  readonly killAfterMs?: number;
  /** Asked again and again; true ends it. */
  readonly killWhen?: () => Promise<boolean>;
}

export function packNameOf(bytes: Uint8Array): string {
  return packName(createHash("sha256").update(bytes).digest("hex"));
}

/** A program of its own puts the object and is killed meanwhile; if it is faster, nothing is killed. */
export async function killStoreWriter(writer: WriterToKill): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "requorum-writer-"));
  try {
    const contentFile = join(directory, "content");
    await writeFile(contentFile, writer.content);
    const child = spawn(process.execPath, [join(import.meta.dirname, "store-writer-process.ts")], { stdio: ["pipe", "pipe", "inherit"] });
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
    const { place, s3, sshConfigFile, name } = writer;
    child.stdin.end(JSON.stringify({ place, s3, sshConfigFile, name, contentFile }));
    await Promise.race([ended, new Promise((resolve) => child.stdout.once("data", resolve))]); // it says when it begins
    const isOver = () => child.exitCode !== null || child.signalCode !== null;
    if (writer.killAfterMs !== undefined) await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, writer.killAfterMs))]);
    for (let look = 0; look < 5000 && !isOver() && writer.killWhen !== undefined; look += 1) if (await writer.killWhen()) break;
    child.kill("SIGKILL");
    await ended;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
