import { MemoryByteSource } from "../../src/formats/byte-source.ts";
import { crc32c } from "../../src/formats/crc32c.ts";
import { encodeConfState } from "../../src/formats/etcd/raft/encode-raft.ts";
import { WalFrames, walRecordType } from "../../src/formats/etcd/wal/wal-frames.ts";
import { encodeWalFrame, type WalWriter } from "../../src/formats/etcd/wal/wal-writer.ts";
import { WireWriter } from "../../src/formats/protobuf/wire-writer.ts";
import { joined, makeWal, textEntry } from "./make-wal.ts";

export type WalFiles = ReadonlyMap<string, Uint8Array>;

const confState = { voters: [0xa1n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
const request = (index: number): Uint8Array =>
  new WireWriter()
    .message(100, (header) => header.uint64(1, BigInt(index)))
    .message(index % 3 === 0 ? 6 : 4, (inner) =>
      index % 3 === 0
        ? inner.message(2, (operation) => operation.message(2, (put) => put.string(1, "k").string(2, "v")))
        : inner.string(1, `k${String(index)}`).bytes(2, new Uint8Array(index * 40).fill(index)),
    )
    .finish();

/** Logs as etcd leaves them: overruled entries, snapshots of its own and of a leader, several segments, room behind the end. */
export function soundLogs(): readonly WalFiles[] {
  const put = (writer: WalWriter, index: number, term: number) => {
    writer.entry({ kind: "normal", term: BigInt(term), index: BigInt(index), data: request(index) });
  };
  const long = makeWal(
    (writer) => {
      writer.entry({ ...textEntry(1), kind: "conf-change", data: encodeConfState(confState) });
      for (let index = 2; index <= 30; index += 1) {
        put(writer, index, 1);
        if (index % 4 === 0) writer.state({ term: 1n, vote: 0xa1n, commit: BigInt(Math.max(0, index - 5)) });
        if (index === 12) writer.snapshot({ index: 10n, term: 1n, confState });
      }
      for (let index = 25; index <= 34; index += 1) put(writer, index, 2);
      writer.state({ term: 2n, vote: 0xa1n, commit: 33n });
    },
    { cutBytes: 6000 },
  );
  const received = makeWal((writer) => {
    for (let index = 1; index <= 6; index += 1) put(writer, index, 1);
    writer.state({ term: 4n, vote: 0n, commit: 6n });
    writer.snapshot({ index: 40n, term: 4n, confState });
    for (let index = 41; index <= 50; index += 1) put(writer, index, 4);
    writer.state({ term: 4n, vote: 0n, commit: 45n });
  });
  return [long, received].map((files) => {
    const last = [...files.keys()].at(-1) ?? "";
    return new Map([...files].map(([name, bytes]) => [name, name === last ? joined(bytes, new Uint8Array(5000)) : bytes]));
  });
}

type Damage = (files: Map<string, Uint8Array>, random: () => number) => void;
const below = (random: () => number, limit: number): number => Math.floor(random() * limit);

/** One segment changed by `change`, mostly inside what is used of it. */
function inOne(change: (bytes: Uint8Array, at: number, random: () => number) => Uint8Array): Damage {
  return (files, random) => {
    const names = [...files.keys()];
    const name = names[below(random, names.length)];
    const bytes = name === undefined ? undefined : files.get(name);
    if (name === undefined || bytes === undefined || bytes.length === 0) return;
    const used = Math.max(1, bytes.findLastIndex((byte) => byte !== 0) + 1);
    files.set(name, change(bytes.slice(), random() < 0.9 ? below(random, used) : below(random, bytes.length), random));
  };
}

/** Records taken apart, changed, and put together with checksums that fit: what is inside them is reached. */
function resealed(change: (record: { type: number; data: Uint8Array }, random: () => number) => void): Damage {
  return (files, random) => {
    const segments = [...files].map(([name, bytes]) => {
      const frames = new WalFrames(new MemoryByteSource(bytes), { isLast: true, checksum: undefined });
      const records: { type: number; data: Uint8Array }[] = [];
      for (let frame = frames.next(); frame !== undefined; frame = frames.next())
        records.push({ type: frame.type, data: frame.data.slice() });
      return { name, records };
    });
    const all = segments.flatMap((segment) => segment.records);
    const victim = all[below(random, all.length)];
    if (victim !== undefined) change(victim, random);
    let checksum = 0;
    for (const { name, records } of segments) {
      const parts = records.map(({ type, data }) => {
        if (type !== walRecordType.crc) checksum = crc32c(data, checksum);
        return encodeWalFrame(type, { checksum, data });
      });
      files.set(name, joined(...parts));
    }
  };
}

const interesting = [0, 1, 7, 8, 0x7f, 0x80, 0xff];
const damages: readonly Damage[] = [
  inOne((bytes, at, random) => {
    bytes[at] = (bytes[at] ?? 0) ^ (1 << below(random, 8));
    return bytes;
  }),
  inOne((bytes, at, random) => {
    bytes[at] = interesting[below(random, interesting.length)] ?? 0;
    return bytes;
  }),
  inOne((bytes, at) => bytes.slice(0, at)),
  inOne((bytes, at) => bytes.fill(0, Math.floor(at / 512) * 512, Math.floor(at / 512) * 512 + 512)),
  inOne((bytes, at) => bytes.fill(0, at)),
  inOne((bytes, at, random) => {
    const length = below(random, 600);
    bytes.copyWithin(at, below(random, bytes.length), below(random, bytes.length) + length);
    return bytes;
  }),
  inOne((bytes, at, random) => joined(bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 8 * below(random, 40))))),
  inOne((bytes, at, random) => {
    // A length field is at a multiple of eight.
    const start = at - (at % 8);
    new DataView(bytes.buffer).setUint8(Math.min(bytes.length - 1, start + below(random, 8)), below(random, 256));
    return bytes;
  }),
  (files, random) => {
    const names = [...files.keys()];
    files.delete(names[below(random, names.length)] ?? "");
  },
  (files, random) => {
    const names = [...files.keys()];
    const [a, b] = [names[below(random, names.length)] ?? "", names[below(random, names.length)] ?? ""];
    const [left, right] = [files.get(a), files.get(b)];
    if (left !== undefined && right !== undefined) files.set(a, right).set(b, left);
  },
  resealed((record, random) => {
    const at = below(random, Math.max(1, Math.min(record.data.length, random() < 0.8 ? 24 : record.data.length)));
    if (record.data.length > 0) record.data[at] = random() < 0.5 ? below(random, 256) : (record.data[at] ?? 0) ^ (1 << below(random, 8));
  }),
  resealed((record, random) => {
    record.data = record.data.slice(0, below(random, record.data.length + 1));
  }),
  resealed((record, random) => {
    record.type = below(random, 8);
  }),
  resealed((record, random) => {
    record.data = joined(
      record.data,
      Uint8Array.from({ length: 1 + below(random, 12) }, () => below(random, 256)),
    );
  }),
];

/** The same files for the same numbers of `random`: one to three changes of one of `logs`. */
export function damageWal(logs: readonly WalFiles[], random: () => number): Map<string, Uint8Array> {
  const files = new Map(logs[below(random, logs.length)]);
  const count = 1 + (random() < 0.3 ? below(random, 3) : 0);
  for (let round = 0; round < count; round += 1) damages[below(random, damages.length)]?.(files, random);
  return files;
}
