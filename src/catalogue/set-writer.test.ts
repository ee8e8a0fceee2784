import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeBackupStore } from "../../test/support/fake-backup-store.ts";
import { isRecoveryError } from "../../test/support/is-recovery-error.ts";
import {
  firstSet,
  gathered,
  identity,
  manifestFacts,
  partHead,
  readSet,
  recipient,
  secondSet,
  seededBytes,
  setWorld,
  sha256Hex,
  writeSet,
} from "../../test/support/set-world.ts";
import { chunkBytes } from "../formats/backup-set/chunk.ts";
import { encodeSignedDocument } from "../formats/backup-set/signed-document.ts";
import { asBackupSetId } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import type { ProcessOwner } from "../ports/process-owner.ts";
import { listSets } from "./list-sets.ts";
import { SetContent } from "./set-content.ts";
import { openSet } from "./set-reader.ts";
import { SetWriter, type SetWriting } from "./set-writer.ts";

/** Many packs of little content. */
const packBytes = 8 * chunkBytes;
const inSmallPacks: Pick<SetWriting, "makeContent"> = { makeContent: (options) => new SetContent({ ...options, packBytes }) };

const files = {
  "/etc/kubernetes/pki/ca.key": seededBytes(1, 1675),
  "/empty": new Uint8Array(),
  "/one-chunk": seededBytes(2, chunkBytes),
  "/more": seededBytes(3, 3 * chunkBytes + 17),
};

test("what is written is read again, byte for byte, with its names and modes", async () => {
  const { writing, reading, store } = setWorld();
  const manifest = await writeSet(writing, files);
  assert.deepEqual(manifest.contents, [{ kind: "pki", host: "cp1", count: 4 }]);
  const set = await openSet(reading, firstSet, identity);
  assert.deepEqual(
    set.parts.map(({ path, sizeBytes, sha256, mode }) => ({ path, sizeBytes, sha256, mode })),
    Object.entries(files).map(([path, content]) => ({ path, sizeBytes: content.length, sha256: sha256Hex(content), mode: 0o600 })),
  );
  for (const part of set.parts)
    assert.deepEqual(Buffer.from(await gathered(set.readPart(part))), Buffer.from(files[part.path as keyof typeof files]));
  assert.equal(set.manifestSha256, sha256Hex(await store.get(`sets/${firstSet}.json`)));
  set.close();
});

test("the manifest is written last, the claim first, and nothing but the set stays", async () => {
  const { writing, store } = setWorld();
  await writeSet(writing, files);
  const written = store.calls.filter((call) => call.startsWith("put") || call.startsWith("remove"));
  assert.deepEqual(
    written.map((call) =>
      call
        .replace(/[0-9a-f]{64}/, "SHA")
        .replace(/packs\/../, "packs/xx")
        .replace(/claims\/(?!20260301-030000-aaaaaa).*/, "claims/LASTING"),
    ),
    [
      "put requorum-store.json",
      `put claims/${firstSet}.json`,
      "put packs/xx/SHA",
      "put indexes/SHA",
      "put claims/LASTING",
      `put sets/${firstSet}.json`,
      "remove claims/LASTING",
      "remove aside/claims/LASTING",
      `remove claims/${firstSet}.json`,
      `remove aside/claims/${firstSet}.json`,
    ],
  );
  assert.equal(
    [...store.objects.keys()].some((name) => name.startsWith("aside/") || name.startsWith("claims/")),
    false,
  );
});

test("no plain content, path or sha256 of a small part is in what is stored, nor the data key", async () => {
  const { writing, store, keys } = setWorld();
  const secret = Buffer.from("-----BEGIN RSA PRIVATE KEY----- of the authority");
  await writeSet(writing, { "/etc/kubernetes/pki/ca.key": secret });
  const [held] = [...keys.dataKeys.values()];
  const all = [...store.objects.values()].map(({ content }) => Buffer.from(content).toString("latin1")).join("\n");
  const wanted = [secret.toString(), "ca.key", sha256Hex(secret), Buffer.from(held?.key ?? "?").toString("latin1")];
  assert.deepEqual(
    wanted.filter((text) => all.includes(text)),
    [],
  );
});

test("a second set stores only what is new, and the first may be read without it", async () => {
  const { writing, reading, store } = setWorld();
  const content = seededBytes(4, 20 * chunkBytes);
  await writeSet(writing, { "/snapshot": content });
  const before = store.names("packs/");
  const changed = content.slice();
  changed[10 * chunkBytes + 5] = (changed[10 * chunkBytes + 5] ?? 0) ^ 1;
  const second = await writeSet(writing, { "/snapshot": changed }, { id: secondSet });
  const added = store.names("packs/").filter((name) => !before.includes(name));
  assert.equal(added.length, 1);
  assert.ok((store.objects.get(added[0] ?? "")?.content.length ?? 0) <= chunkBytes + 29);
  assert.equal(second.packs.length, 2);
  assert.deepEqual(Buffer.from((await readSet(reading, secondSet))["/snapshot"] ?? []), Buffer.from(changed));
  assert.deepEqual(Buffer.from((await readSet(reading, firstSet))["/snapshot"] ?? []), Buffer.from(content));
});

test("nothing is shared with a set that is not listed, not trusted, damaged, or was found to be damaged", async () => {
  for (const spoil of ["unlisted", "untrusted", "damaged", "index gone", "proof of damage"]) {
    const { writing, store, keys } = setWorld();
    const { index } = await writeSet(writing, files);
    const proof = {
      ...{ apiVersion: "requorum.backup/v1", kind: "BackupProof", set: firstSet, at: "2026-03-01T03:30:00.000Z", by: "anna", program: "x" },
      manifestSha256: sha256Hex(store.objects.get(`sets/${firstSet}.json`)?.content ?? new Uint8Array()),
      outcomes: [{ level: "V1", verdict: "fails", because: ["a pack is damaged"], tookMs: 1 }],
    };
    if (spoil === "proof of damage")
      await store.put(`proofs/${firstSet}/20260301-033000-aaaa.json`, encodeSignedDocument(proof, keys.signing, writing.ciphers));
    if (spoil === "unlisted") store.objects.delete(`sets/${firstSet}.json`);
    if (spoil === "untrusted") Object.assign(keys, { signing: setWorld().keys.signing });
    if (spoil === "damaged") store.damage(`sets/${firstSet}.json`, (bytes) => bytes.subarray(1));
    if (spoil === "index gone") store.objects.delete(`indexes/${index.sha256}`);
    const before = store.names("packs/");
    const second = await writeSet(writing, files, { id: secondSet });
    assert.deepEqual(
      second.packs.filter(({ sha256 }) => before.some((name) => name.endsWith(sha256))),
      [],
      spoil,
    );
  }
});

test("of a store of years only the newest sets are looked at", async () => {
  const { writing, store } = setWorld();
  const idOf = (index: number) => asBackupSetId(`20260301-03${String(index).padStart(4, "0")}-aaaaaa`);
  for (let index = 0; index < 40; index += 1) await writeSet(writing, { "/a": seededBytes(9, 100) }, { id: idOf(index) });
  store.calls.length = 0;
  await writeSet(writing, { "/a": seededBytes(9, 100) }, { id: idOf(40) });
  assert.equal(store.calls.filter((call) => call.startsWith("get sets/")).length, 32);
  assert.equal(store.calls.filter((call) => call.startsWith("get indexes/")).length, 8);
});

test("equal chunks inside one set are stored once", async () => {
  const { writing, store } = setWorld();
  await writeSet(writing, { "/zeros": new Uint8Array(50 * chunkBytes), "/again": new Uint8Array(7 * chunkBytes) });
  const [pack] = store.names("packs/");
  assert.ok((store.objects.get(pack ?? "")?.content.length ?? Infinity) < 1000);
});

test("content comes in pieces of any size, and is cut the same way", async () => {
  const { writing, reading } = setWorld();
  const content = seededBytes(5, 5 * chunkBytes + 123);
  for (const [id, sizes] of [
    [firstSet, [1, 65_535, 65_537, 100, 200_000]],
    [secondSet, [327_803]],
  ] as const) {
    const writer = await SetWriter.begin(writing, { id, recipients: [recipient] });
    const pieces = async function* () {
      let offset = 0;
      for (let index = 0; offset < content.length; index += 1) {
        const size = sizes[index % sizes.length] ?? 1;
        yield content.subarray(offset, offset + size);
        offset += size;
        await Promise.resolve();
      }
    };
    const part = await writer.addPart(partHead("/snapshot"), pieces());
    assert.equal(part.chunks.length, 6);
    const manifest = await writer.finish(manifestFacts());
    if (id === secondSet) assert.equal(manifest.packs.length, 1, "all of it was stored by the first set");
    assert.deepEqual(Buffer.from((await readSet(reading, id))["/snapshot"] ?? []), Buffer.from(content));
  }
});

test("a part of many packs is put while it is read, and no more than five packs are ever held", async () => {
  let [held, heldMax] = [0, 0];
  const store = new FakeBackupStore();
  const { writing, reading } = setWorld(store);
  store.beforeCall = async (operation, name) => {
    if (operation !== "put" || !name.startsWith("packs/")) return;
    held += 1;
    heldMax = Math.max(heldMax, held);
    await new Promise((resolve) => setImmediate(resolve));
    held -= 1;
  };
  const sizeBytes = 7 * packBytes;
  const piece = new Uint8Array(chunkBytes);
  const noise = async function* () {
    for (let done = 0; done < sizeBytes; done += piece.length) {
      crypto.getRandomValues(piece);
      yield piece; // the same buffer again and again, as a reader that reuses its own gives it
      await Promise.resolve();
    }
  };
  const writer = await SetWriter.begin({ ...writing, ...inSmallPacks }, { id: firstSet, recipients: [recipient] });
  const part = await writer.addPart(partHead("/noise"), noise());
  assert.equal(part.sizeBytes, sizeBytes);
  const { packs } = await writer.finish(manifestFacts());
  assert.equal(packs.length, 7);
  assert.ok(heldMax <= 4, `${heldMax} packs on their way`);
  const set = await openSet(reading, firstSet, identity);
  let readBytes = 0;
  for await (const read of set.readPart(part)) readBytes += read.length;
  assert.equal(readBytes, sizeBytes);
});

test("abort takes away what was written, and the claim", async () => {
  const { writing, store } = setWorld();
  const writer = await SetWriter.begin({ ...writing, ...inSmallPacks }, { id: firstSet, recipients: [recipient] });
  const noise = Buffer.alloc(packBytes + chunkBytes);
  for (let offset = 0; offset < noise.length; offset += 65_536) crypto.getRandomValues(noise.subarray(offset, offset + 65_536));
  await writer.addPart(partHead("/noise"), noise);
  await writer.abort();
  assert.deepEqual([...store.objects.keys()], ["requorum-store.json"]);
  await assert.rejects(writer.addPart(partHead("/x"), new Uint8Array(1)), /has ended/);
});

test("a put that fails ends the set with the store's own words; after abort nothing of it is there", async () => {
  const { writing, store } = setWorld();
  const writer = await SetWriter.begin(writing, { id: firstSet, recipients: [recipient] });
  store.beforeCall = (operation, name) => {
    if (operation === "put" && name.startsWith("packs/"))
      throw new RecoveryError("BACKUP_STORE_FAILED", { subject: "store", detail: "no space is left there" });
  };
  await writer.addPart(partHead("/a"), seededBytes(9, 1000));
  await assert.rejects(writer.finish(manifestFacts()), isRecoveryError("BACKUP_STORE_FAILED", /no space/));
  store.beforeCall = undefined;
  await writer.abort();
  assert.deepEqual([...store.objects.keys()], ["requorum-store.json"]);
});

test("when the answer to the manifest's put is lost, the set that exists by then keeps what it needs", async () => {
  const { writing, reading, store } = setWorld();
  const writer = await SetWriter.begin(writing, { id: firstSet, recipients: [recipient] });
  store.afterCall = (operation, name) => {
    if (operation === "put" && name.startsWith("sets/"))
      throw new RecoveryError("BACKUP_STORE_UNREACHABLE", { subject: "store", detail: "the connection broke" });
  };
  await writer.addPart(partHead("/a"), seededBytes(9, 1000));
  await assert.rejects(writer.finish(manifestFacts()), isRecoveryError("BACKUP_SET_UNDECIDED"));
  await writer.abort();
  assert.deepEqual(Buffer.from((await readSet(reading))["/a"] ?? []), Buffer.from(seededBytes(9, 1000)));
});

test("a claim that cannot be taken away does not make a set that exists a failure", async () => {
  const { writing, reading, store, running } = setWorld();
  store.beforeCall = (operation) => {
    if (operation === "remove") throw new RecoveryError("BACKUP_STORE_UNREACHABLE", { subject: "store", detail: "the connection broke" });
  };
  await writeSet(writing, files);
  store.beforeCall = undefined;
  assert.equal((await listSets(reading, reading.trust)).length, 1);
  assert.equal(store.names("claims/").length, 2);
  running.clear();
  await writeSet(writing, files, { id: secondSet });
  assert.deepEqual(store.names("claims/"), [], "the next writer clears both");
});

test("who stops the program stops the packs that are on their way too", async () => {
  const { writing, store } = setWorld();
  const stop = new AbortController();
  const writer = await SetWriter.begin(writing, { id: firstSet, recipients: [recipient], signal: stop.signal });
  await writer.addPart(partHead("/a"), seededBytes(9, 1000));
  stop.abort(new Error("stopped"));
  await assert.rejects(writer.finish(manifestFacts()), isRecoveryError("INTERRUPTED"));
  await writer.abort();
  assert.deepEqual(store.names(), ["requorum-store.json"]);
});

test("a pack that the new set shares and that is gone by now ends the writing: BACKUP_OBJECT_MISSING", async () => {
  const { writing, reading, store } = setWorld();
  const manifest = await writeSet(writing, files);
  const writer = await SetWriter.begin(writing, { id: secondSet, recipients: [recipient] });
  await writer.addPart(partHead("/more"), files["/more"]);
  const [pack] = store.names("packs/");
  store.objects.delete(pack ?? "");
  await assert.rejects(writer.finish(manifestFacts()), isRecoveryError("BACKUP_OBJECT_MISSING", /is gone/));
  await writer.abort();
  assert.deepEqual(
    (await listSets(reading, reading.trust)).map(({ id }) => id),
    [manifest.id],
  );
});

test("other recipients, or another passphrase, begin a new data key; the same ones do not", async () => {
  const { writing } = setWorld();
  const keyIds: string[] = [];
  for (const [index, [recipients, passphrase]] of (
    [
      [["age1anna"], undefined],
      [["age1anna"], undefined],
      [["age1bob", "age1anna"], undefined],
      [["age1anna", "age1bob"], undefined],
      [["age1anna", "age1bob"], "correct horse"],
      [["age1anna", "age1bob"], "correct horse"],
      [["age1anna", "age1bob"], "another horse"],
      [[], "another horse"],
    ] as const
  ).entries()) {
    const set = { id: `20260301-03000${index}-aaaaaa` as typeof firstSet, recipients, ...(passphrase === undefined ? {} : { passphrase }) };
    const { key } = await writeSet(writing, files, set);
    keyIds.push(key.keyId);
    assert.deepEqual(
      key.wrapped.map((wrapped) => wrapped.for),
      [...(recipients.length > 0 ? ["recipients"] : []), ...(passphrase === undefined ? [] : ["passphrase"])],
    );
  }
  const numbers = keyIds.map((id) => [...new Set(keyIds)].indexOf(id));
  assert.deepEqual(numbers, [0, 0, 1, 1, 2, 2, 3, 4]);
});

test("a held data key that is not the one that the passphrase opens seals nothing", async () => {
  const { writing, keys, store } = setWorld();
  await writeSet(writing, files, { passphrase: "correct horse" });
  for (const [storeId, held] of keys.dataKeys) keys.dataKeys.set(storeId, { ...held, key: held.key.map((byte) => byte ^ 1) });
  await assert.rejects(
    writeSet(writing, files, { id: secondSet, passphrase: "correct horse" }),
    isRecoveryError("BACKUP_KEY_INVALID", /not the one that its passphrase opens/),
  );
  assert.deepEqual(store.names("claims/"), []);
});

test("a set that nobody could open is not begun", async () => {
  const { writing, store } = setWorld();
  await assert.rejects(SetWriter.begin(writing, { id: firstSet, recipients: [] }), isRecoveryError("BACKUP_KEY_INVALID", /by nobody/));
  assert.deepEqual(store.names("claims/"), []);
});

test("what a reader would refuse is not written", async () => {
  const { writing, store } = setWorld();
  const writer = await SetWriter.begin(writing, { id: firstSet, recipients: [recipient] });
  await assert.rejects(writer.finish(manifestFacts({ createdAt: "yesterday" })), isRecoveryError("BACKUP_SET_DAMAGED", /createdAt/));
  await writer.abort();
  assert.deepEqual(store.names("sets/"), []);
});

test("an index that its own reader would refuse is not written", async () => {
  const { writing, store } = setWorld();
  const writer = await SetWriter.begin(writing, { id: firstSet, recipients: [recipient] });
  await writer.addPart(partHead("/etc/kubernetes/pki/ca.crt", { uid: 2 ** 33 }), seededBytes(1, 100));
  await assert.rejects(writer.finish(manifestFacts()), isRecoveryError("BACKUP_SET_DAMAGED", /parts\[0\]\.uid/));
  assert.deepEqual([...store.names("indexes/"), ...store.names("sets/")], []);
});

test("a file of before 1970 is kept as of 1970, and the set is read", async () => {
  const { writing, reading } = setWorld();
  const writer = await SetWriter.begin(writing, { id: firstSet, recipients: [recipient] });
  await writer.addPart(partHead("/etc/cni/net.d/10.conflist", { modifiedAt: -3600 }), seededBytes(1, 100));
  await writer.finish(manifestFacts());
  const set = await openSet(reading, firstSet, identity);
  assert.deepEqual(
    set.parts.map(({ modifiedAt }) => modifiedAt),
    [0],
  );
});

test("a signing key whose halves do not fit signs nothing that is listed", async () => {
  const { writing, store, keys } = setWorld();
  Object.assign(keys, { signing: { ...keys.signing, publicKey: setWorld().keys.signing.publicKey } });
  await assert.rejects(writeSet(writing, files), isRecoveryError("BACKUP_SET_DAMAGED", /signature/));
  assert.deepEqual(store.names("sets/"), []);
});

test("a store that stops answering at the manifest's put: what a late manifest needs is claimed already, for a day", async () => {
  const world = setWorld();
  const { writing, reading, store, running, clock } = world;
  const writer = await SetWriter.begin(writing, { id: firstSet, recipients: [recipient] });
  await writer.addPart(partHead("/a"), seededBytes(9, 1000));
  let late: Uint8Array | undefined;
  const put = store.put.bind(store);
  store.put = (name, content, options) => {
    if (!name.startsWith("sets/") || late !== undefined) return put(name, content, options);
    late = content;
    store.beforeCall = () => {
      throw new RecoveryError("BACKUP_STORE_UNREACHABLE", { subject: "store", detail: "no answer" });
    };
    return store.put(name, content, options);
  };
  await assert.rejects(writer.finish(manifestFacts()), isRecoveryError("BACKUP_SET_UNDECIDED", /may still appear/));
  await assert.rejects(writer.abort(), isRecoveryError("BACKUP_STORE_UNREACHABLE"));
  store.beforeCall = undefined;
  running.clear();
  clock.advance(60_000);
  await writeSet({ ...writing, owner: { ...writing.owner, pid: 200 } }, { "/b": seededBytes(10, 100) }, { id: secondSet });
  assert.ok(late !== undefined);
  await put(`sets/${firstSet}.json`, late);
  await readSet(reading);
  // Nothing is waited for any more: the next one clears at once, not after a day.
  await writeSet({ ...writing, owner: { ...writing.owner, pid: 201 } }, files, { id: asBackupSetId("20260301-050000-cccccc") });
  assert.deepEqual(store.names("claims/"), []);
  await readSet(reading);
});

test("a writer that took longer than others wait for it does not finish", async () => {
  const { writing, clock, store } = setWorld();
  const writer = await SetWriter.begin(writing, { id: firstSet, recipients: [recipient] });
  clock.advance(21 * 60 * 60 * 1000);
  await assert.rejects(writer.finish(manifestFacts()), isRecoveryError("BACKUP_STORE_BUSY", /20 hours/));
  assert.deepEqual(store.names("sets/"), []);
});

test("a store of a newer format, or with a damaged identity, is not written to", async () => {
  for (const text of ['{"apiVersion":"requorum.backup/v2","kind":"BackupStore","storeId":"0000000000000000","createdAt":"x"}', "{", "[]"]) {
    const { writing, store } = setWorld();
    await store.put("requorum-store.json", new TextEncoder().encode(text));
    await assert.rejects(SetWriter.begin(writing, { id: firstSet, recipients: [recipient] }), isRecoveryError("BACKUP_STORE_INVALID"));
    assert.deepEqual(store.names(), ["requorum-store.json"]);
  }
});

test("a manifest whose put failed here and lands later finds all that it needs: abort removes nothing, the next writer neither", async () => {
  const { writing, reading, store, clock } = setWorld();
  const isRunning = ({ bootId }: ProcessOwner) => Promise.resolve(bootId === "" ? undefined : false);
  const writer = await SetWriter.begin({ ...writing, isRunning }, { id: firstSet, recipients: [recipient] });
  await writer.addPart(partHead("/a"), seededBytes(9, 1000));
  const put = store.put.bind(store);
  let late: (() => Promise<void>) | undefined;
  store.put = (name, content) => {
    if (!name.startsWith("sets/") || late !== undefined) return put(name, content);
    late = () => put(name, content);
    return Promise.reject(new RecoveryError("BACKUP_STORE_UNREACHABLE", { subject: "store", detail: "no answer" }));
  };
  await assert.rejects(writer.finish(manifestFacts()), isRecoveryError("BACKUP_SET_UNDECIDED", /may still appear/));
  await writer.abort();
  await writeSet({ ...writing, isRunning }, files, { id: secondSet });
  await late?.();
  assert.deepEqual(Buffer.from((await readSet(reading))["/a"] ?? []), Buffer.from(seededBytes(9, 1000)));
  clock.advance(25 * 3_600_000);
  await writeSet({ ...writing, isRunning }, files, { id: asBackupSetId("20260302-050000-cccccc") });
  assert.deepEqual(store.names("claims/"), [], "a day later the claims that kept it go");
  await readSet(reading);
});

test("a writer whose claim is gone, or another one, does not finish, and leaves no set", async () => {
  for (const when of ["before", "after"]) {
    for (const change of [undefined, new Uint8Array(3)]) {
      const { writing, store } = setWorld();
      const writer = await SetWriter.begin(writing, { id: firstSet, recipients: [recipient] });
      await writer.addPart(partHead("/a"), seededBytes(9, 1000));
      const name = `claims/${firstSet}.json`;
      const spoil = () => {
        if (change === undefined) store.objects.delete(name);
        else store.damage(name, () => change);
      };
      if (when === "before") spoil();
      else
        store.afterCall = (operation, put) => {
          if (operation === "put" && put.startsWith("sets/")) spoil();
        };
      await assert.rejects(writer.finish(manifestFacts()), isRecoveryError("BACKUP_STORE_BUSY", /took it for dead/));
      assert.deepEqual(store.names("sets/"), []);
      if (when === "before") assert.ok(!store.calls.includes(`put sets/${firstSet}.json`));
    }
  }
});

test("a machine that slept while its writer worked: the wall clock counts too", async () => {
  const { writing, clock, store } = setWorld();
  clock.monotonicMs = () => 0;
  const writer = await SetWriter.begin(writing, { id: firstSet, recipients: [recipient] });
  clock.advance(21 * 3_600_000);
  await assert.rejects(writer.finish(manifestFacts()), isRecoveryError("BACKUP_STORE_BUSY", /20 hours/));
  assert.deepEqual(store.names("sets/"), []);
});
