/** A small snapshot of a Kubernetes, written by our own writer: for tests that need a file and no etcd. */
import { createHash } from "node:crypto";
import { writeBolt } from "../../src/formats/bbolt/bolt-writer.ts";
import { memberJson } from "../../src/formats/etcd/restore/member-json.ts";
import { WireWriter } from "../../src/formats/protobuf/wire-writer.ts";
import { asMemberId } from "../../src/model/ids.ts";
import { deleteEntry, putEntry } from "./memory-bolt.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);

/** As the API server stores it: v1 ConfigMap in protobuf. */
export function storedConfigMap(namespace: string, name: string, data: { readonly [key: string]: string }): Uint8Array {
  const raw = new WireWriter().message(1, (meta) => meta.string(1, name).string(3, namespace).string(5, "6f1b9c1e-uid"));
  for (const [key, value] of Object.entries(data)) raw.message(2, (entry) => entry.string(1, key).string(2, value));
  const envelope = new WireWriter().message(1, (type) => type.string(1, "v1").string(2, "ConfigMap")).bytes(2, raw.finish());
  return Buffer.concat([bytes("k8s\0"), envelope.finish()]);
}

/** Revisions 2 to 5: a ConfigMap that is changed once, one beside it, and one that is deleted. Members cp1 and cp2. */
export function makeSnapshot(): Uint8Array {
  const chunks: Uint8Array[] = [];
  const member = (id: string, name: string) => ({
    key: bytes(id),
    value: bytes(memberJson({ id: asMemberId(id), name, peerUrls: [`https://${name}:2380`], clientUrls: [], isLearner: false })),
  });
  const settings = "/registry/configmaps/shop/settings";
  const records = [
    putEntry(2n, settings, { create: 2n, value: storedConfigMap("shop", "settings", { colour: "red" }) }),
    putEntry(3n, "/registry/configmaps/shop/other", { create: 3n, value: storedConfigMap("shop", "other", {}) }),
    putEntry(4n, settings, { create: 2n, value: storedConfigMap("shop", "settings", { colour: "blue" }) }),
    deleteEntry(5n, "/registry/configmaps/shop/other"),
  ];
  const index = Buffer.alloc(8);
  index.writeBigUInt64BE(9n);
  let patched: { readonly offset: number; readonly bytes: Uint8Array } | undefined;
  writeBolt(
    { write: (chunk) => void chunks.push(chunk.slice()), patch: (offset, part) => void (patched = { offset, bytes: part.slice() }) },
    [
      { name: bytes("alarm"), entries: [] },
      { name: bytes("cluster"), entries: [{ key: bytes("clusterVersion"), value: bytes("3.6.0") }] },
      { name: bytes("key"), entries: records },
      { name: bytes("lease"), entries: [] },
      { name: bytes("members"), entries: [member("1", "cp1"), member("2", "cp2")] },
      { name: bytes("members_removed"), entries: [] },
      {
        name: bytes("meta"),
        entries: [
          { key: bytes("consistent_index"), value: index },
          { key: bytes("storageVersion"), value: bytes("3.6.0") },
          { key: bytes("term"), value: index },
        ],
      },
    ],
  );
  const database = Buffer.concat(chunks);
  if (patched !== undefined) database.set(patched.bytes, patched.offset);
  return Buffer.concat([database, createHash("sha256").update(database).digest()]);
}
