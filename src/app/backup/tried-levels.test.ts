import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { FakeBackupStore } from "../../../test/support/fake-backup-store.ts";
import { verifyWorld } from "../../../test/support/verify-world.ts";
import { levelOf, type StoredProof } from "../../catalogue/judge-proofs.ts";
import { proofLevels } from "../../model/backup-set.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { verificationDocument } from "../../render/backup-verification-document.ts";
import { verificationPage } from "../../render/backup-verification-page.ts";

test("what the store does not give of one object is not known to hold, and that is written: the next verify takes another set", async () => {
  for (const { operation, level, after } of [
    { operation: "stat", level: "V0", after: 0 },
    { operation: "get", level: "V1", after: 0 },
    { operation: "get", level: "V2", after: 1 },
  ] as const) {
    const store = new FakeBackupStore();
    const world = await verifyWorld({ store });
    let seen = 0;
    store.beforeCall = (called, name) => {
      if (called === operation && name.startsWith("packs/") && (seen += 1) > after)
        throw new RecoveryError("BACKUP_STORE_FAILED", { subject: "store /x", detail: `could not ${called} ${name}: EIO` });
    };
    const verified = await world.verify({});
    const stopped = verified.outcomes.find(({ verdict }) => verdict !== "holds");
    assert.deepEqual([stopped?.level, stopped?.verdict], [level, "unknown"]);
    assert.match(stopped?.because.join() ?? "", /EIO/);
    assert.equal(verified.proof?.proof.outcomes.find((outcome) => outcome.level === level)?.verdict, "unknown");
    rmSync(world.spoolDirectory, { recursive: true });
  }
});

test("V4 and V5 are tried also where V3 is not known to hold, and do not count as reached; where it fails they are not", async () => {
  const client = { programs: [] as string[] };
  const sandboxes = {
    findProgram: (kind: string) => {
      client.programs.push(kind);
      return Promise.resolve({ kind: "missing" as const, why: `no ${kind} in this test` });
    },
    open: () => Promise.reject(new Error("it does not come to that")),
  };
  const marked = (code: "MACHINE_UNREACHED" | "OTHER_CLUSTER_ID") =>
    verifyWorld({ sandboxes, facts: (facts) => ({ ...facts, marks: [{ code, because: "cp3 was off" }] }) });
  const off = await marked("MACHINE_UNREACHED");
  const verified = await off.verify({ level: "V5" });
  assert.deepEqual(
    verified.outcomes.slice(3).map(({ level, verdict, because }) => [level, verdict, because.join()]),
    [
      ["V3", "unknown", "marked MACHINE_UNREACHED: cp3 was off"],
      ["V4", "not-tried", "no etcd in this test"],
      ["V5", "not-tried", "V4 was not tried"],
    ],
  );
  const below = await off.verify({ level: "V3" });
  assert.deepEqual(below.outcomes[4]?.because, ["not asked for"]);
  const other = await marked("OTHER_CLUSTER_ID");
  assert.deepEqual((await other.verify({ level: "V5" })).outcomes[4]?.because, ["V3 fails"]);
  assert.deepEqual(client.programs, ["etcd"]);
  for (const { spoolDirectory } of [off, other]) rmSync(spoolDirectory, { recursive: true });
});

test("the level reached stays below one that is not known to hold, whatever holds above it", () => {
  const outcomes = proofLevels.map((level) => ({
    level,
    verdict: level === "V3" ? ("unknown" as const) : ("holds" as const),
    because: [],
    tookMs: 0,
  }));
  const proof = { at: "2026-03-01T03:00:00.000Z", storedAt: "2026-03-01T03:00:00.000Z", outcomes } as unknown as StoredProof;
  assert.equal(levelOf(proof), "V2");
  const document = verificationDocument({
    id: "x",
    manifest: undefined,
    outcomes,
    drill: undefined,
    sandbox: undefined,
    proof: undefined,
    proofProblem: undefined,
    wanted: "V5",
    isDrill: true,
    store: "/srv",
  });
  assert.equal(document.level, "V2");
  const page = JSON.stringify(verificationPage(document));
  assert.match(page, /V4 and V5 hold, and do not count as reached: V3 is not known to hold/);
  assert.doesNotMatch(page, /requorum backup drill/);
});
