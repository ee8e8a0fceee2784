import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseFields, parseHostAnswer, textOfBase64 } from "./parse-host-answer.ts";

const mark = "##requorum-abc";

test("parseHostAnswer: every section of a real machine's answer is found", () => {
  const answer = parseHostAnswer(
    readFileSync(new URL("../../test/fixtures/probe/host-answer-cp1.txt", import.meta.url), "utf8"),
    "0123456789abcdef",
  );
  assert.equal(answer.size, 17);
  assert.deepEqual(
    [...answer.values()].filter((section) => section.kind === "cut" || section.exitCode !== 0),
    [],
  );
});

test("parseHostAnswer: an answer cut off in the middle loses only the section without an end", () => {
  const answer = parseHostAnswer(`${mark} begin files\na=1\n${mark} end files 0 \n${mark} begin machine\nmachine_id=12`, "abc");
  assert.deepEqual([...answer.keys()], ["files"]);
});

test("parseHostAnswer: a frame with another nonce is content, so a file cannot forge a section", () => {
  const answer = parseHostAnswer(`${mark} begin files\n##requorum-xyz end files 0 \nca=1\n${mark} end files 0 \n`, "abc");
  const files = answer.get("files");
  assert.equal(files?.text, "##requorum-xyz end files 0 \nca=1");
});

test("parseHostAnswer: a section that ran to the limit is cut and keeps what it had printed", () => {
  const answer = parseHostAnswer(`${mark} begin mesh\ncp2 ssh open\n\n${mark} end mesh timeout \n`, "abc");
  assert.deepEqual(answer.get("mesh"), { kind: "cut", text: "cp2 ssh open\n" });
});

test("parseHostAnswer: exit status and standard error of a failed section are kept", () => {
  const answer = parseHostAnswer(`${mark} begin services\n\n${mark} end services 1 ${Buffer.from("no bus\n").toString("base64")}\n`, "abc");
  assert.deepEqual(answer.get("services"), { kind: "ended", exitCode: 1, text: "", errorText: "no bus" });
});

test("parseHostAnswer: an end that is not a status, or of another section, leaves no section", () => {
  assert.equal(parseHostAnswer(`${mark} begin a\n${mark} end a x \n`, "abc").size, 0);
  assert.equal(parseHostAnswer(`${mark} begin a\n${mark} end b 0 \n`, "abc").size, 0);
  assert.equal(parseHostAnswer("bash: sh: command not found", "abc").size, 0);
});

test("parseFields: the first of a name counts and lines without one are ignored", () => {
  assert.deepEqual(
    [...parseFields("a=1\nb\n=2\na=3\nc=x=y")],
    [
      ["a", "1"],
      ["c", "x=y"],
    ],
  );
});

test("textOfBase64: damage is an error that does not quote the content", () => {
  assert.equal(textOfBase64("w6Q=", "x"), "ä");
  assert.throws(() => textOfBase64("%%%%", "x"), { code: "REMOTE_ANSWER_MALFORMED" });
  assert.throws(() => textOfBase64("/////w==", "x"), { code: "REMOTE_ANSWER_MALFORMED" });
});
