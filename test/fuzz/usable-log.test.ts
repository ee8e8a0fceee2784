/**
 * Logs with changed bits, lost sectors and lost segments: no entry that a
 * later leader overruled is ever replayed, and nothing but what a kill leaves,
 * or a newest segment that left no trace, is lost without a word.
 * REQUORUM_FUZZ_ROUNDS and REQUORUM_FUZZ_SEED as in the other tests here.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { usableLog } from "../../src/formats/etcd/replay/usable-log.ts";
import { openWal } from "../../src/formats/etcd/wal/open-wal.ts";
import { soundLogs, type WalFiles } from "../support/damage-wal.ts";
import { segmentsOf } from "../support/make-wal.ts";
import { seededRandom } from "../support/seeded-random.ts";

const rounds = Number(process.env["REQUORUM_FUZZ_ROUNDS"] ?? 1000);
const firstSeed = Number(process.env["REQUORUM_FUZZ_SEED"] ?? 1);

/** One segment less, one sector of zeroes, or one or two bits changed in what was written. */
function damaged(sound: WalFiles, random: () => number): WalFiles {
  const files = new Map([...sound].map(([name, bytes]) => [name, bytes.slice()]));
  const names = [...files.keys()];
  const name = names[Math.floor(random() * names.length)] ?? "";
  const bytes = files.get(name) ?? new Uint8Array(0);
  const what = random();
  // The newest segment is left alone: a log that ends where a segment does looks like that anyway.
  if (what < 0.1 && name !== names.at(-1)) files.delete(name);
  else if (what < 0.3) {
    const sector = Math.floor((random() * bytes.length) / 512) * 512;
    bytes.fill(0, sector, sector + 512);
  } else {
    const used = bytes.findLastIndex((byte) => byte !== 0) + 1;
    for (let left = 1 + Math.floor(random() * 2); left > 0; left -= 1) {
      const at = Math.floor(random() * used);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    }
  }
  return files;
}

test(`usableLog: of ${String(rounds)} damaged logs no overruled entry comes back, and no loss is silent`, () => {
  const sounds = soundLogs().map((files) => ({ files, log: openWal(segmentsOf(files)) }));
  for (let seed = firstSeed; seed < firstSeed + rounds; seed += 1) {
    const random = seededRandom(seed);
    const sound = sounds[seed % sounds.length];
    assert.ok(sound?.log.lastIndex !== undefined && sound.log.continuousFrom !== undefined);
    const { lastIndex, continuousFrom } = sound.log;
    const held = continuousFrom + BigInt(Math.floor(random() * Number(lastIndex - continuousFrom)));
    const wal = openWal(segmentsOf(damaged(sound.files, random)));
    const usable = usableLog(wal, { consistentIndex: held, term: sound.log.termAt(held) }, "log");
    let reached = held;
    for (const entry of usable.log?.entriesAfter(held) ?? []) {
      if (usable.mustStopAtCommit && entry.index > (usable.log?.recordedCommit ?? 0n)) break;
      reached += 1n;
      assert.deepEqual([entry.index, entry.term], [reached, sound.log.termAt(reached)], `seed ${String(seed)}`);
    }
    assert.equal(usable.throughIndex, reached, `seed ${String(seed)}`);
    if (usable.loss === undefined && reached < lastIndex) {
      assert.equal(wal.end.kind, "torn", `seed ${String(seed)}`);
      assert.equal(reached + 1n, lastIndex, `seed ${String(seed)}`);
    }
  }
});
