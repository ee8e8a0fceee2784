import type { BoltBucket, BoltEntry, BoltReader } from "../../src/formats/bbolt/bolt-reader.ts";
import { encodeRevisionKey } from "../../src/formats/etcd/mvcc/revision-key.ts";

/** A bbolt file as plain maps, for tests of what is built on one. Names and keys are compared as bytes. */
export class MemoryBolt implements BoltReader {
  readonly name = "db in memory";
  readonly meta = { pageIndex: 0, pageSizeBytes: 4096, transactionId: 7n, rootPage: 3n, freelistPage: 2n, highWaterPage: 10n } as const;
  readonly otherMeta = { kind: "older" } as const;
  readonly root: BoltBucket;

  /** Entries may come in any order. */
  constructor(buckets: { readonly [name: string]: readonly BoltEntry[] }) {
    const sorted = Object.entries(buckets)
      .map(([name, entries]) => [Buffer.from(name), new MemoryBucket(name, entries)] as const)
      .sort(([one], [other]) => Buffer.compare(one, other));
    this.root = {
      name: "",
      get: () => undefined,
      bucket: (name) => sorted.find(([own]) => Buffer.compare(own, name) === 0)?.[1],
      entries: () => [],
      bucketNames: () => sorted.map(([name]) => name),
    };
  }
}

class MemoryBucket implements BoltBucket {
  readonly name: string;
  private readonly sorted: readonly BoltEntry[];

  constructor(name: string, entries: readonly BoltEntry[]) {
    this.name = name;
    this.sorted = [...entries].sort((one, other) => Buffer.compare(one.key, other.key));
  }
  get(key: Uint8Array): Uint8Array | undefined {
    return this.sorted.find((entry) => Buffer.compare(entry.key, key) === 0)?.value;
  }
  bucket(): undefined {
    return undefined;
  }
  entries(from?: Uint8Array): Iterable<BoltEntry> {
    return from === undefined ? this.sorted : this.sorted.filter((entry) => Buffer.compare(entry.key, from) >= 0);
  }
  bucketNames(): Iterable<Uint8Array> {
    return [];
  }
}

export function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Uint8Array.from([...bytes, Number(rest)]);
}
const delimited = (tag: number, bytes: Uint8Array): Uint8Array => Buffer.concat([Uint8Array.of(tag), varint(BigInt(bytes.length)), bytes]);
const number = (tag: number, value: bigint): Uint8Array =>
  value === 0n ? new Uint8Array(0) : Buffer.concat([Uint8Array.of(tag), varint(value)]);

export interface PutShape {
  readonly create: bigint;
  readonly version?: bigint;
  readonly value?: string | Uint8Array;
  readonly sub?: bigint;
  readonly lease?: bigint;
}

/** The record of a put, as etcd stores it. */
export function putEntry(main: bigint, key: string | Uint8Array, put: PutShape): BoltEntry {
  return {
    key: encodeRevisionKey(main, put.sub ?? 0n, false).slice(),
    value: Buffer.concat([
      delimited(0x0a, typeof key === "string" ? Buffer.from(key) : key),
      number(0x10, put.create),
      number(0x18, main),
      number(0x20, put.version ?? (put.create === main ? 1n : 2n)),
      delimited(0x2a, Buffer.from(put.value ?? "v")),
      number(0x30, put.lease ?? 0n),
    ]),
  };
}

/** The record of a deletion. */
export function deleteEntry(main: bigint, key: string, sub = 0n): BoltEntry {
  return { key: encodeRevisionKey(main, sub, true).slice(), value: delimited(0x0a, Buffer.from(key)) };
}

/** `meta/finishedCompactRev` and its like. */
export function revisionEntry(name: string, main: bigint): BoltEntry {
  return { key: Buffer.from(name), value: encodeRevisionKey(main, 0n, false).slice() };
}
