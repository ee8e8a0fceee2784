/**
 * `node bench/status.ts CONFIG`: `requorum status` of a healthy cluster over
 * SSH with warm connections (goal < 1 s), beside one bare ssh round trip to
 * each host. With `--dead` the same while two of three hosts do not answer
 * (goal for the first verdict ≤ 2 s); switch them off first.
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildProgram } from "../scripts/build.ts";
import { measure, printTable } from "./measure.ts";

const root = resolve(import.meta.dirname, "..");
const [config, ...rest] = process.argv.slice(2);
if (config === undefined) {
  process.stderr.write("usage: node bench/status.ts CONFIG [--dead]\n");
  process.exit(2);
}
// As an installed package is run: built files.
const built = mkdtempSync(join(tmpdir(), "requorum-bench-"));
await buildProgram(join(built, "dist"));
writeFileSync(join(built, "package.json"), '{"type":"module"}\n');
cpSync(join(root, "bin"), join(built, "bin"), { recursive: true });
process.env["NODE_COMPILE_CACHE"] = join(built, "compiled");
process.on("exit", () => {
  rmSync(built, { recursive: true, force: true });
});
const isDegraded = rest.includes("--dead");
const words = ["status", "-o", "json", "--config", config];
const exits = isDegraded ? [0, 3, 10] : [0];
printTable(
  isDegraded ? "status with dead hosts" : "status of a healthy cluster, warm connections",
  measure(
    [
      { name: "requorum status, built", command: join(built, "bin/requorum.js"), arguments: words, exits },
      { name: "requorum status, from a checkout", command: join(root, "bin/requorum.js"), arguments: words, exits },
    ],
    10,
  ),
);
