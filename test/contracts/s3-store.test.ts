import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { GetObjectRetentionCommand, ListMultipartUploadsCommand, ListPartsCommand } from "@aws-sdk/client-s3";
import { usualS3Limits, type S3Limits } from "../../src/adapters/backup-store/s3-connection.ts";
import { createS3Store } from "../../src/adapters/backup-store/s3-store.ts";
import type { BackupS3Config } from "../../src/model/cluster-config.ts";
import type { BackupStore } from "../../src/ports/backup-store.ts";
import { killStoreWriter, packNameOf } from "../support/kill-store-writer.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { s3TestCredentials, startS3Server, type S3Server } from "../support/s3-server.ts";
import { backupStoreContract } from "./backup-store.contract.ts";

// The SDK would otherwise look for credentials at an address of a cloud's own.
process.env["AWS_EC2_METADATA_DISABLED"] = "true";
process.env["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null";
process.env["AWS_CONFIG_FILE"] = "/dev/null";

const quick: S3Limits = { connectMs: 1500, silenceMs: 1500, requestMs: 20_000, attemptsMax: 2 };

function withKeys<T>(keys: { readonly id: string; readonly secret: string } | undefined, act: () => T): T {
  delete process.env["AWS_ACCESS_KEY_ID"];
  delete process.env["AWS_SECRET_ACCESS_KEY"];
  if (keys !== undefined) {
    process.env["AWS_ACCESS_KEY_ID"] = keys.id;
    process.env["AWS_SECRET_ACCESS_KEY"] = keys.secret;
  }
  return act();
}
const goodKeys = { id: s3TestCredentials.accessKeyId, secret: s3TestCredentials.secretAccessKey };

function configOf(server: S3Server, other: Partial<BackupS3Config> = {}): BackupS3Config {
  return { endpoint: server.endpoint, pathStyle: true, caFile: server.caFile, objectLockDays: 0, ...other };
}

function storeOf(s3: BackupS3Config, bucket: string, limits: S3Limits = usualS3Limits): BackupStore {
  return createS3Store({ place: `s3://${bucket}/cluster-a`, bucket, prefix: "cluster-a" }, { s3, limits });
}

/** Uses these credentials for its calls, whatever the others use: the SDK reads the environment at the first call. */
function keyed(keys: { readonly id: string; readonly secret: string } | undefined, store: BackupStore): BackupStore {
  const call = <T>(act: () => Promise<T>) => {
    const promise = withKeys(keys, act);
    return promise.finally(() => withKeys(goodKeys, () => undefined));
  };
  return {
    place: store.place,
    put: (name, content) => call(() => store.put(name, content)),
    get: (name) => call(() => store.get(name)),
    stat: (name) => call(() => store.stat(name)),
    list: (prefix) => call(() => store.list(prefix)),
    remove: (name) => call(() => store.remove(name)),
    clearUnfinished: (options) => call(() => store.clearUnfinished(options)),
    close: () => store.close(),
  };
}

async function silentPort(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

for (const kind of ["plain", "locked"] as const)
  backupStoreContract(`S3Store on a ${kind} bucket`, async () => {
    withKeys(goodKeys, () => undefined);
    const server = await startS3Server();
    await server.makeBucket(kind, { hasObjectLock: kind === "locked" });
    const s3 = configOf(server, kind === "locked" ? { objectLockDays: 7 } : {});
    const silent = await silentPort();
    const closed = await silentPort();
    await closed.close();
    const store = storeOf(s3, kind);
    const other = storeOf(s3, kind);
    const failing: {
      readonly why: string;
      readonly store: BackupStore;
      readonly code: "BACKUP_STORE_FAILED" | "BACKUP_STORE_UNREACHABLE";
    }[] = [
      {
        why: "a secret that is not the key's",
        code: "BACKUP_STORE_FAILED",
        store: keyed({ id: goodKeys.id, secret: "planted-wrong-secret" }, storeOf(s3, kind, quick)),
      },
      {
        why: "an unknown key",
        code: "BACKUP_STORE_FAILED",
        store: keyed({ id: "nobody", secret: "planted-wrong-secret" }, storeOf(s3, kind, quick)),
      },
      { why: "no credentials", code: "BACKUP_STORE_FAILED", store: keyed(undefined, storeOf(s3, kind, quick)) },
      { why: "a bucket that is not there", code: "BACKUP_STORE_FAILED", store: storeOf(s3, "nowhere", quick) },
      { why: "another CA", code: "BACKUP_STORE_FAILED", store: storeOf(configOf(server, { caFile: server.otherCaFile }), kind, quick) },
      {
        why: "no private CA",
        code: "BACKUP_STORE_FAILED",
        store: storeOf({ endpoint: server.endpoint, pathStyle: true, objectLockDays: 0 }, kind, quick),
      },
      {
        why: "no TLS on its side",
        code: "BACKUP_STORE_UNREACHABLE",
        store: storeOf(configOf(server, { endpoint: server.endpoint.replace("https", "http") }), kind, quick),
      },
      {
        why: "a closed port",
        code: "BACKUP_STORE_UNREACHABLE",
        store: storeOf(configOf(server, { endpoint: `https://127.0.0.1:${String(closed.port)}` }), kind, quick),
      },
      {
        why: "a port that never answers",
        code: "BACKUP_STORE_UNREACHABLE",
        store: storeOf(configOf(server, { endpoint: `https://127.0.0.1:${String(silent.port)}` }), kind, quick),
      },
    ];
    return {
      store,
      other,
      failing: kind === "plain" ? failing : [],
      secrets: [goodKeys.secret, "planted-wrong-secret"],
      killWriterOf: (name, content) =>
        killStoreWriter({ place: `s3://${kind}/cluster-a`, s3, name, content, killAfterMs: 250 + Math.random() * 300 }),
      close: async () => {
        for (const one of [store, other, ...failing.map((entry) => entry.store)]) await one.close();
        await silent.close();
        await server.remove();
      },
    };
  });

let server: S3Server;
before(async () => {
  withKeys(goodKeys, () => undefined);
  server = await startS3Server();
  await server.makeBucket("more");
  await server.makeBucket("guarded", { hasObjectLock: true });
});
after(() => server.remove());

test("S3Store: an upload that was killed is gone on with; parts that are there are not sent again", { timeout: 60_000 }, async () => {
  const store = storeOf(configOf(server), "more");
  const bytes = randomBytes(40 * 1024 * 1024);
  const name = packNameOf(bytes);
  const client = server.client();
  const unfinished = async () => (await client.send(new ListMultipartUploadsCommand({ Bucket: "more" }))).Uploads ?? [];
  // The writer is killed once a part of it lies there.
  await killStoreWriter({
    place: "s3://more/cluster-a",
    s3: configOf(server),
    name,
    content: bytes,
    killWhen: async () => {
      const [upload] = await unfinished();
      if (upload?.UploadId === undefined) return false;
      const parts = await client.send(new ListPartsCommand({ Bucket: "more", Key: upload.Key, UploadId: upload.UploadId }));
      return (parts.Parts?.length ?? 0) > 0;
    },
  });
  const [left] = await unfinished();
  assert.ok(left?.UploadId !== undefined, "the writer was faster than its end");
  const partsBefore = (await client.send(new ListPartsCommand({ Bucket: "more", Key: left.Key, UploadId: left.UploadId }))).Parts ?? [];
  assert.equal(await store.stat(name), undefined);
  await store.put(name, bytes);
  assert.ok(partsBefore.length > 0);
  assert.deepEqual(await unfinished(), [], "the same upload was completed, not a second one");
  assert.deepEqual(Buffer.from(await store.get(name)), bytes);
  client.destroy();
  await store.close();
});

test("S3Store: parts of other bytes under the same upload are sent again", { timeout: 60_000 }, async () => {
  const store = storeOf(configOf(server), "more");
  const bytes = randomBytes(20 * 1024 * 1024);
  const name = packNameOf(bytes);
  const client = server.client();
  const { CreateMultipartUploadCommand, UploadPartCommand } = await import("@aws-sdk/client-s3");
  const Key = `cluster-a/${name}`;
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: "more", Key }));
  await client.send(new UploadPartCommand({ Bucket: "more", Key, UploadId, PartNumber: 1, Body: randomBytes(8 * 1024 * 1024) }));
  await client.send(new UploadPartCommand({ Bucket: "more", Key, UploadId, PartNumber: 2, Body: randomBytes(6 * 1024 * 1024) }));
  await store.put(name, bytes);
  assert.deepEqual(Buffer.from(await store.get(name)), bytes);
  client.destroy();
  await store.close();
});

test(
  "S3Store: with object lock, manifests and packs are locked and claims are not; what is removed stays as a version",
  { timeout: 60_000 },
  async () => {
    const store = storeOf(configOf(server, { objectLockDays: 3 }), "guarded");
    const pack = randomBytes(10 * 1024 * 1024);
    const client = server.client();
    const retention = async (name: string) =>
      (await client.send(new GetObjectRetentionCommand({ Bucket: "guarded", Key: `cluster-a/${name}` }))).Retention;
    for (const [name, bytes] of [
      ["sets/a.json", Buffer.from("manifest")],
      [packNameOf(pack), pack],
    ] as const) {
      await store.put(name, bytes);
      const until = (await retention(name))?.RetainUntilDate?.getTime() ?? 0;
      assert.ok(Math.abs(until - Date.now() - 3 * 86_400_000) < 60_000, `${name}: ${String(until)}`);
    }
    await store.put("claims/a.json", Buffer.from("claim"));
    await assert.rejects(retention("claims/a.json"), { name: /NoSuchObjectLockConfiguration/ });
    await store.remove("sets/a.json");
    assert.equal(await store.stat("sets/a.json"), undefined);
    const { ListObjectVersionsCommand } = await import("@aws-sdk/client-s3");
    const versions = (await client.send(new ListObjectVersionsCommand({ Bucket: "guarded", Prefix: "cluster-a/sets/" }))).Versions ?? [];
    assert.equal(versions.length, 1);
    client.destroy();
    await store.close();
  },
);

test("S3Store: object lock that the bucket cannot give is an error, not a silent wish", { timeout: 30_000 }, async () => {
  const store = storeOf(configOf(server, { objectLockDays: 3 }), "more");
  await assert.rejects(store.put("sets/b.json", Buffer.from("x")), { code: "BACKUP_STORE_FAILED", message: /without object lock/ });
  await store.close();
});

test(
  "S3Store: a server that hangs in the middle is noticed, and the call may be repeated when it is back",
  { timeout: 60_000 },
  async () => {
    const store = storeOf(configOf(server), "more", quick);
    await store.put("sets/hang-1.json", Buffer.from("x"));
    await server.freeze();
    try {
      await assert.rejects(store.put("sets/hang-2.json", Buffer.from("y")), { code: "BACKUP_STORE_UNREACHABLE", retry: "transient" });
      await assert.rejects(store.get("sets/hang-1.json"), { code: "BACKUP_STORE_UNREACHABLE" });
    } finally {
      server.thaw();
    }
    await store.put("sets/hang-2.json", Buffer.from("y"));
    assert.equal(Buffer.from(await store.get("sets/hang-2.json")).toString(), "y");
    await store.close();
  },
);

test("S3Store: a call that is interrupted ends at once", { timeout: 60_000 }, async () => {
  const store = storeOf(configOf(server), "more");
  await store.list("");
  await server.freeze();
  try {
    const begun = performance.now();
    await assert.rejects(store.get("sets/hang-1.json", undefined, { signal: AbortSignal.timeout(300) }), { code: "INTERRUPTED" });
    assert.ok(performance.now() - begun < 3000);
  } finally {
    server.thaw();
  }
  await store.close();
});

test(
  "S3Store: a server whose disk is full says so, and what was begun is no object",
  { timeout: 60_000, skip: process.getuid?.() === 0 ? false : "needs root" },
  async () => {
    const disk = await SmallDisk.make(12 * 1024 * 1024);
    const [program = "", ...args] = disk.through;
    const full = await startS3Server({ directory: disk.path, through: { program, args } });
    const store = storeOf(configOf(full), "small", quick);
    try {
      await full.makeBucket("small");
      await store.put("sets/one.json", Buffer.from("x"));
      await store.put("sets/two.json", Buffer.from("x"));
      for (const sizeBytes of [14, 20]) {
        const bytes = randomBytes(sizeBytes * 1024 * 1024);
        const error: unknown = await store.put(packNameOf(bytes), bytes).catch((one: unknown) => one);
        assert.ok(error instanceof RecoveryError && ["BACKUP_STORE_FULL", "BACKUP_STORE_UNREACHABLE"].includes(error.code), String(error));
        assert.equal(await store.stat(packNameOf(bytes)), undefined);
      }
      await store.remove("sets/two.json", { forGood: true });
      assert.deepEqual(await store.list("aside/"), [], "nothing is put aside where room is wanted");
      disk.free();
      const bytes = randomBytes(20 * 1024 * 1024);
      await store.put(packNameOf(bytes), bytes);
      assert.deepEqual(Buffer.from(await store.get(packNameOf(bytes))), bytes);
      assert.deepEqual(
        (await store.list("")).map((one) => one.name),
        [packNameOf(bytes), "sets/one.json"],
      );
    } finally {
      await store.close();
      await full.remove();
      await disk.close();
    }
  },
);

test("S3Store: only unfinished uploads to its own names go, and only those that began before", { timeout: 60_000 }, async () => {
  await server.makeBucket("shared");
  const client = server.client();
  const { CreateMultipartUploadCommand } = await import("@aws-sdk/client-s3");
  const pack = `packs/aa/${"a".repeat(64)}`;
  const keys = ["postgres/base.tar", pack, `prod/eu/${pack}`, `prod/notes/${pack}`, `prod/${pack}`];
  for (const Key of keys) await client.send(new CreateMultipartUploadCommand({ Bucket: "shared", Key }));
  const left = async () =>
    ((await client.send(new ListMultipartUploadsCommand({ Bucket: "shared" }))).Uploads ?? []).map(({ Key }) => Key).sort();
  const s3 = configOf(server);
  const prod = createS3Store({ place: "s3://shared/prod", bucket: "shared", prefix: "prod" }, { s3 });
  const top = createS3Store({ place: "s3://shared", bucket: "shared", prefix: "" }, { s3 });
  const begunBefore = "2999-01-01T00:00:00.000Z";
  assert.equal(await prod.clearUnfinished({ begunBefore: "2026-01-01T00:00:00.000Z" }), 0);
  assert.equal(await prod.clearUnfinished({ begunBefore }), 1);
  assert.deepEqual(await left(), [pack, "postgres/base.tar", `prod/eu/${pack}`, `prod/notes/${pack}`]);
  assert.equal(await top.clearUnfinished({ begunBefore }), 1);
  assert.deepEqual(await left(), ["postgres/base.tar", `prod/eu/${pack}`, `prod/notes/${pack}`]);
  await prod.close();
  await top.close();
  client.destroy();
});

test("S3Store: a listing that is not whole, and does not say where it goes on, is no listing", { timeout: 20_000 }, async () => {
  const odd = createHttpServer((_, response) => {
    response.setHeader("content-type", "application/xml");
    response.end(`<ListBucketResult><Name>b</Name><IsTruncated>true</IsTruncated></ListBucketResult>`);
  });
  await new Promise<void>((resolve) => odd.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${String((odd.address() as { port: number }).port)}`;
  const store = withKeys(goodKeys, () =>
    createS3Store({ place: "s3://b", bucket: "b", prefix: "" }, { s3: { endpoint, pathStyle: true, objectLockDays: 0 }, limits: quick }),
  );
  await assert.rejects(store.list("sets/"), (error: unknown) => error instanceof RecoveryError && /not whole/.test(error.detail));
  await store.close();
  odd.closeAllConnections();
  await new Promise((resolve) => odd.close(resolve));
});
