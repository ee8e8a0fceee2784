import assert from "node:assert/strict";
import test from "node:test";
import { WalWriter } from "../etcd/wal/wal-writer.ts";
import { isNewbornWalHead } from "./newborn-wal.ts";

/** What etcd 3.6.16 wrote into an emptied data dir before it panicked, the same after four starts; zeroes follow. */
const seen = "BAAAAAAAAIQIBBAAAAAAAB4AAAAAAACCCAEQ+dnQrAsaFAiri8fC5dv4pWoQ+aj46oi9nvtKAAAOAAAAAAAAgggFEKqcjbgCGgQIABAAAAA=";

const padded = (bytes: Uint8Array): string => Buffer.concat([bytes, Buffer.alloc(1024 - bytes.length)]).toString("base64");

function written(write: (writer: WalWriter) => void): Uint8Array {
  const parts: Uint8Array[] = [];
  write(new WalWriter({ metadata: { memberId: 1n, clusterId: 2n }, openSegment: () => ({ write: (bytes) => void parts.push(bytes) }) }));
  return Buffer.concat(parts);
}

const entry = { index: 1n, term: 2n, kind: "normal", data: new Uint8Array(8) } as const;

test("isNewbornWalHead: what etcd leaves in an emptied data dir, also with a promise in it", () => {
  assert.equal(isNewbornWalHead(seen), true);
  assert.equal(isNewbornWalHead(padded(Buffer.from(seen, "base64"))), true);
  assert.equal(isNewbornWalHead(padded(written(() => undefined))), true);
  const promised = written((writer) => {
    writer.state({ term: 7n, vote: 3n, commit: 0n });
  });
  assert.equal(isNewbornWalHead(padded(promised)), true);
});

test("isNewbornWalHead: an entry, a snapshot, something committed, damage, or nothing at all are no newborn log", () => {
  const heads: readonly Uint8Array[] = [
    written((writer) => {
      writer.entry(entry);
    }),
    written((writer) => {
      writer.snapshot({ index: 1n, term: 1n, confState: undefined });
    }),
    written((writer) => {
      writer.state({ term: 7n, vote: 3n, commit: 1n });
    }),
    new Uint8Array(0),
    Buffer.from(seen, "base64").subarray(0, 70),
    Buffer.from(seen, "base64").map((byte, index) => (index === 40 ? byte ^ 1 : byte)),
  ];
  for (const [index, head] of heads.entries()) assert.equal(isNewbornWalHead(padded(head)), false, String(index));
  const behind = Buffer.from(padded(Buffer.from(seen, "base64")), "base64");
  behind[1000] = 1;
  assert.equal(isNewbornWalHead(behind.toString("base64")), false);
  for (const text of ["", "!!!", "abc", seen.slice(0, -8)]) assert.equal(isNewbornWalHead(text), false, text);
});
