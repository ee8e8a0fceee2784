import assert from "node:assert/strict";
import test from "node:test";
import { cli } from "../../test/support/captured-cli.ts";
import { healthyKubeadm3 } from "../../test/support/inventory-builder.ts";
import { errorSchema } from "../schemas/output.ts";
import { commandTable } from "./command-table.ts";
import { groupSummaries } from "./global-option-specs.ts";

const { config } = healthyKubeadm3().build();

test("cli: help of a verb of two words is that verb's, and what is no verb is wrong usage", async () => {
  for (const [words, expected] of [
    [["help", "lab", "up"], /^Usage: requorum lab up /],
    [["help", "lab"], /^Usage: requorum lab \[/],
    [["help", "status"], /^Usage: requorum status /],
    [["help", "plan", "replace"], /^Usage: requorum plan /],
    [["help"], /^Usage: requorum \[/],
  ] as const) {
    const { code, out } = await cli(words);
    assert.equal(code, 0, words.join(" "));
    assert.match(out, expected, words.join(" "));
  }
  for (const [words, expected] of [
    [["help", "lab", "upp"], /requorum help lab up\n/],
    [["help", "stauts"], /requorum help status\n/],
    [["help", "nonsense"], /requorum --help\n/],
  ] as const) {
    const { code, err } = await cli(words);
    assert.equal(code, 2, words.join(" "));
    assert.match(err, expected, words.join(" "));
  }
});

test("cli: wrong usage names the help of the verb", async () => {
  for (const [words, command] of [
    [["lab", "up", "--control-planes", "4"], "requorum help lab up"],
    [["lab", "up", "--workers", "x"], "requorum help lab up"],
    [["--config", "x", "status", "--wach"], "requorum help status"],
    [["runs"], "requorum help runs"],
    [["apply"], "requorum help apply"],
    [["status", "--timeout", "5"], "requorum help status"],
    [["nonsense"], "requorum --help"],
  ] as const) {
    const { code, err } = await cli([...words, "-o", "json"], { config });
    assert.equal(code, 2, words.join(" "));
    assert.equal(errorSchema.parse(JSON.parse(err)).error.remedies.at(-1)?.command, command, words.join(" "));
  }
});

test("cli: a file that was named and cannot be read is wrong usage, of apply as of diagnose", async () => {
  for (const words of [
    ["apply", "nope.json"],
    ["apply", "."],
    ["diagnose", "--from", "nope.json"],
  ]) {
    const { code, err } = await cli(words, { config });
    assert.equal(code, 2, err);
    assert.match(err, words.includes(".") ? /EISDIR/ : /nope\.json/);
  }
});

test("cli: the program or a group without a verb shows its help, and is wrong usage all the same", async () => {
  for (const [words, expected] of [
    [[], /^Usage: requorum \[[^]*\n {2}status /],
    [["snapshot"], /^Usage: requorum snapshot \[[^]*\n {2}inspect /],
    [["runs"], /^Usage: requorum runs \[[^]*\n {2}verify-journal /],
  ] as const) {
    const { code, out, err } = await cli(words);
    assert.equal(code, 2, words.join(" "));
    assert.equal(out, "");
    assert.match(err, expected);
    assert.match(err, /\n\nerror: command line: .*\n +a verb is missing\n/);
    assert.equal(errorSchema.parse(JSON.parse((await cli([...words, "-o", "json"])).err)).error.code, "USAGE");
  }
});

test("cli: a terminal that does not know its size is taken for 80 columns", async () => {
  const { out } = await cli(["status", "--help"], { isTty: true, columns: 0 });
  assert.equal(out, (await cli(["status", "--help"], { isTty: true, columns: 80 })).out);
});

const usageOf = async (words: readonly string[]) => {
  const { code, err } = await cli([...words, "-o", "json"], { config });
  assert.equal(code, 2, words.join(" "));
  const { subject, detail, remedies } = errorSchema.parse(JSON.parse(err)).error;
  return { subject, detail, commands: remedies.map(({ command }) => command) };
};

test("cli: an empty argument or value is wrong usage of every verb: it is no path, least of all the working directory", async () => {
  for (const [words, subject] of [
    [["snapshot", "inspect", ""], "argument FILE"],
    [["snapshot", "restore", "backup.db", "--data-dir", ""], "option --data-dir"],
    [["snapshot", "rank", "a", ""], "argument DIRS"],
    [["status", "--config="], "option --config"],
  ] as const) {
    const error = await usageOf(words);
    assert.deepEqual([error.subject, error.detail], [subject, "it is empty: is a variable not set?"]);
  }
});

test("cli: a choice in capitals is put right in the call that is advised", async () => {
  const { code, err } = await cli(["snapshot", "inspect", "a.db", "-o", "JSON"]);
  assert.equal(code, 2);
  assert.match(err, /requorum snapshot inspect a\.db -o json\n/);
});

test("cli: what etcdctl and etcdutl call otherwise is named, and only a slip of the finger is corrected", async () => {
  for (const [words, detail, command] of [
    [["snapshot", "status", "a b.db"], /called inspect/, "requorum snapshot inspect 'a b.db' -o json"],
    [["snapshot", "inspect", "a.db", "-w", "json"], /-o text, json or yaml/, "requorum snapshot inspect a.db -o json -o json"],
    [["snapshot", "inspect", "a.db", "--write-out=table"], /-o text, json or yaml/, "requorum snapshot inspect a.db -o json -o text"],
    [["--json", "snapshot", "inspect", "a.db"], /-o text, json or yaml/, "requorum snapshot inspect a.db -o json -o json"],
    [["snapshot", "save", "a.db"], /as a backup set/, "requorum backup create"],
    [["drill"], /there is backup drill/, "requorum backup drill -o json"],
    [["verify", "latest"], /there is backup verify/, "requorum backup verify latest -o json"],
    [["snapshot", "restore", "a.db", "--data-dri=x"], /mean --data-dir/, "requorum snapshot restore a.db --data-dir=x -o json"],
    [["snapshot", "restore", "a.db", "--log-dir", "w"], /unknown option '--log-dir'$/, "requorum help snapshot restore"],
  ] as const) {
    const error = await usageOf(words);
    assert.match(error.detail, detail);
    assert.equal(error.commands[0], command);
  }
});

test("cli: every group of verbs says what it is for", () => {
  const groups = new Set(commandTable.flatMap(({ path }) => (path.length > 1 ? path.slice(0, 1) : [])));
  assert.deepEqual([...groups].sort(), Object.keys(groupSummaries).sort());
});
