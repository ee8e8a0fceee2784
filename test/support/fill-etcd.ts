import { Client, credentials } from "@grpc/grpc-js";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { bytes, defineMessage } from "../../src/adapters/etcd-grpc/protobuf-message.ts";
import type { HostName } from "../../src/model/ids.ts";
import { etcdUnaryCall } from "./etcd-unary-call.ts";
import type { RealEtcd } from "./real-etcd.ts";

/** PutRequest, api/etcdserverpb/rpc.proto; requorum itself never puts a key through etcd. */
const putTypes = [defineMessage({ key: bytes(1), value: bytes(2) }), defineMessage({})] as const;
const valueBytes = 1024 * 1024; // etcd refuses requests above 1.5 MiB
const atOnce = 8;

/** Puts `mebibytes` keys of 1 MiB random bytes below `/registry/fill/`. */
export async function fillEtcd(etcd: RealEtcd, host: HostName, mebibytes: number): Promise<void> {
  const { ca, certificate, key } = etcd.client;
  const channel = credentials.createSsl(await readFile(ca), await readFile(key), await readFile(certificate));
  const client = new Client(`ipv4:127.0.0.1:${String(etcd.member(host).clientPort)}`, channel, {
    "grpc.ssl_target_name_override": "localhost",
  });
  const put = (index: number) =>
    etcdUnaryCall(client, {
      method: "KV/Put",
      types: putTypes,
      request: { key: Buffer.from(`/registry/fill/${String(index).padStart(6, "0")}`), value: randomBytes(valueBytes) },
      timeoutMs: 60_000,
    });
  try {
    for (let index = 0; index < mebibytes; index += atOnce)
      await Promise.all(Array.from({ length: atOnce }, (_, offset) => put(index + offset)));
  } finally {
    client.close();
  }
}
