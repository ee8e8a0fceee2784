import { bool, bytes, defineMessage, int64, message, repeated } from "../../src/adapters/etcd-grpc/protobuf-message.ts";
import type { PlainEtcd } from "./plain-etcd.ts";
import { seededRandom } from "./seeded-random.ts";

/** Source of all of them: etcd api/etcdserverpb/rpc.proto. */
const header = defineMessage({ revision: int64(3) });
const headerOnly = defineMessage({ header: message(1, header) });
const putRequest = defineMessage({ key: bytes(1), value: bytes(2), lease: int64(3) });
const deleteRequest = defineMessage({ key: bytes(1), rangeEnd: bytes(2) });
const requestOp = defineMessage({ put: message(2, putRequest), deleteRange: message(3, deleteRequest) });
const txnRequest = defineMessage({ success: repeated(message(2, requestOp)) });
const compactionRequest = defineMessage({ revision: int64(1), physical: bool(2) });
const leaseGrantRequest = defineMessage({ ttl: int64(1), id: int64(2) });
const leaseRequest = defineMessage({ id: int64(1) });

/** Unary calls to one etcd, whichever way. */
export type EtcdCalls = Pick<PlainEtcd, "call">;

export interface TrafficOptions {
  readonly seed: number;
  readonly operations: number;
  /** Distinct keys that are written to. */
  readonly keys: number;
  readonly maxValueBytes: number;
}

/**
 * Puts, deletes, range deletes, transactions, leases granted and revoked: the
 * same for the same seed. Every operation was acknowledged when this returns.
 * Returns the revision of the last one.
 */
export async function etcdTraffic(etcd: PlainEtcd, options: TrafficOptions): Promise<bigint> {
  const random = seededRandom(options.seed);
  const upTo = (limit: number): number => Math.floor(random() * limit);
  const text = new TextEncoder();
  const key = (): Uint8Array =>
    text.encode(
      `/registry/${["pods", "secrets", "apps.example/things"][upTo(3)] ?? ""}/ns${String(upTo(3))}/${String(upTo(options.keys))}`,
    );
  const value = (): Uint8Array => new Uint8Array(upTo(options.maxValueBytes)).fill(upTo(256));
  const leases: bigint[] = [];
  let revision = 0n;
  for (let index = 0; index < options.operations; index += 1) {
    const turn = random();
    const before = leases[upTo(leases.length)];
    let answer;
    if (turn < 0.6)
      answer = await etcd.call("KV/Put", [putRequest, headerOnly], {
        key: key(),
        value: value(),
        lease: random() < 0.1 ? (before ?? 0n) : 0n,
      });
    else if (turn < 0.75) answer = await etcd.call("KV/DeleteRange", [deleteRequest, headerOnly], { key: key() });
    else if (turn < 0.78) {
      const start = key();
      answer = await etcd.call("KV/DeleteRange", [deleteRequest, headerOnly], { key: start, rangeEnd: Uint8Array.of(...start, 0xff) });
    } else if (turn < 0.95) {
      const names = new Set(Array.from({ length: 1 + upTo(8) }, () => String(upTo(options.keys))));
      const success = [...names].map((name) => {
        const one = text.encode(`/registry/pods/txn/${name}`);
        return random() < 0.7 ? { put: { key: one, value: value() } } : { deleteRange: { key: one } };
      });
      answer = await etcd.call("KV/Txn", [txnRequest, headerOnly], { success });
    } else if (turn < 0.98 || before === undefined) {
      const id = BigInt(1 + upTo(1_000_000_000)) * 4_000_000_007n;
      leases.push(id);
      answer = await etcd.call("Lease/LeaseGrant", [leaseGrantRequest, headerOnly], { ttl: 3600n, id });
    } else {
      leases.splice(leases.indexOf(before), 1);
      answer = await etcd.call("Lease/LeaseRevoke", [leaseRequest, headerOnly], { id: before });
    }
    revision = answer.header?.revision ?? revision;
  }
  return revision;
}

export async function compactEtcd(etcd: EtcdCalls, revision: bigint): Promise<void> {
  await etcd.call("KV/Compact", [compactionRequest, headerOnly], { revision, physical: true });
}

/**
 * Many puts in large transactions, fast enough for a million keys: `count`
 * puts over `keys` distinct keys, values of `valueBytes` that differ, or what
 * `valueFor` gives for the number of a put (about `valueBytes` long).
 */
export async function etcdBulk(
  etcd: EtcdCalls,
  options: {
    readonly count: number;
    readonly keys: number;
    readonly valueBytes: number;
    readonly seed: number;
    readonly valueFor?: (number: number) => Uint8Array;
    /** Which of the keys that put is for; left out: one after the other, again and again. */
    readonly keyFor?: (number: number) => number;
  },
): Promise<void> {
  const random = seededRandom(options.seed);
  const pool = Uint8Array.from({ length: options.valueBytes + 65_536 }, () => Math.floor(random() * 256));
  const text = new TextEncoder();
  // Below etcd's limit of 1.5 MiB for a request; a transaction may put a key only once.
  const perTxn = Math.max(1, Math.min(1_500, options.keys, Math.floor(1_200_000 / (options.valueBytes + 100))));
  for (let start = 0; start < options.count; start += perTxn) {
    const numbers = Array.from({ length: Math.min(perTxn, options.count - start) }, (_, at) => start + at);
    const success = numbers.map((number) => {
      const offset = Math.floor(random() * 65_536);
      const key = options.keyFor?.(number) ?? number % options.keys;
      const name = String(key).padStart(8, "0");
      return {
        put: {
          key: text.encode(`/registry/configmaps/namespace-${String(key % 50)}/object-${name}`),
          value: options.valueFor?.(number) ?? pool.subarray(offset, offset + options.valueBytes),
        },
      };
    });
    await etcd.call("KV/Txn", [txnRequest, headerOnly], { success });
  }
}
