import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { dayId, judgeDay, proveDay, writeDay } from "../../../test/support/prune-world.ts";
import { FakeBackupKeys, manifestFacts, partHead, recipient, setWorld } from "../../../test/support/set-world.ts";
import { SetWriter } from "../../catalogue/set-writer.ts";
import { asHostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { toBase64Url } from "../../formats/backup-set/byte-text.ts";
import { findSet, findSetOfHost, type PassedOver } from "./find-set.ts";

const onPassedOver = (): void => undefined;

test("findSet: `latest` is no older set where a newer one cannot be read; by its name the older one is found", async () => {
  const world = setWorld();
  world.clock.advance(4 * 86_400_000);
  for (const day of [1, 2]) await writeDay(world.writing, day);
  const context = { backup: world.writing, trust: world.reading.trust, signal: new AbortController().signal };
  const find = (name: string) => findSet(context, { name, cluster: "north", nowMs: world.clock.nowMs(), onPassedOver });
  assert.equal((await find("latest")).id, dayId(2));
  world.store.beforeCall = (operation, name) => {
    if (operation === "get" && name === `sets/${dayId(2)}.json`)
      throw new RecoveryError("BACKUP_STORE_FAILED", { subject: "store", detail: "EIO" });
  };
  const named = isRecoveryError("BACKUP_SET_DAMAGED", new RegExp(`newer than ${dayId(1)}, the newest of cluster north.*EIO`));
  await assert.rejects(find("latest"), named);
  assert.equal((await find(dayId(1))).id, dayId(1));
  // An older one that cannot be read is not meant, nor is a name of a far future that came before.
  await world.store.put("sets/99990101-000000-aaaaaa.json", new Uint8Array(1));
  world.clock.advance(7 * 86_400_000);
  await writeDay(world.writing, 9);
  assert.equal((await find("latest")).id, dayId(9));
  for (const day of [1, 9]) world.store.objects.delete(`sets/${dayId(day)}.json`);
  await assert.rejects(find("latest"), isRecoveryError("BACKUP_SET_DAMAGED", /there is no trusted set of cluster north that can be/));
});

test("findSet: `latest` that was proven damaged is not taken but to look at, and the newest proven set is named", async () => {
  const world = setWorld();
  world.clock.advance(9 * 86_400_000);
  for (const day of [1, 2, 3, 4]) await writeDay(world.writing, day);
  await proveDay(world, 1, "V5");
  await proveDay(world, 2, "V4");
  await judgeDay(world, 4, ["holds", "fails"]);
  const context = { backup: world.writing, trust: world.reading.trust, signal: new AbortController().signal };
  const again = (id: string) => `again ${id}`;
  const commandsOf = async (name: string, more: { readonly ofDamaged?: typeof again } = {}): Promise<readonly unknown[]> => {
    const wanted = { name, cluster: "north", nowMs: world.clock.nowMs(), onPassedOver, again, ...more };
    const error: unknown = await findSet(context, wanted).catch((caught: unknown) => caught);
    assert.ok(error instanceof RecoveryError && error.code === "BACKUP_SET_DAMAGED", String(error));
    return error.remedies.map(({ command }) => command);
  };
  const others = [`again ${dayId(2)}`, "requorum backup list"];
  assert.deepEqual(await commandsOf("latest"), others, "a verb that needs all of the set has no use for the damaged one");
  assert.deepEqual(await commandsOf("latest", { ofDamaged: (id) => `get ${id}` }), [...others, `get ${dayId(4)}`]);
  assert.equal((await findSet(context, { name: "latest", cluster: "north", nowMs: world.clock.nowMs(), onPassedOver })).id, dayId(4));
  assert.equal(
    (await findSet(context, { name: dayId(4), cluster: "north", nowMs: world.clock.nowMs(), onPassedOver, again })).id,
    dayId(4),
  );
  await world.store.put("sets/20260305-030000-aaaaaa.json", new Uint8Array(1));
  assert.deepEqual(await commandsOf("20260305"), [`again ${dayId(2)}`, "requorum backup list"]);
  // It held since: a disk that was mended.
  world.clock.advance(1000);
  await proveDay(world, 4, "V2");
  world.store.objects.delete("sets/20260305-030000-aaaaaa.json");
  assert.equal(
    (await findSet(context, { name: "latest", cluster: "north", nowMs: world.clock.nowMs(), onPassedOver, again })).id,
    dayId(4),
  );
});

test("findSet: a name that is wrong is told with what there is, in words that fit one set too", async () => {
  const world = setWorld();
  await writeDay(world.writing, 1);
  const context = { backup: world.writing, trust: world.reading.trust, signal: new AbortController().signal };
  const find = (name: string) => findSet(context, { name, cluster: "north", nowMs: world.clock.nowMs(), onPassedOver });
  await assert.rejects(find("nosuch"), isRecoveryError("BACKUP_SET_NOT_FOUND", new RegExp(`the only one there is ${dayId(1)}$`)));
  await writeDay(world.writing, 2);
  await assert.rejects(find(dayId(1).slice(0, 6)), (error: unknown) => {
    assert.ok(isRecoveryError("BACKUP_SET_NOT_FOUND", /2 sets begin so/)(error));
    assert.deepEqual(
      (error as RecoveryError).remedies.map(({ command }) => command),
      ["requorum backup list"],
    );
    return true;
  });
});

test("findSetOfHost: where a machine was down at the newest set, that is said, with the newest set that has it, and no set is taken unasked", async () => {
  const world = setWorld();
  world.clock.advance(9 * 86_400_000);
  for (const day of [1, 2]) await writeDay(world.writing, day);
  // Of cp2 the third has nothing: it was off.
  const id = dayId(3);
  const because = "cp1: nothing was collected there: no answer";
  const writer = await SetWriter.begin(world.writing, { id, recipients: [recipient] });
  await writer.addPart(partHead("/a", { host: asHostName("cp2"), kind: "kubeconfig" }), new Uint8Array(3));
  await writer.finish(manifestFacts({ createdAt: "2026-03-03T03:00:00.000Z", marks: [{ code: "MACHINE_UNREACHED", because }] }));
  const context = { backup: world.writing, trust: world.reading.trust, signal: new AbortController().signal };
  const find = (name: string, host: string, kinds: Parameters<typeof findSetOfHost>[1]["kinds"] = []) =>
    findSetOfHost(context, {
      name,
      cluster: "north",
      nowMs: world.clock.nowMs(),
      onPassedOver,
      host: asHostName(host),
      kinds,
      again: (other) => `again ${other}`,
    });
  const lacks = (words: RegExp, command: string | undefined) => (error: unknown) => {
    assert.ok(isRecoveryError("BACKUP_SET_LACKS_PARTS", words)(error));
    assert.equal((error as RecoveryError).remedies.find(({ command: one }) => one?.startsWith("again"))?.command, command);
    return true;
  };
  const newestOthers = new RegExp(`no parts of cp1 \\(${because}\\); set ${dayId(2)} of 2026-03-02.* has`);
  await assert.rejects(find("latest", "cp1"), lacks(newestOthers, `again ${dayId(2)}`));
  assert.equal((await find(dayId(1), "cp1", ["pki"])).id, dayId(1));
  assert.equal((await find("latest", "cp2", ["kubeconfig"])).id, id);
  await assert.rejects(find("latest", "cp3"), lacks(/no trusted set of cluster north in .* has/, undefined));
  // No set has this kind: what is wrong with the wish is said by who looks for the files.
  assert.equal((await find("latest", "cp2", ["encryption-config"])).id, id);
  await assert.rejects(find(dayId(1), "cp2", ["kubeconfig"]), lacks(new RegExp(`no parts of cp2; set ${id}`), `again ${id}`));
});

test("findSet: a set that is dated in the future is `latest` only where there is no other, and is told; by its name it is found", async () => {
  const world = setWorld();
  world.clock.advance(9 * 86_400_000);
  for (const day of [1, 2]) await writeDay(world.writing, day);
  const nowMs = world.clock.nowMs();
  const ahead = (await writeDay(world.writing, 29)).id;
  const context = { backup: world.writing, trust: world.reading.trust, signal: new AbortController().signal };
  const told: string[] = [];
  const wanted = { cluster: "north", nowMs, onPassedOver: ({ words }: { readonly words: string }) => told.push(words) };
  assert.equal((await findSet(context, { ...wanted, name: "latest" })).id, dayId(2));
  const name = `sets/${ahead}.json`;
  const { content } = world.store.objects.get(name) ?? { content: new Uint8Array() };
  // Also by the store's clock.
  world.store.objects.set(name, { content, modifiedAt: "2026-03-29T03:00:00.000Z" });
  assert.equal((await findSet(context, { ...wanted, name: "latest" })).id, dayId(2));
  assert.equal(told.length, 2);
  assert.match(
    told[0] ?? "",
    new RegExp(`^set ${ahead} is dated in the future \\(2026-03-29T.*: made with a wrong clock, or this machine's clock`),
  );
  assert.equal((await findSet(context, { ...wanted, name: ahead })).id, ahead);
  assert.equal(told.length, 2);
  for (const day of [1, 2]) world.store.objects.delete(`sets/${dayId(day)}.json`);
  // It is not passed over: it is what is taken.
  assert.equal((await findSet(context, { ...wanted, name: "latest" })).id, ahead);
  assert.equal(told.length, 2);
});

test("findSet: a newer set of an unknown signer is told with its key before an older one is taken; an older one of it is not", async () => {
  const world = setWorld();
  world.clock.advance(9 * 86_400_000);
  await writeDay(world.writing, 2);
  const stranger = new FakeBackupKeys();
  const context = { backup: world.writing, trust: world.reading.trust, signal: new AbortController().signal };
  const told: PassedOver[] = [];
  const onPassedOver = (set: PassedOver) => told.push(set);
  const latest = () => findSet(context, { name: "latest", cluster: "north", nowMs: world.clock.nowMs(), onPassedOver });
  await writeDay({ ...world.writing, keys: stranger }, 1);
  assert.deepEqual([(await latest()).id, told], [dayId(2), []]);
  await writeDay({ ...world.writing, keys: stranger }, 3);
  assert.equal((await latest()).id, dayId(2));
  const [one] = told;
  assert.deepEqual([told.length, one?.id], [1, dayId(3)]);
  assert.equal(one?.signer, toBase64Url((await stranger.signingKey()).publicKey));
  assert.match(
    one.words,
    new RegExp(`set ${dayId(3)} of 2026-03-03.* is newer than ${dayId(2)}, and is passed over: ${one.signer} signed it`),
  );
});

test("findSet: a newer set of an unknown signer whose clock is ahead is told with its key, and hides no other", async () => {
  const world = setWorld();
  world.clock.advance(3 * 86_400_000);
  await writeDay(world.writing, 2);
  const stranger = { ...world.writing, keys: new FakeBackupKeys() };
  const ahead = (await writeDay(stranger, 29)).id;
  const context = { backup: world.writing, trust: world.reading.trust, signal: new AbortController().signal };
  const passed = async (): Promise<readonly PassedOver[]> => {
    const told: PassedOver[] = [];
    const onPassedOver = (set: PassedOver) => told.push(set);
    const { id } = await findSet(context, { name: "latest", cluster: "north", nowMs: world.clock.nowMs(), onPassedOver });
    assert.equal(id, dayId(2));
    return told;
  };
  const [one, ...others] = await passed();
  const signer = toBase64Url((await stranger.keys.signingKey()).publicKey);
  assert.deepEqual([one?.id, one?.signer, others], [ahead, signer, []]);
  assert.match(one?.words ?? "", new RegExp(`^set ${ahead} is dated in the future .* It is passed over, too, as ${signer} signed it`));
  await writeDay(stranger, 3);
  assert.deepEqual(
    (await passed()).map(({ id }) => id),
    [dayId(3), ahead],
  );
});
