import { bool, bytes, defineMessage, int64, message, repeated, uint32 } from "../../src/adapters/etcd-grpc/protobuf-message.ts";
import type { PlainEtcd } from "./plain-etcd.ts";
import { seededRandom } from "./seeded-random.ts";

/** Source of all of them: etcd api/etcdserverpb/rpc.proto. */
const headerOnly = defineMessage({ header: message(1, defineMessage({ revision: int64(3) })) });
const putRequest = defineMessage({
  key: bytes(1),
  value: bytes(2),
  lease: int64(3),
  prevKv: bool(4),
  ignoreValue: bool(5),
  ignoreLease: bool(6),
});
const rangeRequest = defineMessage({ key: bytes(1), rangeEnd: bytes(2), revision: int64(4) });
const deleteRequest = defineMessage({ key: bytes(1), rangeEnd: bytes(2) });
const compare = defineMessage({
  result: uint32(1),
  target: uint32(2),
  key: bytes(3),
  version: int64(4),
  create: int64(5),
  mod: int64(6),
  value: bytes(7),
  lease: int64(8),
  rangeEnd: bytes(64),
});
const innerOp = defineMessage({ range: message(1, rangeRequest), put: message(2, putRequest), deleteRange: message(3, deleteRequest) });
const innerTxn = defineMessage({
  compare: repeated(message(1, compare)),
  success: repeated(message(2, innerOp)),
  failure: repeated(message(3, innerOp)),
});
const requestOp = defineMessage({
  range: message(1, rangeRequest),
  put: message(2, putRequest),
  deleteRange: message(3, deleteRequest),
  txn: message(4, innerTxn),
});
const txnRequest = defineMessage({
  compare: repeated(message(1, compare)),
  success: repeated(message(2, requestOp)),
  failure: repeated(message(3, requestOp)),
});
const compactionRequest = defineMessage({ revision: int64(1) });
const leaseGrantRequest = defineMessage({ ttl: int64(1), id: int64(2) });
const leaseRequest = defineMessage({ id: int64(1) });

/** What the load needs of an etcd. */
export type EtcdCalls = Pick<PlainEtcd, "version" | "call">;

/** What was acknowledged: keys that are written once and never again, with their revisions. */
export interface Ledger {
  readonly acknowledged: Map<string, bigint>;
  /** Calls answered, with success or with an error of etcd. */
  answers: number;
  next: number;
}

export function newLedger(): Ledger {
  return { acknowledged: new Map(), answers: 0, next: 0 };
}

const text = new TextEncoder();
const keyCount = 40;

/**
 * Writes in several loops at once until calls fail because the server is gone
 * (or `stopAt` calls were answered): every kind of request that changes keys,
 * leases and compaction, some of them refused by etcd. Requests that etcd
 * answers with an error are part of the load.
 */
export async function loadUntilGone(
  etcd: EtcdCalls,
  ledger: Ledger,
  options: { readonly seed: number; readonly isGone: () => boolean },
): Promise<void> {
  // Up to 3.6 a transaction with such a range is refused by the leader and applied by its restart: then revisions shift (apply-txn.ts).
  const shared: Shared = { leases: [], revision: 0n, hasOuterRanges: etcd.version === "3.7" };
  await Promise.all(
    Array.from({ length: 6 }, (_, worker) =>
      work(etcd, ledger, shared, { worker, random: seededRandom(options.seed * 31 + worker), isGone: options.isGone }),
    ),
  );
}

async function work(
  etcd: EtcdCalls,
  ledger: Ledger,
  shared: Shared,
  { worker, random, isGone }: { readonly worker: number; readonly random: () => number; readonly isGone: () => boolean },
): Promise<void> {
  const upTo = (limit: number): number => Math.floor(random() * limit);
  const call = async (method: string, type: Parameters<PlainEtcd["call"]>[1][0], request: object): Promise<bigint | undefined> => {
    try {
      const answer = await etcd.call(method, [type, headerOnly], request);
      ledger.answers += 1;
      const revision = answer.header?.revision ?? 0n;
      if (revision > shared.revision) shared.revision = revision;
      return revision;
    } catch (error) {
      if (isGone()) return undefined;
      const code = (error as { readonly code?: number }).code;
      // UNAVAILABLE, CANCELLED, DEADLINE_EXCEEDED are the connection's, the rest are etcd's refusals.
      if (code === 14 || code === 1 || code === 4) return undefined;
      ledger.answers += 1;
      return undefined;
    }
  };
  while (!isGone()) {
    const turn = random();
    if (turn < 0.4) {
      ledger.next += 1;
      const name = `/ledger/${String(worker)}/${String(ledger.next)}`;
      const revision = await call("KV/Put", putRequest, { key: text.encode(name), value: text.encode(name) });
      if (revision !== undefined) ledger.acknowledged.set(name, revision);
    } else if (turn < 0.998) await call(...randomRequest(random, upTo, shared));
    else if (shared.revision > 50n) await call("KV/Compact", compactionRequest, { revision: shared.revision - BigInt(upTo(40)) });
  }
}

interface Shared {
  readonly leases: bigint[];
  revision: bigint;
  readonly hasOuterRanges: boolean;
}

type Call = [method: string, type: Parameters<PlainEtcd["call"]>[1][0], request: object];

function randomRequest(random: () => number, upTo: (limit: number) => number, shared: Shared): Call {
  const turn = random();
  if (turn < 0.3) return ["KV/Put", putRequest, randomPut(random, upTo, shared)];
  if (turn < 0.45) return ["KV/DeleteRange", deleteRequest, randomDelete(random, upTo)];
  if (turn < 0.85) return ["KV/Txn", txnRequest, randomTxn(random, upTo, shared, 1)];
  if (turn < 0.99) {
    const id = BigInt(1 + upTo(1_000_000)) * 4_000_000_007n;
    shared.leases.push(id);
    return ["Lease/LeaseGrant", leaseGrantRequest, { ttl: 36_000n, id }];
  }
  const id = shared.leases.splice(upTo(shared.leases.length), 1)[0] ?? 77n;
  return ["Lease/LeaseRevoke", leaseRequest, { id }];
}

function randomKey(upTo: (limit: number) => number): Uint8Array {
  return text.encode(`/registry/${String(upTo(4))}/${String(upTo(keyCount))}`);
}

function randomPut(random: () => number, upTo: (limit: number) => number, shared: Shared): object {
  const [ignoreValue, ignoreLease] = [random() < 0.1, random() < 0.1];
  const lease = ignoreLease || random() < 0.6 ? 0n : (shared.leases[upTo(shared.leases.length)] ?? 78n);
  const value = ignoreValue ? new Uint8Array(0) : new Uint8Array(upTo(300)).fill(upTo(256));
  return { key: randomKey(upTo), value, lease, ignoreValue, ignoreLease };
}

function randomDelete(random: () => number, upTo: (limit: number) => number): object {
  const key = randomKey(upTo);
  if (random() < 0.7) return { key };
  return { key, rangeEnd: Uint8Array.of(...key, 0xff) };
}

function randomCompare(random: () => number, upTo: (limit: number) => number, shared: Shared): object {
  const key = randomKey(upTo);
  const common = { key, result: upTo(4), ...(random() < 0.2 ? { rangeEnd: Uint8Array.of(...key, 0xff) } : {}) };
  switch (upTo(5)) {
    case 0:
      return { ...common, target: 0, version: BigInt(upTo(4)) };
    case 1:
      return { ...common, target: 1, create: random() < 0.4 ? 0n : shared.revision - BigInt(upTo(200)) };
    case 2:
      return { ...common, target: 2, mod: random() < 0.4 ? 0n : shared.revision - BigInt(upTo(200)) };
    case 3:
      return { ...common, target: 3, value: new Uint8Array(upTo(3)).fill(upTo(256)) };
    default:
      return { ...common, target: 4, lease: random() < 0.5 ? 0n : (shared.leases[upTo(shared.leases.length)] ?? 0n) };
  }
}

function randomTxn(random: () => number, upTo: (limit: number) => number, shared: Shared, depth: number): object {
  const operations = (): object[] =>
    Array.from({ length: upTo(4) }, () => {
      const turn = random();
      if (turn < 0.5) return { put: randomPut(random, upTo, shared) };
      if (turn < 0.7) return { deleteRange: randomDelete(random, upTo) };
      if (turn < 0.85 || depth === 0)
        return {
          range: {
            key: randomKey(upTo),
            revision: random() < 0.5 || (depth > 0 && !shared.hasOuterRanges) ? 0n : shared.revision - BigInt(upTo(60)),
          },
        };
      return { txn: randomTxn(random, upTo, shared, depth - 1) };
    });
  return {
    compare: Array.from({ length: upTo(3) }, () => randomCompare(random, upTo, shared)),
    success: operations(),
    failure: operations(),
  };
}
