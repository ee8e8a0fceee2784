import { compareKeys } from "../../bbolt/compare-keys.ts";
import { keySelection } from "./key-range.ts";
import { keyTextOf } from "./key-text.ts";
import type { KeyState } from "./key-states.ts";
import type { KeyStore } from "./key-store.ts";
import type { DeleteRangeRequest, PutRequest, TxnCompare, TxnOperation, TxnRequest } from "../raft/internal-raft-request.ts";

/** What transactions must know besides the keys. */
export interface TxnContext {
  readonly keys: KeyStore;
  /** -1n when nothing was compacted. */
  readonly compactRevision: bigint;
  /**
   * Up to 3.6 a server that does not answer the client itself (a follower, or
   * any server after its restart) throws away the ranges of a transaction
   * before it looks at it, but not those of nested ones: a range at a revision
   * that is gone refuses the transaction on the leader only. 3.7 looks at all.
   * Source: etcd 3.6 server/etcdserver/server.go (removeNeedlessRangeReqs), 3.7 server/etcdserver/apply/apply.go.
   */
  readonly checksOuterRanges: boolean;
  readonly hasLease: (id: bigint) => boolean;
}

/** Why etcd answered with an error and changed nothing; undefined when it applied the request. */
export type Refusal = string | undefined;

/** A put outside of a transaction. Source: etcd server/etcdserver/txn/put.go. */
export function applyPut(context: TxnContext, put: PutRequest): Refusal {
  const refusal = refusalOfPut(context, put);
  if (refusal === undefined)
    context.keys.inTransaction(() => {
      putNow(context.keys, put);
    });
  return refusal;
}

export function applyDeleteRange(context: TxnContext, request: DeleteRangeRequest): Refusal {
  context.keys.inTransaction(() => {
    deleteNow(context.keys, request);
  });
  return undefined;
}

/**
 * All compares of all levels are looked at before the first change, then all
 * operations of the chosen branches are checked, then they run in order; one
 * that cannot run refuses the whole transaction.
 * Source: etcd server/etcdserver/txn/txn.go (Txn, compareToPath, checkTxn, executeTxn).
 */
export function applyTxn(context: TxnContext, request: TxnRequest): Refusal {
  const all = chooseBranch(context.keys, request);
  const chosen = context.checksOuterRanges ? all : all.filter(({ kind }) => kind !== "range");
  const refusal = refusalOfBranch(context, chosen);
  if (refusal === undefined)
    context.keys.inTransaction(() => {
      runBranch(context.keys, chosen);
    });
  return refusal;
}

/** The operations of a branch; a nested transaction is replaced by its own branch. Depth is limited where requests are decoded. */
type Branch = readonly (Exclude<TxnOperation, { readonly kind: "txn" }> | { readonly kind: "branch"; readonly branch: Branch })[];

function chooseBranch(keys: KeyStore, request: TxnRequest): Branch {
  const isTrue = request.compare.every((compare) => holds(keys, compare));
  return (isTrue ? request.success : request.failure).map((operation) =>
    operation.kind === "txn" ? { kind: "branch", branch: chooseBranch(keys, operation.txn) } : operation,
  );
}

function refusalOfBranch(context: TxnContext, branch: Branch): Refusal {
  for (const operation of branch) {
    let refusal: Refusal;
    if (operation.kind === "branch") refusal = refusalOfBranch(context, operation.branch);
    else if (operation.kind === "put") refusal = refusalOfPut(context, operation.put);
    else if (operation.kind === "range") refusal = refusalOfRange(context, operation.range.revision);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function refusalOfPut({ keys, hasLease }: TxnContext, put: PutRequest): Refusal {
  if (put.lease !== 0n && !hasLease(put.lease)) return "requested lease not found";
  if ((put.ignoreValue || put.ignoreLease) && keys.get(keyTextOf(put.key)) === undefined) return "key not found";
  return undefined;
}

function refusalOfRange({ keys, compactRevision }: TxnContext, revision: bigint): Refusal {
  if (revision === 0n) return undefined;
  if (revision > keys.revision) return "required revision is a future revision";
  return revision < compactRevision ? "required revision has been compacted" : undefined;
}

function runBranch(keys: KeyStore, branch: Branch): void {
  for (const operation of branch) {
    switch (operation.kind) {
      case "branch":
        runBranch(keys, operation.branch);
        break;
      case "put":
        putNow(keys, operation.put);
        break;
      case "delete-range":
        deleteNow(keys, operation.deleteRange);
        break;
      case "range":
      case "none":
        break;
    }
  }
}

function putNow(keys: KeyStore, put: PutRequest): void {
  const key = keyTextOf(put.key);
  const before = put.ignoreValue || put.ignoreLease ? keys.get(key) : undefined;
  const value = put.ignoreValue && before !== undefined ? keys.valueOf(before) : put.value;
  keys.put(key, value, put.ignoreLease && before !== undefined ? before.lease : put.lease);
}

function deleteNow(keys: KeyStore, request: DeleteRangeRequest): void {
  for (const [key] of keys.select(keySelection(request.key, request.rangeEnd))) keys.delete(key);
}

function holds(keys: KeyStore, compare: TxnCompare): boolean {
  const selected = keys.select(keySelection(compare.key, compare.rangeEnd));
  // A key that is not there compares as if all its numbers were 0; its value compares to nothing.
  if (selected.length === 0) return compare.target !== "value" && holdsFor(keys, compare, undefined);
  return selected.every(([, state]) => holdsFor(keys, compare, state));
}

function holdsFor(keys: KeyStore, compare: TxnCompare, state: KeyState | undefined): boolean {
  const order = orderOf(keys, compare, state);
  switch (compare.result) {
    case "equal":
      return order === 0;
    case "greater":
      return order > 0;
    case "less":
      return order < 0;
    case "not-equal":
      return order !== 0;
  }
}

function orderOf(keys: KeyStore, compare: TxnCompare, state: KeyState | undefined): number {
  switch (compare.target) {
    case "value":
      return state === undefined ? 0 : compareKeys(keys.valueOf(state), compare.value);
    case "version":
      return orderOfNumbers(state?.version, compare.number);
    case "create-revision":
      return orderOfNumbers(state?.createRevision, compare.number);
    case "mod-revision":
      return orderOfNumbers(state?.main, compare.number);
    case "lease":
      return orderOfNumbers(state?.lease, compare.number);
  }
}

function orderOfNumbers(left = 0n, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
