import type { BoltReader } from "../../bbolt/bolt-reader.ts";
import type { InternalRaftRequest, RaftAction, TxnOperation, TxnRequest } from "../raft/internal-raft-request.ts";
import { readAuth, type StoredAuth } from "../schema/read-auth.ts";
import { KeyRanges, keySelection, type KeySelection } from "./key-range.ts";
import type { KeyText } from "./key-text.ts";

/** What etcd said to a request before it applied it. */
export type Permission =
  | { readonly kind: "permitted" }
  | { readonly kind: "refused"; readonly because: string }
  /** It depends on what the versions of etcd do differently, or on what is not kept. */
  | { readonly kind: "unknown"; readonly because: string };

interface Rights {
  readonly isRoot: boolean;
  readonly read: KeyRanges;
  readonly write: KeyRanges;
}

type Check = readonly ["read" | "write", KeySelection];

const permitted: Permission = { kind: "permitted" };
const rootRole = "root";
const nothing = new Uint8Array(0);

/**
 * Who may do what, as the users and roles in a database have it: etcd looks
 * when it applies a request, so that a log holds those that were refused, too.
 * Source: etcd server/etcdserver/apply_auth.go, server/auth/{store,range_perm_cache}.go (3.4 to 3.7).
 */
export class AuthGate {
  private readonly auth: StoredAuth;
  private readonly keysAttachedTo: (leaseId: bigint) => readonly KeyText[];
  private readonly rightsByUser = new Map<string, Rights | undefined>();

  constructor(bolt: BoltReader, keysAttachedTo: (leaseId: bigint) => readonly KeyText[]) {
    this.auth = readAuth(bolt);
    this.keysAttachedTo = keysAttachedTo;
  }

  judge({ action, username, authRevision }: InternalRaftRequest): Permission {
    if (!this.auth.isEnabled) return permitted;
    const rights = this.rightsOf(username);
    // Those that look at the user alone, not at how old the token is.
    if (action.kind === "auth")
      return action.auth.kind === "authenticate" || rights?.isRoot === true
        ? permitted
        : refused("permission denied: not an administrator");
    if (action.kind === "lease-revoke" && rights?.isRoot === true) return permitted;
    const { certain, others, isUnclear } = this.checksOf(action);
    if (certain.length === 0 && others.length === 0 && !isUnclear) return permitted;
    const refusal = this.refusalOf(certain, rights, authRevision);
    if (refusal !== undefined) return { kind: "refused", because: refusal };
    if (rights?.isRoot === true && this.refusalOf(others, rights, authRevision) === undefined) return permitted;
    if (!isUnclear && this.refusalOf(others, rights, authRevision) === undefined) return permitted;
    return {
      kind: "unknown",
      because: `auth is on: whether user ${JSON.stringify(username)} was permitted cannot be told, the ${action.kind} was applied`,
    };
  }

  /** `certain`: what every version looks at. `others`: what only some do. */
  private checksOf(action: RaftAction): {
    readonly certain: readonly Check[];
    readonly others: readonly Check[];
    readonly isUnclear: boolean;
  } {
    switch (action.kind) {
      case "put": {
        const { key, prevKv, lease } = action.put;
        // Of a lease that has keys already, each must be one that the user may write: they are not followed here.
        return { certain: [write(key), ...(prevKv ? [read(key)] : [])], others: [], isUnclear: lease !== 0n };
      }
      case "delete-range": {
        const { key, rangeEnd, prevKv } = action.deleteRange;
        return { certain: [write(key, rangeEnd), ...(prevKv ? [read(key, rangeEnd)] : [])], others: [], isUnclear: false };
      }
      case "txn":
        return changesNothing(action.txn) ? { certain: [], others: [], isUnclear: false } : checksOfTxn(action.txn);
      case "lease-revoke": {
        const certain = this.keysAttachedTo(action.leaseId).map((key): Check => ["write", { kind: "one", key }]);
        return { certain, others: [], isUnclear: false };
      }
      case "range":
      case "compaction":
      case "lease-grant":
      case "lease-checkpoint":
      case "alarm":
      case "auth":
      case "cluster-version-set":
      case "cluster-member-attributes-set":
      case "downgrade-info-set":
      case "downgrade-version-test":
      case "v2":
      case "unknown":
        return { certain: [], others: [], isUnclear: false };
    }
  }

  private refusalOf(checks: readonly Check[], rights: Rights | undefined, authRevision: bigint): string | undefined {
    if (checks.length === 0) return undefined;
    if (authRevision === 0n) return "user name is empty";
    if (authRevision < (this.auth.revision ?? 0n)) return "revision of auth store is old";
    if (rights === undefined) return "permission denied: there is no such user";
    if (rights.isRoot) return undefined;
    return checks.every(([kind, keys]) => covers(rights[kind], keys)) ? undefined : "permission denied";
  }

  private rightsOf(username: string): Rights | undefined {
    if (!this.rightsByUser.has(username)) this.rightsByUser.set(username, this.readRights(username));
    return this.rightsByUser.get(username);
  }

  private readRights(username: string): Rights | undefined {
    const user = this.auth.users.find(({ name }) => name === username);
    if (user === undefined) return undefined;
    const rights: Rights = { isRoot: user.roles.includes(rootRole), read: new KeyRanges(), write: new KeyRanges() };
    for (const { permissions } of this.auth.roles.filter(({ name }) => user.roles.includes(name)))
      for (const { kind, key, rangeEnd } of permissions) {
        const range = keySelection(key, rangeEnd);
        const [from, before] = range.kind === "one" ? [range.key, endOf(range.key)] : [range.from, range.before];
        if (kind === "read" || kind === "readwrite") rights.read.add(from, before);
        if (kind === "write" || kind === "readwrite") rights.write.add(from, before);
      }
    return rights;
  }
}

/**
 * Compares and changes of the outer transaction are looked at by all. Ranges
 * are thrown away first where the server does not answer the client itself;
 * nested transactions, and leases and old values of puts, only by later ones.
 */
function checksOfTxn(txn: TxnRequest): {
  readonly certain: readonly Check[];
  readonly others: readonly Check[];
  readonly isUnclear: boolean;
} {
  const certain: Check[] = txn.compare.map(({ key, rangeEnd }) => read(key, rangeEnd));
  const others: Check[] = [];
  let isUnclear = false;
  const add = (operations: readonly TxnOperation[], sure: Check[]): void => {
    for (const operation of operations) {
      if (operation.kind === "put") {
        const { key, prevKv, lease } = operation.put;
        sure.push(write(key));
        if (prevKv) others.push(read(key));
        if (lease !== 0n) isUnclear = true;
      } else if (operation.kind === "delete-range") {
        const { key, rangeEnd, prevKv } = operation.deleteRange;
        sure.push(write(key, rangeEnd), ...(prevKv ? [read(key, rangeEnd)] : []));
      } else if (operation.kind === "range") others.push(read(operation.range.key, operation.range.rangeEnd));
      else if (operation.kind === "txn") {
        for (const { key, rangeEnd } of operation.txn.compare) others.push(read(key, rangeEnd));
        add([...operation.txn.success, ...operation.txn.failure], others);
      }
    }
  };
  add([...txn.success, ...txn.failure], certain);
  return { certain, others, isUnclear };
}

function changesNothing({ success, failure }: TxnRequest): boolean {
  return [...success, ...failure].every(
    (one) => one.kind === "range" || one.kind === "none" || (one.kind === "txn" && changesNothing(one.txn)),
  );
}

function refused(because: string): Permission {
  return { kind: "refused", because };
}

function read(key: Uint8Array, rangeEnd: Uint8Array = nothing): Check {
  return ["read", keySelection(key, rangeEnd)];
}

function write(key: Uint8Array, rangeEnd: Uint8Array = nothing): Check {
  return ["write", keySelection(key, rangeEnd)];
}

function covers(ranges: KeyRanges, keys: KeySelection): boolean {
  return keys.kind === "one" ? ranges.has(keys.key) : ranges.covers(keys.from, keys.before);
}

/** The first key behind this one. */
function endOf(key: KeyText): KeyText {
  return `${key}\u0000` as KeyText;
}
