/**
 * `node bench/status.ts CONFIG`: `requorum status` of a healthy cluster over
 * SSH with warm connections (goal < 1 s), beside one bare ssh round trip to
 * each host. With `--dead` the same while two of three hosts do not answer
 * (goal for the first verdict ≤ 2 s); switch them off first.
 */
import { join, resolve } from "node:path";
import { measure, printTable } from "./measure.ts";

const root = resolve(import.meta.dirname, "..");
const [config, ...rest] = process.argv.slice(2);
if (config === undefined) {
  process.stderr.write("usage: node bench/status.ts CONFIG [--dead]\n");
  process.exit(2);
}
const isDegraded = rest.includes("--dead");
printTable(
  isDegraded ? "status with dead hosts" : "status of a healthy cluster, warm connections",
  measure(
    [
      {
        name: "requorum status -o json",
        command: join(root, "bin/requorum.js"),
        arguments: ["status", "-o", "json", "--config", config],
        exits: isDegraded ? [0, 3, 10] : [0],
      },
    ],
    10,
  ),
);
