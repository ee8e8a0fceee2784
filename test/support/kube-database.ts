import { createCipheriv, createHash } from "node:crypto";
import type { BoltEntry } from "../../src/formats/bbolt/bolt-reader.ts";
import { writeBolt } from "../../src/formats/bbolt/bolt-writer.ts";
import { MemoryBoltSink } from "./bolt-bytes.ts";
import { deleteEntry, putEntry, revisionEntry } from "./memory-bolt.ts";

/** What a key held, revision by revision; undefined: it was deleted. */
export type KeyWrites = readonly (readonly [key: string, value: string | Uint8Array | undefined])[];

/** The keys that every Kubernetes has: by them the prefix is found. */
export const landmarkWrites: KeyWrites = [
  ["/registry/namespaces/default", kubeJson("v1", "Namespace", { name: "default" })],
  ["/registry/namespaces/kube-system", kubeJson("v1", "Namespace", { name: "kube-system" })],
];

/** An object as the API server stores custom resources, and reads every other. */
export function kubeJson(
  apiVersion: string,
  kind: string,
  metadata: { readonly [name: string]: unknown },
  rest: { readonly [name: string]: unknown } = {},
): string {
  return JSON.stringify({ apiVersion, kind, metadata, ...rest });
}

export interface DatabaseShape {
  /** Written one a revision, from revision 2 on. */
  readonly writes: KeyWrites;
  readonly compactedAt?: bigint;
  readonly consistentIndex?: bigint;
  readonly memberId?: bigint | undefined;
  /** false: no members at all, as in a database that never took part. */
  readonly namesMembers?: boolean;
  /** false: as etcd 3.4, which keeps no term. */
  readonly storesTerm?: boolean;
}

/** A whole etcd 3.6 database in which a cluster of Kubernetes lies. */
export function databaseBytes(shape: DatabaseShape): Uint8Array {
  const memberId = shape.memberId ?? 0xa1n;
  const compacted = shape.compactedAt;
  const buckets: { readonly [name: string]: readonly BoltEntry[] } = {
    alarm: [],
    auth: [],
    authRoles: [],
    authUsers: [],
    cluster: [text("clusterVersion", "3.6.0")],
    key: keyEntries(shape.writes),
    lease: [],
    members:
      shape.namesMembers === false
        ? []
        : [
            text(
              memberId.toString(16),
              `{"id":${String(memberId)},"peerURLs":["http://m1:2380"],"name":"m1","clientURLs":["http://m1:2379"]}`,
            ),
          ],
    members_removed: [],
    meta: [
      text("confState", `{"voters":[${String(memberId)}],"auto_leave":false}`),
      { key: Buffer.from("consistent_index"), value: uint64(shape.consistentIndex ?? 10n) },
      ...(compacted === undefined ? [] : [revisionEntry("finishedCompactRev", compacted), revisionEntry("scheduledCompactRev", compacted)]),
      text("storageVersion", "3.6.0"),
      ...(shape.storesTerm === false ? [] : [{ key: Buffer.from("term"), value: uint64(2n) }]),
    ],
  };
  const sink = new MemoryBoltSink();
  writeBolt(
    sink,
    Object.entries(buckets).map(([name, entries]) => ({
      name: Buffer.from(name),
      entries: [...entries].sort((one, other) => Buffer.compare(one.key, other.key)),
    })),
  );
  return sink.content();
}

/** The same with its sha256 behind it, as etcd sends a snapshot. */
export function snapshotBytes(shape: DatabaseShape): Uint8Array {
  const database = databaseBytes(shape);
  return Buffer.concat([database, createHash("sha256").update(database).digest()]);
}

function keyEntries(writes: KeyWrites): readonly BoltEntry[] {
  const living = new Map<string, { readonly create: bigint; readonly version: bigint }>();
  return writes.map(([key, value], at) => {
    const main = BigInt(at) + 2n;
    if (value === undefined) {
      living.delete(key);
      return deleteEntry(main, key);
    }
    const before = living.get(key);
    const now = { create: before?.create ?? main, version: (before?.version ?? 0n) + 1n };
    living.set(key, now);
    return putEntry(main, key, { ...now, value });
  });
}

/** As `aescbc` of the API server seals. Source: k8s.io/apiserver pkg/storage/value/encrypt/aes. */
export function sealedAesCbc(plain: string, key: { readonly name: string; readonly secret: Uint8Array }): Uint8Array {
  const iv = Buffer.alloc(16, 7);
  const cipher = createCipheriv(`aes-${String(key.secret.length * 8)}-cbc`, key.secret, iv);
  return Buffer.concat([Buffer.from(`k8s:enc:aescbc:v1:${key.name}:`), iv, cipher.update(plain), cipher.final()]);
}

function text(key: string, value: string): BoltEntry {
  return { key: Buffer.from(key), value: Buffer.from(value) };
}
export function uint64(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}
