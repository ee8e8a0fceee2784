import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { askMaster, type MuxAnswer, type MuxRequest } from "./mux-control.ts";

/** A master that does as the test says. */
async function withMaster(act: (socket: Socket, asked: Buffer) => void, request: MuxRequest, timeoutMs = 2000): Promise<MuxAnswer> {
  const directory = mkdtempSync(join(tmpdir(), "requorum-mux-"));
  const path = join(directory, "m");
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined); // the client may leave first
    socket.on("data", (asked) => act(socket, asked));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  try {
    return await askMaster(path, request, timeoutMs);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    rmSync(directory, { recursive: true });
  }
}

const forward: MuxRequest = { kind: "open-forward", socketPath: "/s", address: "10.0.0.1", port: 2379 };
const words = (...values: readonly number[]) =>
  Buffer.concat(values.map((value) => Buffer.from(value.toString(16).padStart(8, "0"), "hex")));
const greeting = words(8, 1, 4);

test("askMaster: sends the greeting and the forward in the form of PROTOCOL.mux", async () => {
  let seen = "";
  const answer = await withMaster((socket, asked) => {
    seen += asked.toString("hex");
    socket.write(Buffer.concat([greeting, words(8, 0x80000001, 1)]));
  }, forward);
  assert.deepEqual(answer, { kind: "ok" });
  const body = `100000060000000100000001000000022f73fffffffe00000008${Buffer.from("10.0.0.1").toString("hex")}0000094b`;
  assert.equal(seen, `000000080000000100000004${(body.length / 2).toString(16).padStart(8, "0")}${body}`);
});

test("askMaster: an answer in single bytes is understood, and a refusal keeps the master's words", async () => {
  const refusal = Buffer.from("Port forwarding failed");
  const bytes = Buffer.concat([greeting, words(12 + refusal.length, 0x80000003, 1, refusal.length), refusal]);
  const answer = await withMaster((socket) => {
    for (const byte of bytes) socket.write(Buffer.from([byte]));
  }, forward);
  assert.deepEqual(answer, { kind: "refused", because: "Port forwarding failed" });
});

test("askMaster: a master that says nothing is late; one that hangs up or is not there is gone; nonsense is refused", async () => {
  assert.deepEqual(await withMaster(() => undefined, forward, 50), { kind: "late" });
  assert.deepEqual(await withMaster((socket) => socket.end(), forward), { kind: "gone" });
  assert.deepEqual(await askMaster("/nonexistent/socket", forward, 1000), { kind: "gone" });
  assert.equal((await withMaster((socket) => socket.write(words(0xffffffff, 1)), forward)).kind, "refused");
});

test("askMaster: a master that ends without a word when told to end has done so", async () => {
  assert.deepEqual(await withMaster((socket) => socket.end(), { kind: "terminate" }), { kind: "ok" });
});
