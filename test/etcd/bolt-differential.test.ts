/**
 * Our bbolt code against bbolt itself: on files that random runs of bbolt
 * leave behind, and on damaged ones. REQUORUM_BOLT_ROUNDS is the number of
 * damaged files per kind of file (60 when it is not set), REQUORUM_FUZZ_SEED
 * where to begin.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { BoltCheck } from "../../src/formats/bbolt/bolt-check.ts";
import { openBolt } from "../../src/formats/bbolt/bolt-file.ts";
import { checkBolt } from "../../src/formats/bbolt/check-bolt.ts";
import { MemoryByteSource } from "../../src/formats/byte-source.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import { BoltOracle, digestsOf, openFileSource, rewriteBolt } from "../support/bolt-oracle.ts";
import { damageBolt } from "../support/damage-bolt.ts";
import { seededRandom } from "../support/seeded-random.ts";

const damagedRounds = Number(process.env["REQUORUM_BOLT_ROUNDS"] ?? 60);
const firstSeed = Number(process.env["REQUORUM_FUZZ_SEED"] ?? 1);

let directory = "";
let oracle: BoltOracle;
before(async () => {
  directory = mkdtempSync(join(tmpdir(), "requorum-bolt-"));
  oracle = await BoltOracle.build();
});
after(() => rmSync(directory, { recursive: true, force: true }));

/** Our reader's content and our verdict. */
function ours(path: string): { readonly digests: ReturnType<typeof digestsOf>; readonly check: BoltCheck } {
  const source = openFileSource(path);
  try {
    return { digests: digestsOf(openBolt(source)), check: checkBolt(source) };
  } finally {
    source.close();
  }
}

function assertSame(path: string): void {
  const { digests, check } = ours(path);
  assert.deepEqual(check.problems, []);
  assert.deepEqual(oracle.check(path), { kind: "good", messages: [] });
  assert.deepEqual(digests, oracle.dump(path));
}

for (const pageSize of [1024, 4096, 16384, 65536]) {
  for (const freelist of ["array", "hashmap"]) {
    for (const sync of [[], ["--no-freelist-sync"]]) {
      const name = `pages of ${String(pageSize)}, freelist ${freelist}${sync.length > 0 ? ", not kept" : ""}`;
      test(`bbolt's own files, ${name}: read the same, good for both, and so when we write them again`, () => {
        for (const [seed, large] of [
          [1, 0],
          [2, 30],
          [3, 400],
        ] as const) {
          const path = join(directory, "made.db");
          rmSync(path, { force: true });
          const options = ["--page-size", String(pageSize), "--freelist", freelist, ...sync];
          oracle.make(path, [...options, "--seed", String(seed), "--large", String(large), "--rounds", "30"]);
          assertSame(path);
          const expected = oracle.dump(path);
          for (const [pageSizeBytes, kind] of [
            [pageSize, "kept"],
            [4096, "absent"],
          ] as const) {
            const again = join(directory, "again.db");
            const source = openFileSource(path);
            rewriteBolt(openBolt(source), again, { pageSizeBytes, freelist: kind });
            source.close();
            assertSame(again);
            assert.deepEqual(oracle.dump(again), expected);
            assert.ok(oracle.commandAccepts(again));
            // bbolt goes on writing in it.
            oracle.make(again, ["--freelist", freelist, ...sync, "--seed", String(seed + 10), "--rounds", "5"]);
            assertSame(again);
          }
        }
      });
    }
  }
}

/** `damaged`, `good`, or the error's code. */
function verdictOf(bytes: Uint8Array): string {
  try {
    return checkBolt(new MemoryByteSource(bytes)).verdict;
  } catch (error) {
    if (error instanceof RecoveryError) return error.code;
    throw error;
  }
}

for (const sync of [[], ["--no-freelist-sync"]]) {
  const name = sync.length > 0 ? "not kept" : "kept";
  test(`damaged files of bbolt, freelist ${name}: what we call good is good for bbolt, with the same content`, (context) => {
    const counts: Record<string, number> = {};
    for (let seed = firstSeed; seed < firstSeed + damagedRounds; seed += 1) {
      const random = seededRandom(seed);
      const path = join(directory, "damaged.db");
      rmSync(path, { force: true });
      oracle.make(path, ["--page-size", "1024", ...sync, "--seed", String(seed % 10), "--rounds", "12", "--puts", "60", "--large", "200"]);
      const { bytes, what } = damageBolt(readFileSync(path), 1024, random);
      writeFileSync(path, bytes);
      const [our, theirs] = [verdictOf(bytes), oracle.check(path)];
      const both = `${our === "good" ? "good" : "bad"} here, ${theirs.kind} there`;
      counts[both] = (counts[both] ?? 0) + 1;
      if (our !== "good") continue;
      assert.equal(theirs.kind, "good", `seed ${String(seed)} (${what}): bbolt says ${JSON.stringify(theirs)}`);
      assert.deepEqual(ours(path).digests, oracle.dump(path), `seed ${String(seed)} (${what})`);
    }
    context.diagnostic(JSON.stringify(counts));
  });
}
