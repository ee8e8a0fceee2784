import type { DataDirFacts } from "../model/inventory.ts";
import { readDataDirLook } from "../formats/machine/data-dir-look.ts";
import { countField, malformed, parseFields, requiredField } from "./parse-host-answer.ts";

/**
 * Pure. Texts of the sections datadir, fsync and kernel. An fsync test that
 * was cut off at the script's limit is an error of the disk, not a gap: that
 * is what a hung disk looks like (N04). `kernel` undefined: no messages could
 * be read. Throws REMOTE_ANSWER_MALFORMED.
 */
export function parseDataDir(
  path: string,
  sections: {
    readonly datadir: string;
    readonly fsync: string | undefined;
    readonly fsyncWasCut?: boolean;
    readonly kernel: string | undefined;
  },
): DataDirFacts {
  const fields = parseFields(sections.datadir);
  const look = readDataDirLook(fields);
  if (look === undefined) throw malformed("datadir", "the machine did not report what is in it");
  const isSeen = look.exists && look.readError === undefined;
  return {
    path,
    ...look,
    backendSizeBytes: look.hasBackend ? countField(fields, "size") : 0n,
    newestFileAt: isSeen ? newestFileAt(fields.get("newest") ?? "") : "",
    ownerUid: isSeen ? Number(countField(fields, "uid")) : 0,
    isReadOnlyMount: requiredField(fields, "options").split(",").includes("ro"),
    freeBytes: countField(fields, "free_blocks") * countField(fields, "block_size"),
    freeInodes: countField(fields, "free_inodes"),
    ...fsyncFacts(sections.fsync, sections.fsyncWasCut === true),
    ...kernelFacts(sections.kernel),
  };
}

function newestFileAt(seconds: string): string {
  if (seconds === "") return "";
  if (!/^[0-9]{1,11}$/.test(seconds)) throw malformed("newest", `${JSON.stringify(seconds.slice(0, 40))} is not a time in seconds`);
  return new Date(Number(seconds) * 1000).toISOString();
}

function fsyncFacts(text: string | undefined, wasCut: boolean): Pick<DataDirFacts, "fsyncMs" | "fsyncError"> {
  if (wasCut) return { fsyncError: "no end within the probe's limit" };
  if (text === undefined) return {};
  const fields = parseFields(text);
  const error = fields.get("error");
  if (error !== undefined) return { fsyncError: reasonOfDd(error) };
  if (!fields.has("ns")) return {};
  return { fsyncMs: Math.round(Number(countField(fields, "ns")) / 1e4) / 100 };
}

/** "dd: failed to open '/x': Read-only file system" -> its last part. */
function reasonOfDd(message: string): string {
  return message.split(": ").at(-1) ?? message;
}

function kernelFacts(text: string | undefined): Pick<DataDirFacts, "kernelErrors" | "kernelErrorsGap"> {
  if (text === undefined) return { kernelErrors: [], kernelErrorsGap: "the kernel's messages could not be read" };
  // Without a block device below it no message can be told to be about this directory.
  if (text.trim() === "not-asked") return { kernelErrors: [], kernelErrorsGap: "the data dir is not there or on no block device" };
  return {
    kernelErrors: text
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "")
      .slice(-20),
  };
}
