import assert from "node:assert/strict";
import test from "node:test";
import { bad, command, gap, heading, item, line, table } from "../../render/page.ts";
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

test("drawPage: columns that are not worth a small screen are left out there", () => {
  const page = [table([{ title: "a" }, { title: "b", hideBelow: 80 }], [["1", "2"]], 0)];
  assert.ok(!drawPage(page, plain).includes("B"));
  assert.ok(drawPage(page, { columns: 80, hasColor: false }).includes("B"));
});

test("drawPage: colours only where asked, and control characters from a machine are shown, not obeyed", () => {
  const page = [line([bad("down"), " \u001b[2Jcleared"])];
  assert.equal(drawPage(page, plain), "down \\x1b[2Jcleared\n");
  assert.equal(drawPage(page, { columns: 40, hasColor: true }), "\u001b[31mdown\u001b[39m \\x1b[2Jcleared\n");
});

test("drawPage: characters that turn the reading direction are shown: what is read is what is there", () => {
  assert.equal(drawPage([line("host \u202egpj.1pc\u2066 \u009b2J")], plain), "host \\u202egpj.1pc\\u2066 \\x9b2J\n");
});
