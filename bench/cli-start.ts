/** `node bench/cli-start.ts`: how long `requorum --help` takes, beside Node doing nothing. Goal: < 120 ms. */
import { join, resolve } from "node:path";
import { measure, printTable } from "./measure.ts";

const root = resolve(import.meta.dirname, "..");
const main = join(root, "src/cli/main.ts");
printTable(
  "start of the program",
  measure(
    [
      { name: "node -e 0 (the floor)", command: process.execPath, arguments: ["-e", "0"] },
      { name: "requorum --help", command: process.execPath, arguments: [main, "--help"] },
      { name: "requorum status --help", command: process.execPath, arguments: [main, "status", "--help"] },
    ],
    15,
  ),
);
