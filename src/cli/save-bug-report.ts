import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { inspect } from "node:util";
import { redactText } from "../model/redact.ts";

/**
 * Keeps the stack of a bug in a file of its own (0600) and returns its path,
 * or, when not even that can be written, words that say so.
 */
export async function saveBugReport(
  error: unknown,
  options: { readonly directory: string; readonly program: string; readonly words: readonly string[] },
): Promise<string> {
  const at = new Date().toISOString();
  const path = join(options.directory, `bug-${at.replace(/[^0-9]/g, "").slice(0, 17)}.txt`);
  const text = [
    `${options.program}, Node ${process.version}, ${process.platform} ${process.arch}`,
    at,
    `arguments: ${options.words.join(" ")}`,
    "",
    inspect(error, { depth: 6 }),
    "",
  ].join("\n");
  try {
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    await writeFile(path, redactText(text), { mode: 0o600 });
    return path;
  } catch (cause) {
    return `nowhere (${cause instanceof Error ? cause.message : String(cause)}); the stack: ${redactText(error instanceof Error ? (error.stack ?? error.message) : String(error))}`;
  }
}
