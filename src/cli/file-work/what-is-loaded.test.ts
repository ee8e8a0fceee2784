import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { test } from "node:test";

const src = resolve(import.meta.dirname, "../..");

/** The files of the program that this one loads when it is loaded, itself included; what is imported as types only is not. */
function loadedWith(file: string, known = new Set<string>()): ReadonlySet<string> {
  if (known.has(file)) return known;
  known.add(file);
  for (const [, names = "", specifier = ""] of readFileSync(file, "utf8").matchAll(
    /^(?:import|export)\b(?! type\b)([^;"']*?)\bfrom\s*"(\.[^"]+)"/gm,
  )) {
    const hasValue = !names.includes("{") || /[{,]\s*(?!type\b)\w/.test(names);
    if (hasValue) loadedWith(resolve(file, "..", specifier), known);
  }
  return known;
}

test("work on a local file: the thread that shows loads neither the engine nor what reaches other machines, while the one that works starts", () => {
  const loaded = [...loadedWith(resolve(src, "cli/file-work/run-file-task.ts"))].map((file) => relative(src, file));
  assert.ok(loaded.includes("cli/file-work/with-spooled-sources.ts"));
  assert.deepEqual(
    loaded.filter((file) => /^(?:formats|execute|schemas)\/|^adapters\/|^cli\/wiring/.test(file)),
    [],
  );
});
