/** A program that writes one backup set as `backup create` does; kill-set-writer.ts kills it. What to do comes over stdin. */
import { text } from "node:stream/consumers";
import { FileBackupKeys } from "../../src/adapters/local-fs/file-backup-keys.ts";
import { runningBeside, thisProcess } from "../../src/adapters/system/node-process-owner.ts";
import { nodeSetCiphers } from "../../src/adapters/system/node-set-ciphers.ts";
import { NodeHashing } from "../../src/adapters/system/node-hashing.ts";
import { SystemClock } from "../../src/adapters/system/system-clock.ts";
import { SetWriter, type SetWriting } from "../../src/catalogue/set-writer.ts";
import { asBackupSetId } from "../../src/model/ids.ts";
import type { BackupStore } from "../../src/ports/backup-store.ts";
import { openStoreForTests } from "./open-store-for-tests.ts";
import { FakeKeyWrapping, manifestFacts, partHead, recipient, seededBytes } from "./set-world.ts";

/** Two packs of what is new. */
const partBytes = 36 * 1024 * 1024;

export interface SetWriterTask {
  readonly place: string;
  readonly options: Parameters<typeof openStoreForTests>[1];
  readonly stateDirectory: string;
  readonly id: string;
  readonly seed: number;
}

export async function writingOf(store: BackupStore, stateDirectory: string): Promise<SetWriting> {
  const owner = await thisProcess();
  const hashing = new NodeHashing();
  return {
    store,
    ciphers: nodeSetCiphers,
    wrapping: new FakeKeyWrapping(),
    keys: new FileBackupKeys({ stateDirectory }),
    clock: new SystemClock(),
    randomHex: (byteCount) => hashing.randomHex(byteCount),
    owner,
    isRunning: runningBeside(owner),
  };
}

export async function writeKilledSet(writing: SetWriting, id: string, seed: number): Promise<void> {
  const writer = await SetWriter.begin(writing, { id: asBackupSetId(id), recipients: [recipient] });
  await writer.addPart(partHead("snapshot.db", { kind: "snapshot", host: undefined }), killedPart(seed));
  await writer.finish(manifestFacts());
}

/** A third of it is in every set; the rest is of the seed, so that a killed writer always had something to store. */
export async function* killedPart(seed: number): AsyncIterable<Uint8Array> {
  const shared = seededBytes(1, 1024 * 1024);
  const own = seededBytes(1000 + seed, 1024 * 1024);
  for (let done = 0; done < partBytes; done += own.length) {
    const piece = new Uint8Array((done / own.length) % 3 === 0 ? shared : own);
    piece.fill(done / own.length, 0, 1); // every chunk at the beginning of a piece is another one
    for (let chunk = 0; chunk < piece.length; chunk += 65_536) piece[chunk + 1] = done / own.length;
    yield piece;
    await Promise.resolve();
  }
}

if (process.argv[1] === import.meta.filename) {
  const task = JSON.parse(await text(process.stdin)) as SetWriterTask;
  const store = openStoreForTests(task.place, task.options);
  process.stdout.write("begins\n");
  await writeKilledSet(await writingOf(store, task.stateDirectory), task.id, task.seed);
  process.stdout.write("done\n");
  await store.close();
}
