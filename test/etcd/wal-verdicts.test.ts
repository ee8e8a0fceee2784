/**
 * Damaged logs, judged by etcd's own reader (tools/wal-oracle) and by ours:
 * what etcd refuses we never call sound, and where both read, both find the
 * same entries. REQUORUM_FUZZ_ROUNDS and REQUORUM_FUZZ_SEED as in test/fuzz.
 */
import assert from "node:assert/strict";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openWal } from "../../src/formats/etcd/wal/open-wal.ts";
import { damageWal, soundLogs, type WalFiles } from "../support/damage-wal.ts";
import { segmentsOf } from "../support/make-wal.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { ourAnswer, WalOracle, type WalAnswer } from "../support/wal-oracle.ts";

const rounds = Number(process.env["REQUORUM_FUZZ_ROUNDS"] ?? 2000);
const firstSeed = Number(process.env["REQUORUM_FUZZ_SEED"] ?? 1);

/**
 * Where we are stricter than etcd on purpose. It starts on the first four and
 * silently misses what is lost (M8), dies later on an unknown entry type, takes
 * tags beyond 32 bits, skips a gap, a contradiction or a missing segment below its snapshot, keeps
 * entries that a leader's snapshot of a higher term overruled, lets an entry
 * overrule committed ones, and up to 3.6 takes any record whose inside is cut
 * for a torn write and throws away everything behind it. It ends the log at a
 * changed length that reaches into zeroes, and at zeroes with records behind them.
 */
const stricter =
  /^(the segment is empty|the segment begins with no record|an entry with index 0|two segments have this number|.* cannot be decoded: .*(entry type|more than 32 bits)|entry \d+ follows entry|entry \d+ overrules|a snapshot record at|segments? [0-9a-f]+( to [0-9a-f]+)? (is|are) missing before this one|the log has no entry|a record that cannot be decoded: .*(are left|cut off|group)|zeroes where a record belongs: at byte|a record that says to have \d+ bytes, and all of it|.*; and at byte \d+ a record follows)/;

test(`${String(rounds)} damaged logs: our verdict and entries are those of etcd's reader`, async () => {
  const oracle = await WalOracle.start();
  const directory = await mkdtemp(join(tmpdir(), "requorum-wal-verdicts-"));
  let [read, refused, stricterCount] = [0, 0, 0];
  try {
    const logs = soundLogs();
    for (const files of logs)
      assert.deepEqual(differences(await asked(oracle, directory, files), ourAnswer(openWal(segmentsOf(files)))), []);
    for (let seed = firstSeed; seed < firstSeed + rounds; seed += 1) {
      const files = damageWal(logs, seededRandom(seed));
      const theirs = await asked(oracle, directory, files);
      const log = openWal(segmentsOf(files));
      const ours = ourAnswer(log);
      const what = `seed ${String(seed)}: etcd ${JSON.stringify(theirs)}, we ${JSON.stringify(ours)}`;
      if (theirs.refused !== undefined) {
        refused += 1;
        assert.ok(ours.refused !== undefined, what);
      } else if (ours.refused !== undefined) {
        stricterCount += 1;
        assert.match(ours.refused, stricter, what);
      } else {
        read += 1;
        assert.deepEqual(differences(theirs, ours), [], what);
      }
    }
  } finally {
    oracle.close();
    await rm(directory, { recursive: true, force: true });
  }
  process.stderr.write(`  both read ${String(read)}, both refuse ${String(refused)}, we are stricter ${String(stricterCount)}\n`);
  assert.ok(rounds < 500 || (read > rounds / 20 && refused > rounds / 20));
});

async function asked(oracle: WalOracle, directory: string, files: WalFiles): Promise<WalAnswer> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { mode: 0o700 });
  for (const [name, bytes] of files) await writeFile(join(directory, name), bytes);
  return oracle.ask(directory);
}

function differences(theirs: WalAnswer, ours: WalAnswer): readonly string[] {
  const names = Object.keys(ours) as (keyof WalAnswer)[];
  const comparable = (answer: WalAnswer) => ({ ...answer, requests: requestCounts(answer) });
  return names.filter((name) => JSON.stringify(comparable(theirs)[name]) !== JSON.stringify(comparable(ours)[name]));
}
/** A v2 request without a method is damage to us; etcd applies it as nothing. */
function requestCounts(answer: WalAnswer): readonly (readonly [string, number])[] {
  const { v2 = 0, undecodable = 0, ...rest } = answer.requests;
  return [...Object.entries(rest), ["v2 or undecodable", v2 + undecodable] as const].sort(([a], [b]) => (a < b ? -1 : 1));
}
