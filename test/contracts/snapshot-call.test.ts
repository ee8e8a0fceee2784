/** A snapshot's answers that a real etcd does not give at will, from a real HTTP/2 server with TLS. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { GrpcEtcdClient, type GrpcEtcdClientOptions } from "../../src/adapters/etcd-grpc/grpc-etcd-client.ts";
import { etcdRpcs, snapshotResponse } from "../../src/adapters/etcd-grpc/etcd-messages.ts";
import { snapshotPieces } from "../../src/adapters/etcd-grpc/snapshot-pieces.ts";
import { asHostName } from "../../src/model/ids.ts";
import type { ErrorCode, Retry } from "../../src/model/error-catalogue.ts";
import { TestAuthority, type CertificateFiles } from "../support/etcd-certificates.ts";
import { failsWith } from "./etcd-client.contract.ts";

const directory = mkdtempSync(join(tmpdir(), "requorum-snapshot-call-"));
const windowBytes = 256 * 1024;
let files: CertificateFiles;
let server: Http2SecureServer;
let answer: (stream: ServerHttp2Stream) => void;

before(async () => {
  files = await (await TestAuthority.make(directory, "ca")).issue("member", { names: ["localhost"] });
  server = createSecureServer({ cert: readFileSync(files.certificate), key: readFileSync(files.key) });
  server.on("stream", (stream: ServerHttp2Stream) => {
    stream.on("error", () => undefined); // a client that leaves
    answer(stream);
  });
  server.on("sessionError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
after(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

function client(): GrpcEtcdClient {
  return new GrpcEtcdClient(clientOptions());
}

function clientOptions(): GrpcEtcdClientOptions {
  const [ca, certificate, key] = [files.ca, files.certificate, files.key].map((path) => readFileSync(path, "utf8"));
  return {
    host: asHostName("cp1"),
    address: { host: "127.0.0.1", port: (server.address() as AddressInfo).port },
    credentials: { ca: ca ?? "", certificate: certificate ?? "", key: key ?? "", source: files.certificate },
    serverNames: ["localhost"],
    onClose: () => Promise.resolve(),
    flowControlWindowBytes: windowBytes,
  };
}

async function readAll(options: { readonly signal?: AbortSignal } = {}): Promise<Buffer> {
  const etcd = client();
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of etcd.snapshot({ idleTimeoutMs: 20_000, expectedBytes: 100_000_000, ...options })) pieces.push(piece.slice());
  } finally {
    await etcd.close();
  }
  return Buffer.concat(pieces);
}

function framed(blob: Uint8Array): Buffer {
  const message = snapshotResponse.encode({ remainingBytes: 0n, blob });
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** An answer with these bytes and then, when there are any, these trailers. */
function answering(bytes: Uint8Array, trailers: Readonly<Record<string, string>> | undefined): (stream: ServerHttp2Stream) => void {
  return (stream) => {
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: trailers !== undefined });
    if (trailers !== undefined) stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    stream.end(bytes);
  };
}

function saying(words: RegExp, code: ErrorCode, retry?: Retry): (error: unknown) => true {
  return (error) => {
    assert.match(String(error), words);
    return failsWith(code, retry)(error);
  };
}

const content = Buffer.alloc(100_000, "content ");

test("snapshot call: the blobs, and the status that says that this was all", async () => {
  answer = answering(Buffer.concat([framed(content), framed(content)]), { "grpc-status": "0" });
  assert.deepEqual(await readAll(), Buffer.concat([content, content]));
});

test("snapshot call: what etcd answers instead is judged as it is of every call, at once or after content", async () => {
  answer = (stream) =>
    stream.respond({ ":status": 200, "grpc-status": "14", "grpc-message": "etcdserver: no leader" }, { endStream: true });
  await assert.rejects(readAll(), failsWith("ETCD_NO_LEADER", "transient"));
  answer = answering(framed(content), { "grpc-status": "7", "grpc-message": "etcdserver: permission denied for %22x%22" });
  await assert.rejects(readAll(), saying(/denied for "x"/, "ETCD_REFUSED", "permanent"));
  answer = answering(framed(content), { "grpc-status": "99", "grpc-message": "100%" });
  await assert.rejects(readAll(), saying(/100%/, "ETCD_REFUSED"));
});

test("snapshot call: a status before content ends nothing, and what the member says of itself is no trouble of the connection", async () => {
  answer = (stream) => {
    stream.respond({ ":status": 200, "grpc-status": "0" });
    stream.write(framed(content), () => stream.destroy(new Error("the member gives up")));
  };
  await assert.rejects(readAll(), failsWith("ETCD_UNREACHABLE", "transient"));
  answer = answering(framed(content), { "grpc-status": "13", "grpc-message": "mvcc: database corrupted" });
  await assert.rejects(readAll(), saying(/mvcc: database corrupted/, "ETCD_REFUSED", "permanent"));
});

test("snapshot call: a server of another authority is refused whatever the environment says of TLS", async () => {
  answer = answering(framed(content), { "grpc-status": "0" });
  const other = await (await TestAuthority.make(directory, "other-ca")).issue("other", { names: ["localhost"] });
  const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
  const right = files;
  process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
  files = { ...right, ca: other.ca };
  try {
    await assert.rejects(readAll(), failsWith("ETCD_TLS", "permanent"));
  } finally {
    files = right;
    if (before === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before;
  }
});

test("snapshot call: one that is given up ends at once, also while bytes come faster than they are read", async () => {
  answer = (stream) => {
    stream.respond({ ":status": 200 });
    const blob = framed(Buffer.alloc(64 * 1024));
    const more = (): void => void stream.write(blob, (error) => (error === null || error === undefined ? more() : undefined));
    more();
  };
  const controller = new AbortController();
  const etcd = client();
  let [pieces, after] = [0, 0];
  await assert.rejects(
    (async () => {
      for await (const piece of etcd.snapshot({ idleTimeoutMs: 20_000, expectedBytes: 100_000_000, signal: controller.signal })) {
        assert.ok(piece.length > 0);
        pieces += 1;
        if (controller.signal.aborted) after += 1;
        if (pieces === 5) controller.abort(new Error("Ctrl-C"));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })(),
    failsWith("INTERRUPTED"),
  );
  await etcd.close();
  assert.equal(after, 0);
});

test("snapshot call: a stream that ends without etcd's word that it was all is no snapshot", async () => {
  answer = answering(framed(content), undefined);
  await assert.rejects(readAll(), failsWith("ETCD_UNREACHABLE", "transient"));
  answer = answering(framed(content).subarray(0, 50_000), { "grpc-status": "0" });
  await assert.rejects(readAll(), saying(/last message is cut/, "ETCD_UNREACHABLE"));
  answer = (stream) => {
    stream.respond({ ":status": 200 });
    stream.write(framed(content), () => stream.destroy(new Error("the member gives up")));
  };
  await assert.rejects(readAll(), saying(/RST_STREAM with code 2/, "ETCD_UNREACHABLE"));
  answer = (stream) => {
    stream.respond({ ":status": 200 });
    stream.write(framed(content), () => stream.session?.destroy());
  };
  await assert.rejects(readAll(), failsWith("ETCD_UNREACHABLE", "transient"));
});

test("snapshot call: a connection that goes while the reader is busy is a lost connection, though the status that all came was there", async () => {
  // One frame for each message: what is thrown away then begins at one.
  const message = framed(Buffer.alloc(16_000, "m"));
  const count = 900;
  answer = (stream) => {
    stream.respond({ ":status": 200 }, { waitForTrailers: true });
    stream.on("wantTrailers", () => {
      stream.sendTrailers({ "grpc-status": "0" });
      setTimeout(() => stream.session?.destroy(), 200);
    });
    let sent = 0;
    const more = (): void => {
      sent += 1;
      if (sent === count) stream.end(message);
      else stream.write(message, more);
    };
    more();
  };
  // Where it is cut differs from time to time: between two messages it looked as if nothing were missing.
  for (let round = 0; round < 8; round += 1) {
    const etcd = new GrpcEtcdClient({ ...clientOptions(), flowControlWindowBytes: 16 * 1024 * 1024 });
    let sizeBytes = 0;
    const reading = (async () => {
      for await (const piece of etcd.snapshot({ idleTimeoutMs: 20_000, expectedBytes: 100_000_000 })) {
        if (sizeBytes === 0) await new Promise((resolve) => setTimeout(resolve, 700));
        sizeBytes += piece.length;
      }
    })();
    await reading.then(
      () => assert.equal(sizeBytes, count * 16_000),
      (error: unknown) => failsWith("ETCD_UNREACHABLE", "transient")(error),
    );
    await etcd.close();
  }
});

test("snapshot call: an answer of something that is no etcd says so", async () => {
  answer = (stream) => {
    stream.respond({ ":status": 502, "content-type": "text/html" });
    stream.end("<html>no upstream</html>");
  };
  await assert.rejects(readAll(), saying(/HTTP 502/, "ETCD_UNREACHABLE"));
  answer = answering(Buffer.from("<html>this is no gRPC</html>"), { "grpc-status": "0" });
  await assert.rejects(readAll(), failsWith("ETCD_UNREACHABLE"));
});

test("snapshot call: a member that drips is given up like one that is silent, though each drop comes in time", async () => {
  answer = (stream) => {
    stream.respond({ ":status": 200 });
    const drips = setInterval(() => stream.write(framed(Buffer.from("x"))), 10);
    stream.on("close", () => clearInterval(drips));
  };
  const { address, credentials, serverNames } = clientOptions();
  const work = {
    ...credentials,
    address,
    serverNames,
    path: etcdRpcs.snapshot.path,
    flowControlWindowBytes: windowBytes,
    timeoutMs: 60_000,
  };
  const least = { bytes: 100_000, waitedMs: 200 };
  const expected = { bytes: 100_000_000, withinMs: 60_000 };
  let drops = 0;
  const reading = (async () => {
    for await (const piece of snapshotPieces(work, { idleTimeoutMs: 20_000, host: asHostName("cp1"), expected, least }))
      drops += piece.length;
  })();
  await assert.rejects(reading, saying(/only \d+ bytes came in \d+ ms of waiting/, "ETCD_TIMEOUT", "transient"));
  assert.ok(drops > 0);
});

test("snapshot call: one that is given up is INTERRUPTED, and its connection is gone", async () => {
  const controller = new AbortController();
  let closed: Promise<unknown> | undefined;
  answer = (stream) => {
    closed = new Promise((resolve) => stream.on("close", resolve)); // by a reset, too
    stream.respond({ ":status": 200 });
    stream.write(framed(content), () => controller.abort(new Error("Ctrl-C")));
  };
  await assert.rejects(readAll({ signal: controller.signal }), failsWith("INTERRUPTED"));
  await closed;
});

test("snapshot call: a reader that is slow holds the server back", async () => {
  let sentBytes = 0;
  let isStopped: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => (isStopped = resolve));
  answer = (stream) => {
    stream.respond({ ":status": 200 });
    const blob = framed(Buffer.alloc(64 * 1024));
    const more = (): void => {
      // Written when the last one went into the connection: without a window for it, it never does.
      const waits = setTimeout(isStopped, 1000);
      stream.write(blob, (error) => {
        clearTimeout(waits);
        if (error !== null && error !== undefined) return; // the client left
        sentBytes += blob.length;
        more();
      });
    };
    more();
  };
  const etcd = client();
  for await (const piece of etcd.snapshot({ idleTimeoutMs: 20_000, expectedBytes: 100_000_000 })) {
    assert.ok(piece.length > 0);
    await stopped; // nothing more is read until nothing more is sent
    break;
  }
  await etcd.close();
  assert.ok(sentBytes > 0 && sentBytes < 16 * 1024 * 1024, `${String(sentBytes)} bytes were sent`);
});
