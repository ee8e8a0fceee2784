import { StoredRecord } from "../mvcc/stored-record.ts";
import { encodeRevisionKey } from "../mvcc/revision-key.ts";
import { bucketNames } from "../schema/bucket-names.ts";
import { encodeKeyValue, encodeTombstone } from "./encode-key-value.ts";
import type { BoltOverlay, BucketOverlay } from "./bolt-overlay.ts";
import type { KeySelection } from "./key-range.ts";
import type { KeyState, KeyStates } from "./key-states.ts";
import { bytesOfKeyText, type KeyText } from "./key-text.ts";

/**
 * etcd's keys while requests are applied: the living state of each key of
 * interest, and the records that the changes add. One transaction is one main
 * revision, its changes are counted by the sub revision; a transaction that
 * changes nothing takes no revision.
 * Source: etcd server/storage/mvcc/kvstore_txn.go.
 */
export class KeyStore {
  /** Of the last transaction that changed something. */
  revision: bigint;
  private readonly states: KeyStates;
  private readonly bucket: BucketOverlay;
  private readonly file: string;
  private changes = 0n;

  constructor(overlay: BoltOverlay, states: KeyStates, revision: bigint) {
    this.states = states;
    this.revision = revision;
    this.file = overlay.name;
    this.bucket = overlay.change(bucketNames.key);
  }

  get(key: KeyText): KeyState | undefined {
    return this.states.get(key);
  }

  select(selection: KeySelection): readonly (readonly [KeyText, KeyState])[] {
    return this.states.select(selection);
  }

  keysAttachedTo(lease: bigint): readonly KeyText[] {
    return this.states.keysAttachedTo(lease);
  }

  /** The value of a state that `get` or `select` gave. Throws FILE_DAMAGED when its record is not in the file. */
  valueOf(state: KeyState): Uint8Array {
    const bucketKey = encodeRevisionKey(state.main, state.sub, false);
    return new StoredRecord(this.file, bucketKey, this.bucket.get(bucketKey) ?? new Uint8Array(0)).value;
  }

  /** Runs one transaction; the revision grows by one if it changes something. */
  inTransaction(change: () => void): void {
    this.changes = 0n;
    change();
    if (this.changes > 0n) this.revision += 1n;
    this.changes = 0n;
  }

  put(key: KeyText, value: Uint8Array, lease: bigint): void {
    const main = this.revision + 1n;
    const sub = this.changes;
    const before = this.states.get(key);
    const state = { main, sub, createRevision: before?.createRevision ?? main, version: (before?.version ?? 0n) + 1n, lease };
    const stored = encodeKeyValue({ key: bytesOfKeyText(key), value, modRevision: main, ...state });
    this.bucket.put(encodeRevisionKey(main, sub, false), stored);
    this.states.set(key, state);
    this.changes += 1n;
  }

  delete(key: KeyText): void {
    this.bucket.put(encodeRevisionKey(this.revision + 1n, this.changes, true), encodeTombstone(bytesOfKeyText(key)));
    this.states.remove(key);
    this.changes += 1n;
  }
}
