import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { nodeSetCiphers } from "../../src/adapters/system/node-set-ciphers.ts";
import { listSets } from "../../src/catalogue/list-sets.ts";
import { openSet } from "../../src/catalogue/set-reader.ts";
import { readStoreIdentity } from "../../src/catalogue/store-identity.ts";
import { indexName, packName } from "../../src/formats/backup-set/set-names.ts";
import type { BackupStore } from "../../src/ports/backup-store.ts";
import { openStoreForTests } from "./open-store-for-tests.ts";
import { seededRandom } from "./seeded-random.ts";
import { killedPart, writeKilledSet, writingOf, type SetWriterTask } from "./set-writer-process.ts";
import { FakeKeyWrapping, sha256Hex } from "./set-world.ts";

export interface KilledWriters {
  readonly place: string;
  readonly options: SetWriterTask["options"];
  readonly stateDirectory: string;
  readonly rounds: number;
  readonly seed: number;
  /** One line for each round. */
  readonly say?: (words: string) => void;
}

export interface KillTotals {
  readonly rounds: number;
  /** Killed before they ended. */
  killed: number;
  /** Sets that existed although their writer was killed, and those whose writer ended. */
  listed: number;
  /** Kills that left anything in the store besides what sets need. */
  withLeftovers: number;
}

/**
 * Writers of sets that are killed with SIGKILL at random moments, one after
 * the other in one store. After each: every listed set reads back whole, and
 * no set that was listed once is missing. In the end a writer that nobody
 * kills leaves nothing but what the sets need.
 */
export async function killSetWriters(given: KilledWriters): Promise<KillTotals> {
  const store = openStoreForTests(given.place, given.options);
  const totals: KillTotals = { rounds: given.rounds, killed: 0, listed: 0, withLeftovers: 0 };
  try {
    const tookMs = await writeUnkilled(store, given, 0);
    const seeds = new Map([[idOf(0), 0]]);
    const good = new Set([idOf(0)]);
    for (let round = 1; round <= given.rounds; round += 1) {
      const random = seededRandom(given.seed * 1000 + round);
      seeds.set(idOf(round), round);
      const outcome = await killOne({ ...given, id: idOf(round), seed: round }, random() * tookMs * 1.5);
      if (outcome === "killed") totals.killed += 1;
      const listed = await readListed(store, given.stateDirectory, seeds);
      for (const id of good) assert.ok(listed.includes(id), `round ${round}: set ${id} was listed, and is gone`);
      for (const id of listed) good.add(id);
      if (outcome === "done") assert.ok(good.has(idOf(round)), `round ${round}: its writer ended well`);
      const left = await leftoversOf(store);
      if (left.length > 0) totals.withLeftovers += 1;
      given.say?.(`round ${round}: ${outcome}, ${listed.length} sets, ${left.length} leftovers`);
    }
    await age(store, given.place);
    await writeUnkilled(store, given, given.rounds + 1);
    seeds.set(idOf(given.rounds + 1), given.rounds + 1);
    totals.listed = (await readListed(store, given.stateDirectory, seeds)).length;
    assert.equal(totals.listed, good.size + 1);
    assert.deepEqual(await leftoversOf(store), [], "the next run clears up");
    // Elsewhere their times cannot be set back; those of the last minute stay for whoever may be at work.
    if (!given.place.startsWith("/")) await store.clearUnfinished({ begunBefore: "2999-01-01T00:00:00.000Z" });
    assert.equal(await store.clearUnfinished({ begunBefore: "2999-01-01T00:00:00.000Z" }), 0, "no unfinished upload stays");
    return totals;
  } finally {
    await store.close();
  }
}

function idOf(round: number): string {
  return `20260301-${String(100_000 + round)}-aaaaaa`;
}

async function writeUnkilled(store: BackupStore, { stateDirectory }: KilledWriters, round: number): Promise<number> {
  const beganMs = performance.now();
  await writeKilledSet(await writingOf(store, stateDirectory), idOf(round), round);
  return performance.now() - beganMs;
}

async function killOne(task: SetWriterTask, afterMs: number): Promise<"killed" | "done"> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "set-writer-process.ts")], { stdio: ["pipe", "pipe", "inherit"] });
  const said: string[] = [];
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const begun = new Promise<void>((resolve) => {
    child.stdout.on("data", (text) => {
      said.push(String(text));
      resolve();
    });
  });
  const { place, options, stateDirectory, id, seed } = task;
  child.stdin.end(JSON.stringify({ place, options, stateDirectory, id, seed }));
  await Promise.race([begun, ended]);
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, afterMs))]);
  child.kill("SIGKILL");
  await ended;
  if (said.join("").endsWith("done\n")) return "done";
  assert.equal(child.signalCode, "SIGKILL", `the writer ended by itself with ${String(child.exitCode)}`);
  return "killed";
}

/** Ids of all listed sets, each of which was read to its end. */
async function readListed(store: BackupStore, stateDirectory: string, seeds: ReadonlyMap<string, number>): Promise<readonly string[]> {
  const { keys } = await writingOf(store, stateDirectory);
  const trust = { publicKeys: [(await keys.signingKey()).publicKey] };
  const held = await keys.readDataKey((await readStoreIdentity(store))?.storeId ?? "");
  assert.ok(held !== undefined);
  const sets = await listSets({ store, ciphers: nodeSetCiphers }, trust);
  for (const { kind, id } of sets) {
    assert.equal(kind, "trusted", `set ${String(id)}`);
    const reading = { store, ciphers: nodeSetCiphers, wrapping: new FakeKeyWrapping(), trust };
    const set = await openSet(reading, id, { kind: "held", key: held.key });
    const [part] = set.parts;
    assert.ok(part !== undefined);
    const wanted = await gatheredSha256(killedPart(seeds.get(id) ?? -1));
    assert.equal(part.sha256, wanted);
    assert.equal(await gatheredSha256(set.readPart(part)), wanted, `set ${id}`);
  }
  return sets.flatMap(({ id }) => id ?? []);
}

async function gatheredSha256(content: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return sha256Hex(Buffer.concat(pieces));
}

/** Packs, indexes and claims that no set needs. */
async function leftoversOf(store: BackupStore): Promise<readonly string[]> {
  const sets = await listSets({ store, ciphers: nodeSetCiphers }, { publicKeys: [] });
  const needed = new Set(
    sets.flatMap((set) =>
      set.kind === "damaged" ? [] : [indexName(set.manifest.index.sha256), ...set.manifest.packs.map(({ sha256 }) => packName(sha256))],
    ),
  );
  const objects = await store.list("");
  return objects.map(({ name }) => name).filter((name) => !needed.has(name) && !/^sets\/|^requorum-store\.json$|^aside\//.test(name));
}

/**
 * Unfinished writes of a directory of unknown writers count as left after a
 * day, and so does the claim for a manifest that may land yet, of a writer that
 * was killed right before it; nobody waits for that here.
 */
async function age(store: BackupStore, place: string): Promise<void> {
  const old = new Date(Date.now() - 48 * 3_600_000);
  const lasting: string[] = [];
  for (const { name } of await store.list("claims/"))
    if ((JSON.parse(new TextDecoder().decode(await store.get(name))) as { bootId: string }).bootId === "") lasting.push(name);
  if (place.startsWith("/")) {
    for (const name of lasting) await utimes(join(place, name), old, old);
    const directory = join(place, ".unfinished");
    for (const name of await readdir(directory)) await utimes(join(directory, name), old, old);
  } else for (const name of lasting) await store.remove(name, { forGood: true }); // times cannot be set back there
}
