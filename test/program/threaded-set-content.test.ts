import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeBackupStore } from "../support/fake-backup-store.ts";
import { seededBytes } from "../support/set-world.ts";
import { nodeSetCiphers as ciphers } from "../../src/adapters/system/node-set-ciphers.ts";
import type { KnownChunk } from "../../src/catalogue/known-chunks.ts";
import { SetContent } from "../../src/catalogue/set-content.ts";
import { deriveSetKeys } from "../../src/formats/backup-set/set-keys.ts";
import { slotBytes, slotCount } from "../../src/cli/backup/set-content-messages.ts";
import { threadedSetContent } from "../../src/cli/backup/threaded-set-content.ts";

const dataKey = seededBytes(3, 32);
const keys = deriveSetKeys(ciphers, dataKey);

function options(store: Pick<FakeBackupStore, "put">, known: ReadonlyMap<string, KnownChunk> = new Map()) {
  return { store, ciphers, keys, dataKey, known, signal: new AbortController().signal };
}

async function* inPieces(content: Uint8Array, pieceBytes: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < content.length; at += pieceBytes) yield await Promise.resolve(content.subarray(at, at + pieceBytes));
}

test("content that a thread seals is the content that is sealed here: sizes, digests, chunk names, sharing", async () => {
  const long = seededBytes(1, slotBytes * (slotCount + 2) + 12_345);
  const parts = [long, seededBytes(2, 100), new Uint8Array(), long.subarray(0, 65_536 * 3)];
  const thread = threadedSetContent(options(new FakeBackupStore()));
  const here = new SetContent(options(new FakeBackupStore()));
  for (const part of parts)
    assert.deepEqual(await thread.add(inPieces(part, 77_777), { trailerBytes: 32 }), await here.add(part, { trailerBytes: 32 }));
  const [found, expected] = [await thread.finish(), await here.finish()];
  assert.deepEqual(
    found.chunks.map(({ name, length }) => [name, length]),
    expected.chunks.map(({ name, length }) => [name, length]),
  );
  // What a set knows already is not put again.
  const packs = found.packs;
  const known = new Map(
    found.chunks.map(({ name, pack, offset, length }) => [name, { pack: packs[pack] ?? { sha256: "", sizeBytes: 0 }, offset, length }]),
  );
  const second = threadedSetContent(options({ put: () => Promise.reject(new Error("nothing is new")) }, known));
  await second.add(long, { trailerBytes: 0 });
  assert.deepEqual((await second.finish()).packs, packs);
});

test("a put that fails fails the part with the store's own error, and quiet waits for what is on its way", async () => {
  const store = new FakeBackupStore();
  const refusal = new Error("the disk is full");
  const begun: string[] = [];
  const thread = threadedSetContent(
    options({
      put: (name) => {
        begun.push(name);
        return Promise.reject(refusal);
      },
    }),
  );
  const endless = async function* () {
    for (;;) yield await Promise.resolve(crypto.getRandomValues(new Uint8Array(65_536)));
  };
  await assert.rejects(thread.add(endless(), { trailerBytes: 0 }), refusal);
  await assert.rejects(thread.finish(), refusal);
  assert.deepEqual(await thread.quiet(), begun);
  assert.deepEqual(store.names(), []);
});

test("content that cannot be had fails with its own error, and the thread ends", async () => {
  const thread = threadedSetContent(options(new FakeBackupStore()));
  const lost = new Error("the connection is gone");
  const broken = async function* () {
    yield await Promise.resolve(seededBytes(1, 200_000));
    throw lost;
  };
  await assert.rejects(thread.add(broken(), { trailerBytes: 0 }), lost);
  assert.deepEqual(await thread.quiet(), []);
  const stopped = threadedSetContent(options(new FakeBackupStore()));
  await assert.rejects(stopped.add(inPieces(seededBytes(1, 200_000), 65_536), { signal: AbortSignal.abort(lost), trailerBytes: 0 }), lost);
  await stopped.quiet();
});
