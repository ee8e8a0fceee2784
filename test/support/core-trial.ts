/** A process that holds a word in its memory only, and ends by the signal that makes a core file. Its arguments: `emptied` or `whole`. */
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { emptyCoreFiles } from "../../src/adapters/system/core-files.ts";

// The kernel's own default, whatever the process that started this one has.
writeFileSync("/proc/self/coredump_filter", "0x33");
if (process.argv[2] === "emptied") emptyCoreFiles();
// Not as it stands here: the file itself lies in memory, too.
const planted = Buffer.from("drow-detnalp-eroc").reverse();
process.stdout.write(readFileSync("/proc/self/coredump_filter", "latin1"));
process.kill(process.pid, "SIGQUIT");
setInterval(() => planted.length, 1000);
