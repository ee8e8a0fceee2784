import assert from "node:assert/strict";
import test from "node:test";
import { RecoveryError } from "../model/recovery-error.ts";
import { errorPage } from "./error-page.ts";
import { item, line, plainText, table } from "./page.ts";
import { shorthandBlocks } from "./shorthand.ts";

test("shorthandBlocks: each short name of a page once, with what it stands for; a page without one gets nothing", () => {
  const page = [line("nothing proves it (I-G2)"), item("PB7 on cp2: whether old data is there"), table([{ title: "" }], [["PB10, PB7"]])];
  const [, , legend] = shorthandBlocks(page);
  assert.ok(legend?.kind === "table");
  assert.deepEqual(
    legend.rows.map(([name]) => name),
    ["PB7", "PB10", "I-G2"],
  );
  assert.ok(legend.rows.every(([, meaning]) => plainText(meaning ?? "").length > 20));
  assert.deepEqual(shorthandBlocks([line("cp1 is healthy; APB1 and PB99 mean nothing")]), []);
});

test("errorPage: what grpc-js wraps around a cause is left out, and a cause that says the same again", () => {
  const cause = (text: string) => new Error(`14 UNAVAILABLE: No connection established. Last error: ${text}. Resolution note: `);
  const shown = (detail: string, text: string) =>
    JSON.stringify(errorPage(new RecoveryError("ETCD_UNREACHABLE", { subject: "host cp3", detail, cause: cause(text) })));
  const refused = "Error: connect ECONNREFUSED 10.0.0.13:2379 (2026-11-21T11:00:00.000Z)";
  assert.doesNotMatch(shown("connect ECONNREFUSED 10.0.0.13:2379", refused), /because/);
  assert.match(shown("the connection failed", refused), /because: connect ECONNREFUSED 10\.0\.0\.13:2379"/);
});
