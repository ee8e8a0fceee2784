import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { test } from "node:test";
import { createS3Store } from "../../src/adapters/backup-store/s3-store.ts";
import type { BackupStore } from "../../src/ports/backup-store.ts";
import { s3TestCredentials } from "../support/s3-server.ts";

process.env["AWS_EC2_METADATA_DISABLED"] = "true";
process.env["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null";
process.env["AWS_CONFIG_FILE"] = "/dev/null";
process.env["AWS_ACCESS_KEY_ID"] = s3TestCredentials.accessKeyId;
process.env["AWS_SECRET_ACCESS_KEY"] = s3TestCredentials.secretAccessKey;

/** What a server does with a write that is on the condition that the name is free. */
type Conditions = "409 twice" | "409 for ever" | "412 for what was removed" | "ignored";

interface OddServer {
  readonly store: BackupStore;
  readonly objects: Map<string, Buffer>;
  /** "PUT if free name", "PUT name". */
  readonly puts: string[];
  close(): Promise<void>;
}

/** Answers as a server of S3 would in a moment that no real one can be brought into. */
async function oddServer(conditions: Conditions): Promise<OddServer> {
  const objects = new Map<string, Buffer>();
  const puts: string[] = [];
  const refuse = (response: ServerResponse, status: number, code: string) => {
    response.writeHead(status, { "content-type": "application/xml" });
    response.end(`<Error><Code>${code}</Code><Message>odd</Message></Error>`);
  };
  const put = (name: string, isConditional: boolean, body: Buffer, response: ServerResponse) => {
    puts.push(`PUT ${isConditional ? "if free " : ""}${name}`);
    if (isConditional && conditions.startsWith("409") && (conditions === "409 for ever" || puts.length <= 2)) {
      refuse(response, 409, "ConditionalRequestConflict");
      return;
    }
    if (isConditional && conditions === "412 for what was removed") {
      refuse(response, 412, "PreconditionFailed");
      return;
    }
    objects.set(name, body);
    return response.end();
  };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body: Buffer[] = [];
    for await (const piece of request) body.push(piece as Buffer);
    const url = new URL(request.url ?? "/", "http://s3");
    const name = url.pathname.slice("/b/".length);
    if (request.method === "PUT") return put(name, request.headers["if-none-match"] === "*", Buffer.concat(body), response);
    if (url.searchParams.has("list-type")) return response.end("<ListBucketResult><Name>b</Name></ListBucketResult>");
    const found = objects.get(name);
    if (found === undefined) {
      refuse(response, 404, "NoSuchKey");
      return;
    }
    response.writeHead(200, { "content-length": String(found.length), "last-modified": new Date().toUTCString() });
    return response.end(request.method === "HEAD" ? undefined : found);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${String((server.address() as { port: number }).port)}`;
  const store = createS3Store({ place: "s3://b", bucket: "b", prefix: "" }, { s3: { endpoint, pathStyle: true, objectLockDays: 0 } });
  const close = async () => {
    await store.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { store, objects, puts, close };
}

const identity = "requorum-store.json";
const manifest = "sets/20260301-030000-aaaaaa.json";

test("S3Store: while somebody else writes a name, it is tried again, and never without the condition", { timeout: 30_000 }, async () => {
  const soon = await oddServer("409 twice");
  await soon.store.put(identity, Buffer.from("mine"));
  assert.deepEqual(soon.puts, Array(3).fill(`PUT if free ${identity}`));
  await soon.close();
  const never = await oddServer("409 for ever");
  for (const name of [identity, manifest])
    await assert.rejects(never.store.put(name, Buffer.from("mine")), { code: "BACKUP_STORE_UNREACHABLE", message: /somebody else/ });
  assert.ok(never.puts.length > 2 && never.puts.every((one) => one.startsWith("PUT if free")), never.puts.join());
  await never.close();
});

test(
  "S3Store: what a server counts as there and does not show is written all the same, but for what two may write at one time",
  { timeout: 30_000 },
  async () => {
    const odd = await oddServer("412 for what was removed");
    await odd.store.put(manifest, Buffer.from("mine"));
    assert.equal(odd.objects.get(manifest)?.toString(), "mine");
    await assert.rejects(odd.store.put(identity, Buffer.from("mine")), { code: "BACKUP_STORE_UNREACHABLE" });
    await assert.rejects(odd.store.put("claims/20260301-030000-aaaaaa.json", Buffer.from("mine")), { code: "BACKUP_STORE_UNREACHABLE" });
    await odd.close();
  },
);

test("S3Store: a server that ignores the condition without a word overwrites nothing", { timeout: 30_000 }, async () => {
  const odd = await oddServer("ignored");
  odd.objects.set(identity, Buffer.from("theirs"));
  await assert.rejects(odd.store.put(identity, Buffer.from("mine!!")), { code: "BACKUP_OBJECT_EXISTS" });
  assert.equal(odd.objects.get(identity)?.toString(), "theirs");
  assert.deepEqual(odd.puts, []);
  await odd.close();
});
