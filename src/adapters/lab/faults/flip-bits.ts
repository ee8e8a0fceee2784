import { open } from "node:fs/promises";
import { join } from "node:path";
import { RecoveryError } from "../../../model/recovery-error.ts";
import type { FaultDetails } from "./fault.ts";

/** Inverts `count` bytes at `offset` of the file `name` below `directory`, in place, and returns what restores them. */
export async function flipBits(
  directory: string,
  name: string,
  place: { readonly offset: number; readonly count: number },
): Promise<FaultDetails> {
  const { offset, count } = place;
  const path = join(directory, name);
  if (!Number.isSafeInteger(offset) || offset < 0 || !Number.isInteger(count) || count < 1 || count > 4096) {
    throw new RecoveryError("USAGE", {
      subject: `file ${path}`,
      detail: `offset ${String(offset)} and count ${String(count)}: an offset in the file and 1 to 4096 bytes are wanted`,
    });
  }
  const file = await open(path, "r+");
  try {
    const buffer = Buffer.alloc(count);
    const { bytesRead } = await file.read(buffer, 0, count, offset);
    if (bytesRead !== count)
      throw new RecoveryError("USAGE", { subject: `file ${path}`, detail: `offset ${String(offset)} is beyond its end` });
    await file.write(
      buffer.map((byte) => byte ^ 0xff),
      0,
      count,
      offset,
    );
    await file.sync();
    return { name, offset: String(offset), original: buffer.toString("hex") };
  } finally {
    await file.close();
  }
}

/** Puts the bytes back. Right only while nobody has written there since. */
export async function flipBitsBack(directory: string, details: FaultDetails): Promise<void> {
  const { name, offset, original } = details;
  if (name === undefined || offset === undefined || original === undefined)
    throw new RecoveryError("LAB_FAILED", { subject: "bit flips", detail: "the lab's record of them is incomplete" });
  const file = await open(join(directory, name), "r+");
  try {
    const buffer = Buffer.from(original, "hex");
    await file.write(buffer, 0, buffer.length, Number(offset));
    await file.sync();
  } finally {
    await file.close();
  }
}
