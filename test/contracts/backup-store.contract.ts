import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import type { ErrorCode } from "../../src/model/error-catalogue.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import type { BackupStore } from "../../src/ports/backup-store.ts";

export interface BackupStoreSubject {
  /** Empty at first. */
  readonly store: BackupStore;
  /** Another opening of the same place, as another program has. */
  readonly other: BackupStore;
  /** Stores that cannot work, with the code that every call gives; `quick`: without waiting. */
  readonly failing: readonly { readonly why: string; readonly store: BackupStore; readonly code: ErrorCode }[];
  /** No error text may hold these. */
  readonly secrets: readonly string[];
  /** Kills a writer of this object with SIGKILL before it is done. undefined: it has no writers to kill. */
  readonly killWriterOf?: (name: string, content: Uint8Array) => Promise<void>;
  close(): Promise<void>;
}

const text = (value: string) => new TextEncoder().encode(value);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const packOf = (bytes: Uint8Array) => `packs/${sha256(bytes).slice(0, 2)}/${sha256(bytes)}`;
/** Larger than a part of a multipart upload. */
const packBytes = 20 * 1024 * 1024;

/** Runs the contract of the BackupStore port on one subject. */
export function backupStoreContract(name: string, makeSubject: () => Promise<BackupStoreSubject>, skip: string | false = false): void {
  let subject: BackupStoreSubject;
  before(async () => {
    if (skip === false) subject = await makeSubject();
  });
  after(async () => {
    if (skip === false) await subject.close();
  });
  const contract = (sentence: string, body: (subject: BackupStoreSubject) => Promise<void>) => {
    test(`${name}: ${sentence}`, { skip, timeout: 120_000 }, () => body(subject));
  };

  contract("an empty store lists nothing, has nothing, and gives nothing", async ({ store }) => {
    assert.deepEqual(await store.list(""), []);
    assert.deepEqual(await store.list("sets/"), []);
    assert.equal(await store.stat("sets/nothing.json"), undefined);
    await assert.rejects(store.get("sets/nothing.json"), { code: "BACKUP_OBJECT_MISSING" });
    await assert.rejects(store.get("sets/nothing.json", { offset: 0, length: 0 }), { code: "BACKUP_OBJECT_MISSING" });
    await assert.rejects(store.get("sets/nothing.json", { offset: 0, length: 1 }), { code: "BACKUP_OBJECT_MISSING" });
    await store.remove("sets/nothing.json");
    assert.deepEqual(await store.list(""), []);
  });

  contract("what was put is read whole and by ranges, by another opening too", async ({ store, other }) => {
    const bytes = randomBytes(300_000);
    const object = packOf(bytes);
    await store.put(object, bytes);
    for (const opened of [store, other]) {
      assert.deepEqual(Buffer.from(await opened.get(object)), bytes);
      for (const [offset, length] of [
        [0, 1],
        [65_535, 3],
        [131_072, 65_536],
        [299_999, 1],
        [1, 299_999],
      ] as const)
        assert.deepEqual(Buffer.from(await opened.get(object, { offset, length })), bytes.subarray(offset, offset + length));
      assert.equal((await opened.get(object, { offset: 5, length: 0 })).length, 0);
    }
    await assert.rejects(store.get(object, { offset: 299_999, length: 2 }), { code: "BACKUP_STORE_FAILED" });
    await assert.rejects(store.get(object, { offset: 400_000, length: 1 }), { code: "BACKUP_STORE_FAILED" });
  });

  contract("an empty object is an object", async ({ store }) => {
    await store.put("indexes/empty", new Uint8Array());
    assert.equal((await store.stat("indexes/empty"))?.sizeBytes, 0);
    assert.equal((await store.get("indexes/empty")).length, 0);
  });

  contract("a large object comes back as it was", async ({ store, other }) => {
    const bytes = randomBytes(packBytes);
    await store.put(packOf(bytes), bytes);
    assert.equal(sha256(await other.get(packOf(bytes))), sha256(bytes));
    assert.equal((await other.stat(packOf(bytes)))?.sizeBytes, packBytes);
  });

  contract("stat and list agree on size, and tell a time near to now", async ({ store }) => {
    const bytes = randomBytes(1234);
    await store.put("proofs/20260101-000000-aaaaaa/one.json", bytes);
    const seen = await store.stat("proofs/20260101-000000-aaaaaa/one.json");
    assert.equal(seen?.sizeBytes, 1234);
    assert.ok(Math.abs(Date.parse(seen.modifiedAt) - Date.now()) < 300_000, seen.modifiedAt);
    const [listed] = await store.list("proofs/20260101-000000-aaaaaa/");
    assert.equal(listed?.name, "proofs/20260101-000000-aaaaaa/one.json");
    assert.equal(listed.sizeBytes, 1234);
  });

  contract("a listing is by the beginning of names, sorted, and crosses folders", async ({ store }) => {
    const names = ["sets/20260103-000000-cccccc.json", "sets/20260101-000000-aaaaaa.json", "sets/20260102-000000-bbbbbb.json"];
    for (const one of names) await store.put(one, text(one));
    await store.put("sets-of-others/x", text("x"));
    const listed = async (prefix: string) => (await store.list(prefix)).map((one) => one.name);
    assert.deepEqual(await listed("sets/"), [...names].sort());
    assert.deepEqual(await listed("sets/20260102"), ["sets/20260102-000000-bbbbbb.json"]);
    assert.deepEqual(await listed("sets/2027"), []);
    assert.deepEqual(await listed("nowhere/at/all/"), []);
    const all = await listed("");
    assert.deepEqual(all, [...all].sort());
    for (const one of names) assert.ok(all.includes(one));
  });

  contract("a name is written once: the same bytes again are no error, others are refused and change nothing", async ({ store, other }) => {
    const bytes = randomBytes(70_000);
    await store.put(packOf(bytes), bytes);
    await other.put(packOf(bytes), bytes);
    await store.put("sets/20260104-000000-dddddd.json", text("first"));
    await assert.rejects(other.put("sets/20260104-000000-dddddd.json", text("another")), { code: "BACKUP_OBJECT_EXISTS" });
    await assert.rejects(store.put(packOf(bytes), bytes.subarray(1)), { code: "BACKUP_OBJECT_EXISTS" });
    assert.equal(new TextDecoder().decode(await store.get("sets/20260104-000000-dddddd.json")), "first");
    assert.deepEqual(Buffer.from(await store.get(packOf(bytes))), bytes);
  });

  contract("of writers of one name at once exactly one wins, and its bytes are there whole", async ({ store, other }) => {
    for (let round = 0; round < 5; round += 1) {
      const object = `sets/race-${String(round)}.json`;
      const contents = Array.from({ length: 6 }, (_, index) => Buffer.alloc(50_000 + index, index));
      const outcomes = await Promise.allSettled(contents.map((content, index) => (index % 2 === 0 ? store : other).put(object, content)));
      const winners = contents.filter((_, index) => outcomes[index]?.status === "fulfilled");
      for (const outcome of outcomes)
        if (outcome.status === "rejected") assert.equal((outcome.reason as RecoveryError).code, "BACKUP_OBJECT_EXISTS");
      assert.equal(winners.length, 1);
      assert.deepEqual(Buffer.from(await store.get(object)), winners[0]);
    }
  });

  contract("writers of the same pack at once all succeed", async ({ store, other }) => {
    const bytes = randomBytes(packBytes);
    await Promise.all([store.put(packOf(bytes), bytes), other.put(packOf(bytes), bytes), store.put(packOf(bytes), bytes)]);
    assert.equal(sha256(await store.get(packOf(bytes))), sha256(bytes));
  });

  contract("readers see an object whole or not at all while it is written", async ({ store, other }) => {
    const bytes = randomBytes(packBytes);
    const object = packOf(bytes);
    const progress = { isDone: false };
    const writing = store.put(object, bytes).finally(() => (progress.isDone = true));
    while (!progress.isDone) {
      const seen = await other.stat(object);
      assert.ok(seen === undefined || seen.sizeBytes === bytes.length, String(seen?.sizeBytes));
      for (const one of await other.list("packs/")) if (one.name === object) assert.equal(one.sizeBytes, bytes.length);
    }
    await writing;
    assert.equal((await other.stat(object))?.sizeBytes, bytes.length);
  });

  contract("what is removed is out of the listing at once, may be put again, and if kept aside lies there", async ({ store, other }) => {
    const bytes = randomBytes(5000);
    const object = packOf(bytes);
    await store.put(object, bytes);
    await store.remove(object);
    assert.equal(await other.stat(object), undefined);
    await assert.rejects(other.get(object), { code: "BACKUP_OBJECT_MISSING" });
    assert.ok(!(await other.list("packs/")).some((one) => one.name === object));
    for (const one of await store.list("aside/")) {
      if (one.name !== `aside/${object}`) continue;
      assert.deepEqual(Buffer.from(await store.get(one.name)), bytes);
      assert.ok(Date.now() - Date.parse(one.modifiedAt) < 300_000, "the time is that of the removal");
    }
    await store.remove(object);
    await store.put(object, bytes);
    assert.deepEqual(Buffer.from(await other.get(object)), bytes);
    await store.remove(object);
    await store.remove(`aside/${object}`);
    assert.equal(await store.stat(`aside/${object}`), undefined);
    assert.equal(await store.stat(object), undefined);
  });

  contract("a call whose signal was aborted is INTERRUPTED", async ({ store }) => {
    const signal = AbortSignal.abort();
    await assert.rejects(store.put("sets/interrupted.json", text("x"), { signal }), { code: "INTERRUPTED" });
    await assert.rejects(store.list("", { signal }), { code: "INTERRUPTED" });
    assert.equal(await store.stat("sets/interrupted.json"), undefined);
  });

  contract("clearing unfinished uploads touches no object", async ({ store }) => {
    const before = await store.list("");
    assert.equal(await store.clearUnfinished({ begunBefore: "2999-01-01T00:00:00.000Z" }), 0);
    assert.deepEqual(await store.list(""), before);
  });

  contract("a writer that is killed leaves no object; the same write then succeeds, and what it left is cleared", async (given) => {
    const { store, killWriterOf } = given;
    if (killWriterOf === undefined) return;
    for (let round = 0; round < 3; round += 1) {
      const bytes = randomBytes(packBytes);
      const object = packOf(bytes);
      const listedBefore = (await store.list("")).map((one) => one.name).filter((one) => one !== object);
      await killWriterOf(object, bytes);
      const seen = await store.stat(object);
      assert.ok(seen === undefined || seen.sizeBytes === bytes.length);
      assert.deepEqual(
        (await store.list("")).map((one) => one.name).filter((one) => one !== object),
        listedBefore,
      );
      if (round === 0)
        assert.equal(
          await store.clearUnfinished({ begunBefore: new Date(Date.now() - 3_600_000).toISOString() }),
          0,
          "a young one may belong to a living writer",
        );
      await store.put(object, bytes);
      assert.equal(sha256(await store.get(object)), sha256(bytes));
    }
    await store.clearUnfinished({ begunBefore: "2999-01-01T00:00:00.000Z" });
    assert.equal(await store.clearUnfinished({ begunBefore: "2999-01-01T00:00:00.000Z" }), 0);
  });

  contract("a store that cannot work says why with its code and tells no secret", async ({ failing, secrets }) => {
    for (const { why, store, code } of failing) {
      for (const call of [() => store.put("sets/x.json", text("x")), () => store.list("sets/"), () => store.stat("sets/x.json")]) {
        const error: unknown = await call().then(
          () => assert.fail(`${why}: it worked`),
          (one: unknown) => one,
        );
        assert.ok(error instanceof RecoveryError, `${why}: ${String(error)}`);
        assert.equal(error.code, code, `${why}: ${error.message}`);
        const told = [
          error.message,
          error.stack,
          JSON.stringify(error),
          JSON.stringify(causesOf(error)),
          JSON.stringify(error.remedies),
        ].join("\n");
        for (const secret of secrets) assert.ok(!told.includes(secret), `${why}: ${told}`);
      }
    }
  });
}

function causesOf(error: Error): readonly unknown[] {
  if (!(error.cause instanceof Error)) return [error.cause];
  const { cause } = error;
  return [Object.assign({}, cause), cause.message, cause.stack, ...causesOf(cause)];
}
