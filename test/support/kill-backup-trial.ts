import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { DirectoryStore } from "../../src/adapters/backup-store/directory-store.ts";
import { AgeKeyWrapping } from "../../src/adapters/system/age-key-wrapping.ts";
import { objectsOf } from "../../src/catalogue/clear-leftovers.ts";
import { listSets } from "../../src/catalogue/list-sets.ts";
import { promisedSha256 } from "../../src/formats/backup-set/set-names.ts";
import type { BackupSetId } from "../../src/model/ids.ts";
import type { BackupStore } from "../../src/ports/backup-store.ts";
import { type FakeBackupStore } from "./fake-backup-store.ts";
import { openStoreForTests } from "./open-store-for-tests.ts";
import { dayId, proveDay, writeDay } from "./prune-world.ts";
import { setWorld, type SetWorld } from "./set-world.ts";
import { s3TestCredentials } from "./s3-server.ts";
import { trialServer, type TrialPlace, type TrialStore } from "./trial-server.ts";

export type TrialVerb = "copy" | "prune";

/** What `prune --last 2` leaves of days 1 to 6 when day 2 is proven. */
const leftByPrune = [2, 5, 6].map(dayId);

/** A world in which the program itself, as a process, copies and prunes in a store of one kind, and is killed. */
export class BackupTrials {
  readonly #kind: TrialStore;
  readonly #directory: string;
  readonly #world: SetWorld;
  readonly #placeOf: (round: string) => TrialPlace;
  readonly #closeServer: () => Promise<void>;
  /** Of the whole verb, undisturbed; a kill comes within it. */
  readonly #tookMs = new Map<TrialVerb, number>();

  private constructor(made: {
    readonly kind: TrialStore;
    readonly directory: string;
    readonly world: SetWorld;
    readonly placeOf: (round: string) => TrialPlace;
    readonly closeServer: () => Promise<void>;
  }) {
    this.#kind = made.kind;
    this.#directory = made.directory;
    this.#world = made.world;
    this.#placeOf = made.placeOf;
    this.#closeServer = made.closeServer;
  }

  /** For prune all sets are small; for copy the newest needs several packs. */
  static async start(kind: TrialStore, verb: TrialVerb): Promise<BackupTrials> {
    const directory = await mkdtemp(join(tmpdir(), "requorum-kill-backup-"));
    const world = setWorld();
    for (let day = 1; day <= 6; day += 1)
      await writeDay(world.writing, day, { ownBytes: day === 6 && verb === "copy" ? 40_000_000 : 70_000 });
    await proveDay(world, 2, "V5");
    await copyStore(world.store, new DirectoryStore(join(directory, "source")));
    const server = await trialServer(kind, directory);
    return new BackupTrials({ kind, directory, world, ...server });
  }

  async close(): Promise<void> {
    await this.#closeServer();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /**
   * One round: the verb is killed with SIGKILL after a part of its usual time;
   * whatever is listed then is whole and the proven set is there; the same verb
   * again comes to its end and leaves nothing over. Tells whether the kill came
   * before the end, and what it left.
   */
  async round(verb: TrialVerb, name: string, part: number): Promise<{ readonly isKilled: boolean; readonly leftovers: number }> {
    const place = this.#placeOf(name);
    const store = openStoreForTests(place.place, { ...place, controlDirectory: join(this.#directory, "c") });
    try {
      const words = await this.#prepare(verb, name, place, store);
      let tookMs = this.#tookMs.get(verb);
      if (tookMs === undefined) {
        const calibration = this.#placeOf(`${name}-calibration`);
        const other = openStoreForTests(calibration.place, { ...calibration, controlDirectory: join(this.#directory, "c") });
        const begunMs = performance.now();
        const usual = await this.#run(await this.#prepare(verb, `${name}-calibration`, calibration, other), place);
        assert.equal(usual.code, 0, usual.output);
        tookMs = performance.now() - begunMs;
        this.#tookMs.set(verb, tookMs);
        await other.close();
      }
      // The first quarter is the program's start.
      const { isKilled } = await this.#run(words, place, tookMs * (0.25 + 0.75 * part));
      // It was faster than usual, as over a connection that is there already: the next kill comes sooner.
      if (!isKilled) this.#tookMs.set(verb, tookMs * 0.85);
      const leftovers = await this.#assertNothingBad(verb, store);
      const again = await this.#run(words, place);
      assert.equal(again.code, 0, again.output);
      await this.#assertDone(verb, store);
      return { isKilled, leftovers };
    } finally {
      for (const { name: object } of await store.list("")) await store.remove(object);
      for (const { name: object } of await store.list("aside/")) await store.remove(object);
      await store.close();
    }
  }

  /** The words of the call. */
  async #prepare(verb: TrialVerb, name: string, place: TrialPlace, store: BackupStore): Promise<readonly string[]> {
    const config = join(this.#directory, `${name}.yaml`);
    const signer = Buffer.from(this.#world.keys.signing.publicKey).toString("base64url");
    if (verb === "prune") await copyStore(this.#world.store, store);
    await writeFile(
      config,
      stringify({
        apiVersion: "requorum/v1",
        cluster: "north",
        platform: "kubeadm",
        hosts: [{ name: "cp1", address: "127.0.0.1", roles: ["control-plane"] }],
        ssh: place.sshConfigFile === undefined ? {} : { configFile: place.sshConfigFile },
        backup: {
          store: verb === "copy" ? join(this.#directory, "source") : place.place,
          recipients: [await anyRecipient()],
          signers: [signer],
          retention: { last: 2, daily: 0, weekly: 0, monthly: 0, neverBelow: 1 },
          ...(place.s3 === undefined ? {} : { s3: place.s3 }),
        },
      }),
    );
    const wanted = verb === "copy" ? ["copy", dayId(6), "--to", place.place] : ["prune", "--yes"];
    return ["backup", ...wanted, "--config", config];
  }

  async #run(
    words: readonly string[],
    place: TrialPlace,
    killAfterMs?: number,
  ): Promise<{ readonly code: number | null; readonly isKilled: boolean; readonly output: string }> {
    const child = spawn(process.execPath, [join(import.meta.dirname, "../../src/cli/main.ts"), ...words], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        HOME: this.#directory,
        XDG_STATE_HOME: join(this.#directory, "state"),
        ...(place.s3 === undefined
          ? {}
          : {
              AWS_ACCESS_KEY_ID: s3TestCredentials.accessKeyId,
              AWS_SECRET_ACCESS_KEY: s3TestCredentials.secretAccessKey,
              AWS_EC2_METADATA_DISABLED: "true",
            }),
      },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), killAfterMs);
    const ended = await new Promise<{ readonly code: number | null; readonly signal: string | null }>((resolve) =>
      child.once("close", (code, signal) => resolve({ code, signal })),
    );
    clearTimeout(timer);
    return { code: ended.code, isKilled: ended.signal === "SIGKILL", output };
  }

  /** No listed set is bad, and the proven one is there. Gives how many objects no listed set needs. */
  async #assertNothingBad(verb: TrialVerb, store: BackupStore): Promise<number> {
    const needed = new Set<string>();
    const ids: (BackupSetId | undefined)[] = [];
    for (const set of await listSets({ ...this.#world.reading, store }, this.#world.reading.trust)) {
      assert.equal(set.kind, "trusted", JSON.stringify(set.because));
      ids.push(set.id);
      for (const name of objectsOf(set)) needed.add(name);
    }
    for (const name of needed)
      assert.equal(
        createHash("sha256")
          .update(await store.get(name))
          .digest("hex"),
        promisedSha256(name),
      );
    if (verb === "prune") for (const id of leftByPrune) assert.ok(ids.includes(id), `${id} is lost`);
    const all = [...(await store.list("packs/")), ...(await store.list("indexes/"))];
    return all.filter(({ name }) => !needed.has(name)).length;
  }

  async #assertDone(verb: TrialVerb, store: BackupStore): Promise<void> {
    assert.equal(await this.#assertNothingBad(verb, store), 0, "something is left over");
    const ids = (await listSets({ ...this.#world.reading, store }, this.#world.reading.trust)).map(({ id }) => id);
    assert.deepEqual(ids, verb === "copy" ? [dayId(6)] : leftByPrune);
    assert.deepEqual(await store.list("claims/"), []);
    // Uploads that are younger than a minute stay for whoever may be at work; a later run clears them.
    await store.clearUnfinished({ begunBefore: "2999-01-01T00:00:00.000Z" });
    assert.equal(await store.clearUnfinished({ begunBefore: "2999-01-01T00:00:00.000Z" }), 0);
  }
}

/** The configuration wants one; neither verb needs a key. */
async function anyRecipient(): Promise<string> {
  return (await new AgeKeyWrapping().newIdentity()).recipient;
}

async function copyStore(from: FakeBackupStore, to: BackupStore): Promise<void> {
  for (const name of from.names()) await to.put(name, await from.get(name));
}
