import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import type { SealedReading } from "../../ports/sealed-spool.ts";
import { LocalFileSpool } from "./local-file-spool.ts";
import { SealedByteFiles } from "./sealed-byte-files.ts";
import { sealedBlockBytes } from "./sealed-block.ts";
import { LocalSealedSpool } from "./sealed-spool.ts";

function spoolFor(context: TestContext): { readonly spool: LocalSealedSpool; readonly directory: string } {
  const directory = mkdtempSync(join(tmpdir(), "requorum-sealed-"));
  context.after(() => {
    rmSync(directory, { recursive: true });
  });
  return { spool: new LocalSealedSpool(new LocalFileSpool({ cacheDirectory: directory })), directory };
}

const secret = "planted-secret-value ";
const content = Buffer.from(secret.repeat(20_000)).subarray(0, 5 * sealedBlockBytes + 17);

async function filled(
  context: TestContext,
): Promise<{ readonly reading: SealedReading; readonly directory: string; readonly remove: () => Promise<void> }> {
  const { spool, directory } = spoolFor(context);
  const opened = await spool.open();
  for (const name of ["ssh://cp1/var/lib/etcd/member/snap/db", "ssh://cp1/var/lib/etcd/member/wal/0.wal", "empty"]) {
    const file = await opened.create(name);
    for (let at = 0; name !== "empty" && at < content.length; at += 99_999) await file.append(content.subarray(at, at + 99_999));
    await file.close();
  }
  return { reading: opened.reading(), directory, remove: () => opened.remove() };
}

function everyFile(directory: string): Buffer {
  return Buffer.concat(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name))),
  );
}

test("sealed spool: any range reads as it was written, directories are those of the names, and nothing lies in the clear", async (context) => {
  const { reading, directory, remove } = await filled(context);
  assert.ok(everyFile(directory).length > 2 * content.length);
  assert.equal(everyFile(directory).includes(secret), false);
  const files = new SealedByteFiles(reading);
  assert.deepEqual(files.list("ssh://cp1/var/lib/etcd/member"), ["snap", "wal"]);
  assert.equal(files.kindOf("ssh://cp1/var/lib/etcd"), "directory");
  assert.throws(() => files.kindOf("ssh://cp1/var/lib/etcd/member/snap/other"), isRecoveryError("LOCAL_FILE_FAILED", /ENOENT/));
  const file = files.open("ssh://cp1/var/lib/etcd/member/snap/db");
  assert.equal(file.size, content.length);
  for (const [offset, length] of [
    [0, content.length],
    [sealedBlockBytes - 1, 2],
    [sealedBlockBytes, sealedBlockBytes],
    [content.length - 17, 17],
    [content.length, 0],
  ] as const) {
    const into = new Uint8Array(length);
    file.readInto(offset, into);
    assert.deepEqual(Buffer.from(into), content.subarray(offset, offset + length));
  }
  assert.throws(() => {
    file.readInto(content.length, new Uint8Array(1));
  }, RangeError);
  file.close();
  assert.equal(files.open("empty").size, 0);
  await remove();
  assert.equal(everyFile(directory).length, 0);
});

test("sealed spool: what is asked for again after more blocks than are kept reads as it was written, in rooms that others had", async (context) => {
  const { spool } = spoolFor(context);
  const opened = await spool.open();
  const file = await opened.create("a.db");
  const blocks = 300;
  const sizeBytes = blocks * sealedBlockBytes + 17;
  const piece = new Uint8Array(sealedBlockBytes);
  for (let number = 0; number <= blocks; number += 1)
    await file.append(piece.fill(number).subarray(0, Math.min(sealedBlockBytes, sizeBytes - number * sealedBlockBytes)));
  await file.close();
  const read = new SealedByteFiles(opened.reading()).open("a.db");
  const order = [...Array(blocks + 1).keys()].flatMap((number) => [number, 0, blocks, (number * 7) % blocks]);
  for (const number of order) {
    const part = new Uint8Array(number === blocks ? 17 : sealedBlockBytes);
    read.readInto(number * sealedBlockBytes, part);
    assert.ok(Buffer.from(part).equals(Buffer.alloc(part.length, number)), `block ${String(number)}`);
  }
  read.close();
  await opened.remove();
});

test("sealed spool: a changed byte, a cut file and a block in another's place end the reading", async (context) => {
  const { reading } = await filled(context);
  const [db] = reading.files;
  assert.ok(db !== undefined && "place" in db);
  const whole = readFileSync(db.place);
  const sealed = sealedBlockBytes + 16;
  const changed = Buffer.from(whole);
  changed[sealed + 5] = (changed[sealed + 5] ?? 0) ^ 1;
  const swapped = Buffer.concat([whole.subarray(sealed, 2 * sealed), whole.subarray(0, sealed), whole.subarray(2 * sealed)]);
  for (const bytes of [changed, swapped, whole.subarray(0, sealed + 100)]) {
    writeFileSync(db.place, bytes);
    const file = new SealedByteFiles(reading).open(db.name);
    assert.throws(
      () => {
        file.readInto(0, new Uint8Array(2 * sealedBlockBytes));
      },
      isRecoveryError("FILE_CHANGED", /is not what this program wrote/),
    );
    file.close();
  }
});

const mebibyte = 1024 * 1024;

/** A spool that may hold a quarter of this in memory. */
function spoolWithMemory(context: TestContext, availableBytes: number): { readonly spool: LocalSealedSpool; readonly directory: string } {
  const { directory } = spoolFor(context);
  return { spool: new LocalSealedSpool(new LocalFileSpool({ cacheDirectory: directory }), () => availableBytes), directory };
}

test("sealed spool: content of known size that fits is in memory, reads as it was written, and is gone when the spool goes", async (context) => {
  const { spool, directory } = spoolWithMemory(context, 200 * mebibyte);
  const opened = await spool.open();
  const large = Buffer.concat([Buffer.alloc(16 * mebibyte - 5, 1), Buffer.from(secret), Buffer.alloc(3 * mebibyte, 2)]);
  const file = await opened.create("snapshot.db", large.length);
  for (let at = 0; at < large.length; at += 999_999) await file.append(large.subarray(at, at + 999_999));
  await file.close();
  const reading = opened.reading();
  const [facts] = reading.files;
  assert.ok(facts !== undefined && "rooms" in facts);
  assert.equal(everyFile(directory).length, 0);
  const read = new SealedByteFiles(reading).open("snapshot.db");
  assert.equal(read.size, large.length);
  for (const [offset, length] of [
    [0, large.length],
    [16 * mebibyte - 7, 20],
    [large.length - 1, 1],
    [large.length, 0],
  ] as const) {
    const into = new Uint8Array(length);
    read.readInto(offset, into);
    assert.ok(large.subarray(offset, offset + length).equals(into), `${String(length)} bytes at ${String(offset)}`);
  }
  assert.throws(() => read.readInto(large.length, new Uint8Array(1)), RangeError);
  const pieces: Uint8Array[] = [];
  for await (const piece of opened.read("snapshot.db")) pieces.push(piece);
  assert.ok(large.equals(Buffer.concat(pieces)));
  const [room] = facts.rooms;
  assert.ok(room !== undefined);
  await opened.remove();
  assert.ok(
    new Uint8Array(room).every((byte) => byte === 0),
    "what another thread still has is empty",
  );
});

test("sealed spool: what becomes larger than there is memory for goes on sealed on the disk, and is whole", async (context) => {
  const { spool, directory } = spoolWithMemory(context, 4 * mebibyte);
  const opened = await spool.open();
  const large = Buffer.concat([Buffer.from(secret.repeat(40_000)), Buffer.alloc(mebibyte, 7)]);
  const file = await opened.create("grows.db", 1000);
  const small = await opened.create("small.db", 10);
  await small.append(Buffer.from(secret));
  await small.close();
  for (let at = 0; at < large.length; at += 99_999) await file.append(large.subarray(at, at + 99_999));
  await file.close();
  assert.deepEqual(
    opened.reading().files.map((facts) => [facts.name, "rooms" in facts, facts.sizeBytes]),
    [
      ["small.db", true, secret.length],
      ["grows.db", false, large.length],
    ],
  );
  assert.ok(everyFile(directory).length > large.length);
  assert.equal(everyFile(directory).includes(secret), false);
  const into = new Uint8Array(large.length);
  const read = new SealedByteFiles(opened.reading()).open("grows.db");
  read.readInto(0, into);
  read.close();
  assert.ok(large.equals(into));
  await opened.remove();
  assert.equal(everyFile(directory).length, 0);
});

test("sealed spool: what is larger than its part of memory, or of unknown size, begins on the disk; what is discarded makes room again", async (context) => {
  const { spool } = spoolWithMemory(context, 4 * mebibyte);
  const opened = await spool.open();
  const isInMemory = async (name: string, expectedBytes?: number): Promise<boolean> => {
    const file = await opened.create(name, expectedBytes);
    await file.append(new Uint8Array(expectedBytes ?? 1));
    await file.close();
    const facts = opened.reading().files.find((one) => one.name === name);
    assert.ok(facts !== undefined);
    if ("rooms" in facts) await file.discard();
    return "rooms" in facts;
  };
  assert.deepEqual(
    [
      await isInMemory("unknown"),
      await isInMemory("large", mebibyte + 1),
      await isInMemory("one", mebibyte),
      await isInMemory("two", mebibyte),
    ],
    [false, false, true, true],
  );
  assert.deepEqual(
    opened.reading().files.map(({ name }) => name),
    ["unknown", "large"],
  );
  await opened.remove();
});

test("sealed spool: where the machine gives no more memory it goes on sealed on the disk", async (context) => {
  const { spool, directory } = spoolWithMemory(context, 400 * mebibyte);
  const opened = await spool.open();
  const file = await opened.create("snapshot.db", 60 * mebibyte);
  const piece = Buffer.alloc(10 * mebibyte, secret);
  await file.append(piece);
  await file.append(piece);
  context.mock.method(globalThis, "SharedArrayBuffer", function refuse(): never {
    throw new RangeError("Array buffer allocation failed");
  });
  await file.append(piece);
  await file.append(piece);
  context.mock.restoreAll();
  await file.close();
  const [facts] = opened.reading().files;
  assert.ok(facts !== undefined && "place" in facts);
  const into = new Uint8Array(facts.sizeBytes);
  const read = new SealedByteFiles(opened.reading()).open("snapshot.db");
  read.readInto(0, into);
  read.close();
  assert.ok(Buffer.concat([piece, piece, piece, piece]).equals(into));
  assert.equal(everyFile(directory).includes(secret), false);
  await opened.remove();
});
