/** `npm test`: the compiler and the linter first, then every tier. */
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const bin = (name: string): string => join(root, "node_modules", ".bin", name);

function check(what: string, script: string, scriptArguments: readonly string[]): boolean {
  const startedMs = performance.now();
  const result = spawnSync(process.execPath, [script, ...scriptArguments], { cwd: root, stdio: "inherit" });
  process.stdout.write(`# ${what}: ${result.status === 0 ? "ok" : "failed"} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`);
  return result.status === 0;
}

const compiles = check("types (tsc)", bin("tsc"), ["--noEmit", "-p", "."]);
const isClean = check("lint (eslint)", bin("eslint"), ["--max-warnings=0", "."]);
const isFormatted = check("layout (prettier)", join(root, "node_modules/prettier/bin/prettier.cjs"), ["--check", "--log-level=warn", "."]);
const tests = spawnSync(process.execPath, [join(root, "scripts/run-tests.ts"), ...process.argv.slice(2)], { cwd: root, stdio: "inherit" });
process.exit(tests.status === 0 && compiles && isClean && isFormatted ? 0 : (tests.status ?? 1) || 1);
