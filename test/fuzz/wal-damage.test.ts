/**
 * Damaged logs and snapshot files: facts or a typed error come out, in bounded
 * time, and every entry that is called live can be read and decoded or is
 * called damaged. REQUORUM_FUZZ_ROUNDS says how many (3000 when it is not set;
 * scripts run a million), REQUORUM_FUZZ_SEED where to begin. Agreement with
 * etcd's own reader: test/etcd/wal-verdicts.test.ts.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryByteSource } from "../../src/formats/byte-source.ts";
import { rankMember } from "../../src/formats/etcd/data-dir/rank-member.ts";
import { readConfChange, readConfChangeV2 } from "../../src/formats/etcd/raft/raft-messages.ts";
import { readInternalRequest } from "../../src/formats/etcd/raft/read-internal-request.ts";
import { encodeSnapFile, readSnapFile } from "../../src/formats/etcd/snap/snap-file.ts";
import { readV2Store } from "../../src/formats/etcd/snap/v2-store.ts";
import { openWal } from "../../src/formats/etcd/wal/open-wal.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import { damageWal, soundLogs } from "../support/damage-wal.ts";
import { segmentsOf } from "../support/make-wal.ts";
import { seededRandom } from "../support/seeded-random.ts";

const rounds = Number(process.env["REQUORUM_FUZZ_ROUNDS"] ?? 3000);
const firstSeed = Number(process.env["REQUORUM_FUZZ_SEED"] ?? 1);
/** A log here has some KiB: a thousand times the usual work means that there is no end. */
const roundLimitMs = 5000;
const place = { file: "log", offset: undefined };

/** Whether it ended in a typed error; any other error is a bug. */
function refuses(seed: number, work: () => unknown): boolean {
  const start = performance.now();
  try {
    work();
    return false;
  } catch (error) {
    assert.ok(error instanceof RecoveryError && /^FILE_(DAMAGED|UNSUPPORTED)$/.test(error.code), `seed ${String(seed)}: ${String(error)}`);
    return true;
  } finally {
    assert.ok(performance.now() - start < roundLimitMs, `seed ${String(seed)} took too long`);
  }
}

test(`openWal: ${String(rounds)} damaged logs end in facts, and live entries can be read`, () => {
  const logs = soundLogs();
  for (let seed = firstSeed; seed < firstSeed + rounds; seed += 1) {
    const segments = segmentsOf(damageWal(logs, seededRandom(seed)));
    refuses(seed, () => {
      const log = openWal(segments);
      const { continuousFrom, lastIndex } = log;
      rankMember({ name: "m", wal: log, database: { consistentIndex: 5n, term: 1n }, snapFiles: [] });
      if (continuousFrom === undefined || lastIndex === undefined) return;
      let expected = continuousFrom;
      for (const entry of log.entries(continuousFrom)) {
        assert.equal(entry.index, expected, `seed ${String(seed)}`);
        assert.equal(log.termAt(entry.index), entry.term, `seed ${String(seed)}`);
        expected += 1n;
        refuses(seed, () => {
          if (entry.kind === "conf-change") readConfChange(entry.data, place);
          else if (entry.kind === "conf-change-v2") readConfChangeV2(entry.data, place);
          else if (entry.data.length > 0) readInternalRequest(entry.data, place);
        });
      }
      assert.equal(expected, lastIndex + 1n, `seed ${String(seed)}: what is called continuous must be`);
    });
  }
});

test(`readInternalRequest: ${String(rounds)} random and changed requests end in a value or FILE_DAMAGED`, () => {
  const samples = soundLogs().flatMap((files) => [...openWal(segmentsOf(files)).entries(41n)].map((entry) => entry.data));
  for (let seed = firstSeed; seed < firstSeed + rounds; seed += 1) {
    const random = seededRandom(seed);
    const sample = samples[Math.floor(random() * samples.length)] ?? new Uint8Array(0);
    const bytes =
      random() < 0.3
        ? Uint8Array.from({ length: Math.floor(random() * 60) }, () => Math.floor(random() * 256))
        : sample.map((byte, at) => (random() < 3 / Math.min(sample.length, 30 + at) ? Math.floor(random() * 256) : byte));
    refuses(seed, () => readInternalRequest(bytes, place));
  }
});

test(`readSnapFile: ${String(rounds)} changed files are refused, or say what the file said`, () => {
  const confState = { voters: [1n, 2n], learners: [3n], votersOutgoing: [], learnersNext: [], autoLeave: false };
  const store = new TextEncoder().encode('{"Root":{"Children":{"0":{"Children":{"members":{"Children":{"1":{"Children":{}}}}}}}}}');
  const snapshot = { index: 7n, term: 2n, confState, data: store };
  const sound = encodeSnapFile(snapshot);
  for (let seed = firstSeed; seed < firstSeed + rounds; seed += 1) {
    const random = seededRandom(seed);
    const bytes = random() < 0.2 ? sound.slice(0, Math.floor(random() * sound.length)) : sound.slice();
    for (let count = 1 + Math.floor(random() * 3); count > 0; count -= 1)
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    refuses(seed, () => {
      assert.deepEqual(readSnapFile(new MemoryByteSource(bytes)), snapshot, `seed ${String(seed)}`);
    });
    const changed = store.map((byte) => (random() < 0.03 ? Math.floor(random() * 128) : byte));
    refuses(seed, () => readV2Store(changed, "x.snap"));
  }
});
