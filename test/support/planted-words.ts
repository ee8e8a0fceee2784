/** Words that must nowhere stand in clear, and where they were found all the same. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** A verb of the program runs for 300 ms at least. */
const lookEveryMs = 100;

export class PlantedWords {
  /** By what they are, never shown. */
  private readonly forms: { readonly what: string; readonly bytes: Buffer }[] = [];
  private readonly found = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  looksAtProcesses = 0;

  /** As it is, and in base64. */
  plant(what: string, word: string): string {
    assert.ok(word.length >= 16, `${what} is too short to be searched for`);
    this.forms.push(
      { what, bytes: Buffer.from(word) },
      { what: `${what} in base64`, bytes: Buffer.from(Buffer.from(word).toString("base64")) },
    );
    return word;
  }

  inFolder(folder: string): readonly string[] {
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).isFile())
      .flatMap((path) => this.in(readFileSync(path)).map((what) => `${path}: ${what}`));
  }

  inTexts(texts: readonly string[]): readonly string[] {
    return texts.flatMap((text) => this.in(Buffer.from(text)));
  }

  /** Command lines of this host and of all machines of its labs, until `stopWatching`. */
  watchProcesses(): void {
    this.timer = setInterval(() => {
      this.look();
    }, lookEveryMs);
    this.timer.unref();
  }

  stopWatching(): void {
    clearInterval(this.timer);
  }

  get seenInProcesses(): readonly string[] {
    return [...this.found];
  }

  private look(): void {
    this.looksAtProcesses += 1;
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      let line: Buffer;
      try {
        line = readFileSync(join("/proc", pid, "cmdline"));
      } catch {
        continue; // it has ended
      }
      for (const what of this.in(line)) this.found.add(what);
    }
  }

  private in(bytes: Buffer): readonly string[] {
    return this.forms.filter((form) => bytes.includes(form.bytes)).map(({ what }) => what);
  }
}
