/** `node bench/cli-start.ts`: how long `requorum --help` takes, beside Node doing nothing. Goal: < 120 ms. */
import { join, resolve } from "node:path";
import { measure, printTable } from "./measure.ts";

const root = resolve(import.meta.dirname, "..");
/** What a person starts: it goes straight to the pinned Node and keeps compiled code. */
const program = join(root, "bin/requorum.js");
printTable(
  "start of the program",
  measure(
    [
      { name: "node -e 0 (the floor)", command: process.execPath, arguments: ["-e", "0"] },
      { name: "requorum --help", command: program, arguments: ["--help"] },
      { name: "requorum status --help", command: program, arguments: ["status", "--help"] },
    ],
    15,
  ),
);
