import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { workDirectory } from "../../test/support/captured-cli.ts";
import { bashCompletion } from "./bash-completion.ts";
import { commandTable } from "./command-table.ts";

const work = workDirectory();
after(() => {
  work.remove();
});
const faults = /^power-off power-on reboot /;

/** Words before the cursor, the last one being typed, and what bash offers for it, in one line. */
const cases: readonly (readonly [readonly string[], RegExp])[] = [
  [["sta"], /^status$/],
  [["--config", "x", "sta"], /^status$/],
  [["--config", "=", "x", "sta"], /^status$/],
  [["-o", "json", "snapshot", ""], /^inspect check /],
  [["-o", ""], /^text json yaml$/],
  [["--output", "=", "j"], /^json$/],
  [["--config", ""], /^backup\.db labs$/],
  [["snapshot", "ins"], /^inspect$/],
  [["backup", "cr"], /^create$/],
  [["backup", "timer", "ins"], /^install$/],
  [["backup", "verify", "--lev"], /^--level$/],
  [["backup", "create", "--accept", "NO"], /^NO_QUORUM$/],
  [["backup", "create", "--accept", "O"], /^OFFLINE_COPY OLDER_THAN_LAST_SEEN OTHER_CLUSTER_ID$/],
  [["backup", "restore", "--accept", ""], /^OTHER_CA OTHER_KEYS OTHER_CLUSTER_ID EXPIRED$/],
  [["--accept", "NO"], /^NO_QUORUM$/],
  [["snapshot", "inspect", ""], /^backup\.db labs$/],
  [["snapshot", "restore", "backup.db", "--"], /--data-dir .*--output /],
  [["snapshot", "get", "backup.db", "cm/x", "--encryption-config", "b"], /^backup\.db$/],
  [["snapshot", "restore", "backup.db", "--data-dir", ""], /^labs$/],
  [["apply", "b"], /^backup\.db$/],
  [["lab", "break", ""], faults],
  [["lab", "break", "power-off", ""], /^cp1 cp2$/],
  [["lab", "break", "power-off", "--name", "two", ""], /^w1$/],
  [["lab", "--name", "two", "ssh", "w"], /^w1$/],
  [["lab", "heal", ""], faults],
  [["lab", "down", "--name", ""], /^lab two$/],
  [["init", "--name", ""], /^$/],
  [["plan", "--out", "b"], /^backup\.db$/],
  [["help", "la"], /^lab$/],
  [["help", "lab", ""], /^up status /],
  [["help", "status", ""], /^$/],
  [["plan", "re"], /^recover replace$/],
  [["plan", "replace", ""], /^$/],
  [["status", ""], /^--watch -w .*--config .*--help$/],
  [["--no-color", "-"], /^--version --output -o /],
  [["completion", ""], /^bash zsh fish$/],
];

test("bashCompletion: bash offers what can stand at the cursor: verbs, options, choices, files, labs and machines", () => {
  for (const machine of ["lab/machines/cp1", "lab/machines/cp2", "two/machines/w1"])
    mkdirSync(join(work.path, "labs", "requorum", "labs", machine), { recursive: true });
  writeFileSync(join(work.path, "backup.db"), "");
  const lines = cases.map(([words]) => {
    const quoted = words.map((word) => `'${word}'`).join(" ");
    return `COMP_WORDS=(requorum ${quoted}); COMP_CWORD=${String(words.length)}; COMPREPLY=(); _requorum; echo "\${COMPREPLY[*]}"`;
  });
  const { status, stdout, stderr } = spawnSync("bash", ["--norc", "-uc", [bashCompletion(commandTable), ...lines].join("\n")], {
    encoding: "utf8",
    cwd: work.path,
    env: { PATH: process.env["PATH"], XDG_STATE_HOME: join(work.path, "labs") },
    timeout: 30_000,
  });
  assert.deepEqual([status, stderr], [0, ""]);
  const offered = stdout.split("\n");
  for (const [index, [words, expected]] of cases.entries()) assert.match(offered[index] ?? "", expected, words.join(" "));
});
