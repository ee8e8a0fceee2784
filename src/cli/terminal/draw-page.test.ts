import assert from "node:assert/strict";
import test from "node:test";
import { RecoveryError } from "../../model/recovery-error.ts";
import { errorPage } from "../../render/error-page.ts";
import { bad, command, gap, heading, item, line, lineBreak, table } from "../../render/page.ts";
import { drawPage } from "./draw-page.ts";

const plain = { columns: 40, hasColor: false };

test("drawPage: words are never cut, items hang, commands are never wrapped", () => {
  const drawn = drawPage(
    [
      heading("title"),
      item("one two three four five six seven eight nine"),
      gap,
      command("requorum apply plan-0123456789ab.json --approve 0123456789ab", "next"),
    ],
    plain,
  );
  assert.equal(
    drawn,
    "title\n  - one two three four five six seven\n    eight nine\n\n  next:\n      requorum apply plan-0123456789ab.json --approve 0123456789ab\n",
  );
});

test("drawPage: a flexible column gives way at spaces, a long word in it is broken, other columns stay whole", () => {
  const drawn = drawPage(
    [
      table(
        [{ title: "id" }, { title: "what", isFlexible: true }, { title: "n", align: "right" }],
        [
          ["8e9e05c52164694d", "a sentence that is too long", "12"],
          ["x", "0123456789012345678901234567890", "3"],
        ],
        0,
      ),
    ],
    plain,
  );
  for (const text of drawn.split("\n")) assert.ok(text.length <= 40, text);
  assert.ok(drawn.includes("8e9e05c52164694d"));
  assert.ok(!drawn.includes("senten\n"));
});

test("drawPage: for a file or a program no word of a table is broken, and its sentences still give way", () => {
  const key = `/registry/configmaps/shop/${"long-".repeat(20)}end`;
  const rows = [
    [key, "298 B", "a sentence that is too long for one line of this table"],
    ["/registry/x", "1 B", ""],
  ];
  const page = [table([{ title: "key", isFlexible: true }, { title: "size" }, { title: "why", isFlexible: true }], rows, 0)];
  assert.ok(!drawPage(page, plain).includes(key));
  const drawn = drawPage(page, { ...plain, columns: 150, keepsWords: true });
  assert.match(drawn, new RegExp(`^${key}  298 B  a sentence`, "m"));
  assert.equal(
    drawn
      .trimEnd()
      .split("\n")
      .filter((text) => text.includes("sentence that is too long for one line of this table")).length,
    0,
  );
});

test("drawPage: columns that are not worth a small screen are left out there, and named", () => {
  const page = [table([{ title: "a" }, { title: "b", hideBelow: 80 }], [["1", "2"]], 0)];
  assert.ok(!drawPage(page, plain).includes("B"));
  assert.ok(drawPage(page, plain).endsWith("\nwith 80 columns also: b\n"));
  assert.ok(drawPage(page, { columns: 80, hasColor: false }).includes("B"));
  assert.ok(!drawPage(page, { columns: 80, hasColor: false }).includes("also"));
});

test("drawPage: where rows would be wider than the screen more columns are left out, and the width that has room for them is told", () => {
  const columns = [{ title: "id" }, { title: "a", hideBelow: 30 }, { title: "b", hideBelow: 20 }, { title: "why", isFlexible: true }];
  const page = [table(columns, [["8e9e05c52164694d", "0123456789", "0123456789", "a sentence that is too long"]])];
  const widest = (drawn: string): number => Math.max(...drawn.split("\n").map((text) => text.length));
  const drawn = drawPage(page, { columns: 50, hasColor: false });
  assert.match(drawn, /\n {2}with 56 columns also: a\n$/);
  assert.ok(widest(drawn) <= 50 && drawn.includes("B"), drawn);
  const whole = drawPage(page, { columns: 56, hasColor: false });
  assert.ok(widest(whole) <= 56 && !whole.includes("also"), whole);
  assert.match(drawPage(page, { columns: 34, hasColor: false }), /also: a, b\n$/);
  assert.ok(!drawPage(page, { columns: 50, hasColor: false, keepsWords: true }).includes("also"), "a file has room");
});

test("drawPage: colours only where asked, and control characters from a machine are shown, not obeyed", () => {
  const page = [line([bad("down"), " \u001b[2Jcleared"])];
  assert.equal(drawPage(page, plain), "down \\x1b[2Jcleared\n");
  assert.equal(drawPage(page, { columns: 40, hasColor: true }), "\u001b[31mdown\u001b[39m \\x1b[2Jcleared\n");
});

test("drawPage: characters that turn the reading direction are shown: what is read is what is there", () => {
  assert.equal(drawPage([line("host \u202egpj.1pc\u2066 \u009b2J")], plain), "host \\u202egpj.1pc\\u2066 \\x9b2J\n");
});

test("drawPage: a newline from a machine begins no line that could be taken for one of ours", () => {
  const forged = "cp1\nnext: all is well:\n    requorum lab down\u2028x\tend";
  const shown = "cp1\\nnext: all is well:\\n requorum lab down\\u2028x end";
  const wide = { columns: 200, hasColor: false };
  assert.equal(drawPage([line(forged), item(forged, 0), heading(forged)], wide).split("\n").length, 4);
  assert.ok(
    drawPage([line(forged)], wide)
      .replace(/ +/g, " ")
      .includes(shown),
  );
  const rows = drawPage([table([{ title: "", isFlexible: true }, { title: "" }], [[forged, "\n"]], 0)], wide);
  assert.equal(rows.replace(/\n$/, "").split("\n").length, 1, rows);
  assert.equal(drawPage([line(["ours", lineBreak, "too", "\n"])], wide), "ours\ntoo\\n\n");
  assert.equal(drawPage([command("requorum apply 'a\nb'", "why\nnot")], wide).split("\n").length, 3);
});

test("errorPage: the last words of a program are marked as quoted; the problems of a file stand as they are", () => {
  const failed = errorPage(
    new RecoveryError("REMOTE_COMMAND_FAILED", { subject: "host cp1", detail: "it said:\nnext: forget it\n    requorum x" }),
  );
  assert.match(drawPage(failed, plain), /\n {2}\| next: forget it\n {2}\| +requorum x\n/);
  const invalid = errorPage(
    new RecoveryError("CONFIG_INVALID", { subject: "file a.yaml", detail: "a.yaml:1:1: x\na.yaml:2:1: y\n… and 3 more" }),
  );
  assert.match(drawPage(invalid, plain), /\n {2}a\.yaml:1:1: x\n {2}a\.yaml:2:1: y\n {2}… and 3 more\n/);
});
