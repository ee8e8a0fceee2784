import assert from "node:assert/strict";
import { test } from "node:test";
import { escapeHtml, escapeMarkdown } from "./escape.ts";

const hostile = 'a\u001b]0;title\u0007\u009b2J<img src=x onerror=1>|[x](http://y)\r\n# "head"';

test("escapeMarkdown: a machine's words are one line, no markup, and no command to the terminal that shows the file", () => {
  assert.equal(escapeMarkdown(hostile), 'a \\]0;title 2J\\<img src=x onerror=1\\>\\|\\[x\\](http://y) \\# "head"');
});

test("escapeHtml: a machine's words are neither elements nor attributes nor control characters", () => {
  const escaped = escapeHtml(hostile);
  assert.ok(!/[<>"\u001b\u0007]/.test(escaped), escaped);
});
