#!/bin/sh
":" //; d=$(dirname -- "$(readlink -f -- "$0")"); n="$d/../node_modules/.bin/node"; [ -x "$n" ] || n=node; exec "$n" --min-semi-space-size=16 "$d/requorum.js" "$@"
/*
 * The line above makes this file both a shell script and a module: started
 * by the shell, it goes straight to the project's own Node without starting
 * the system's Node first (half of the time of `--help`), and with room for
 * new objects from the start, for fewer garbage collections in a short life.
 * Started by `node bin/requorum.js`, the rest runs, in any Node from 20 on.
 */
import { existsSync, writeSync } from "node:fs";
import { spawn } from "node:child_process";
import module from "node:module";
import { constants } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
/** A checkout runs its sources, also where it was built once; an installed package has only dist. */
const isCheckout = existsSync(here("../src/cli/main.ts"));
/** Built files run from 22.15 (package.json `engines`); sources need a Node that removes types by itself: 22.18. */
const isNewEnough = major > 22 || (major === 22 && minor >= (isCheckout ? 18 : 15));

if (isNewEnough) {
  // Until main.ts listens itself, and takes these away: a tenth of a second in which a signal would end the program without a word.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => stoppedEarly(signal));
  if (process.channel) process.once("disconnect", () => stoppedEarly("the end of the process that started it"));
  module.enableCompileCache?.();
  await import(isCheckout ? "../src/cli/main.ts" : "../dist/cli/main.js");
} else {
  const own = here("../node_modules/.bin/node");
  if (!existsSync(own)) {
    process.stderr.write(`requorum: Node ${process.versions.node} is too old (22.15 or newer is needed), and the project's own Node is not installed.\n  Next: npm ci   (in ${here("..")})\n`);
    process.exit(2);
  }
  // The channel carries no messages: that it closes tells the child of the end of this process, also by SIGKILL, which it must not outlive.
  const stdio = ["inherit", "inherit", "inherit", "ipc"];
  const child = spawn(own, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio });
  // Somebody's kill reaches only this process; a terminal sends to both, and the child takes what comes twice at once for one.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal ?? "SIGTERM"] ?? 15)));
}

/** @param {string} what */
function stoppedEarly(what) {
  const detail = `stopped by ${what} before it began; nothing was changed`;
  const isForProgram = /(?:^| )(?:-o|--output)[ =]?(?:json|yaml)(?: |$)/.test(process.argv.slice(2).join(" "));
  const document = { apiVersion: "requorum/v1", kind: "Error", error: { code: "INTERRUPTED", subject: "requorum", detail, remedies: [] } };
  writeSync(2, isForProgram ? `${JSON.stringify(document, null, 2)}\n` : `error: requorum: interrupted  [INTERRUPTED]\n  ${detail}\n`);
  process.exit(130);
}
