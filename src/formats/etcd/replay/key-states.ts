import type { MvccRecords } from "../mvcc-records.ts";
import { KeyRanges, type KeySelection } from "./key-range.ts";
import { keyTextOf, type KeyText } from "./key-text.ts";
import { OrderedKeys } from "./ordered-keys.ts";

/** A key that lives, by its newest record. */
export interface KeyState {
  readonly main: bigint;
  readonly sub: bigint;
  readonly createRevision: bigint;
  readonly version: bigint;
  readonly lease: bigint;
}

/** 2^20 bits: a tail of ten thousand keys leaves 99 % of other keys out without making a text of them. */
const filterBits = 20;

/** The keys that a log's tail can touch: named by it, inside a range of it, or attached to a lease that it revokes. */
export class KeyInterest {
  readonly keys = new Set<KeyText>();
  readonly ranges = new KeyRanges();
  readonly leases = new Set<bigint>();
  private readonly filter = new Uint8Array(1 << (filterBits - 3));

  select(selection: KeySelection): void {
    if (selection.kind === "range") {
      this.ranges.add(selection.from, selection.before);
      return;
    }
    if (this.keys.has(selection.key)) return;
    this.keys.add(selection.key);
    const bit = filterHash(selection.key.length, (at) => selection.key.charCodeAt(at));
    this.filter[bit >>> 3] = (this.filter[bit >>> 3] ?? 0) | (1 << (bit & 7));
  }

  /** Nothing in the database can matter to the tail. */
  get isEmpty(): boolean {
    return this.keys.size === 0 && this.ranges.isEmpty && this.leases.size === 0;
  }

  /** The text of the key when it is of interest. */
  textIfWanted(key: Uint8Array): KeyText | undefined {
    if (this.ranges.isEmpty) {
      const bit = filterHash(key.length, (at) => key[at] ?? 0);
      if (((this.filter[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0) return undefined;
    }
    const text = keyTextOf(key);
    return this.keys.has(text) || this.ranges.has(text) ? text : undefined;
  }
}

/** The living keys of interest, kept up to date while requests are applied. */
export class KeyStates {
  private readonly states = new Map<KeyText, KeyState>();
  private readonly keysOfLease = new Map<bigint, Set<KeyText>>();
  /** The keys of `states`, from the first range on: few logs have one. */
  private ordered: OrderedKeys | undefined;

  /** One pass over all records of the base; memory grows with the interest, not with the base. */
  constructor(base: MvccRecords, interest: KeyInterest, onStoredBytes?: (storedBytes: number) => void) {
    if (interest.isEmpty) return;
    for (const record of base.records(0n, { reusesMemory: true })) {
      onStoredBytes?.(record.stored.length);
      // A key that is of interest for its lease is followed from here on.
      if (interest.leases.size > 0 && record.lease !== 0n && interest.leases.has(record.lease))
        interest.select({ kind: "one", key: keyTextOf(record.key) });
      const text = interest.textIfWanted(record.key);
      if (text === undefined) continue;
      if (record.isTombstone) this.remove(text);
      else this.set(text, record);
    }
  }

  get(key: KeyText): KeyState | undefined {
    return this.states.get(key);
  }

  /** In the order of keys, as they are at the time of the call. */
  select(selection: KeySelection): readonly (readonly [KeyText, KeyState])[] {
    if (selection.kind === "one") {
      const state = this.states.get(selection.key);
      return state === undefined ? [] : [[selection.key, state]];
    }
    const selected: (readonly [KeyText, KeyState])[] = [];
    this.ordered ??= new OrderedKeys(this.states.keys());
    for (const key of this.ordered.range(selection.from, selection.before)) {
      const state = this.states.get(key);
      if (state !== undefined) selected.push([key, state]);
    }
    return selected;
  }

  /** In the order of keys. Complete only for leases of the interest. */
  keysAttachedTo(lease: bigint): readonly KeyText[] {
    return [...(this.keysOfLease.get(lease) ?? [])].sort();
  }

  set(key: KeyText, state: KeyState): void {
    const before = this.states.get(key);
    if (before !== undefined && before.lease !== state.lease) this.detach(key, before.lease);
    if (before === undefined) this.ordered?.add(key);
    const { main, sub, createRevision, version, lease } = state;
    this.states.set(key, { main, sub, createRevision, version, lease });
    if (lease === 0n) return;
    const attached = this.keysOfLease.get(lease);
    if (attached === undefined) this.keysOfLease.set(lease, new Set([key]));
    else attached.add(key);
  }

  remove(key: KeyText): void {
    const before = this.states.get(key);
    if (before === undefined) return;
    this.detach(key, before.lease);
    this.ordered?.remove(key);
    this.states.delete(key);
  }

  private detach(key: KeyText, lease: bigint): void {
    const attached = this.keysOfLease.get(lease);
    attached?.delete(key);
    if (attached?.size === 0) this.keysOfLease.delete(lease);
  }
}

/** FNV-1a, folded to the filter's size. */
function filterHash(length: number, at: (index: number) => number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < length; index += 1) hash = Math.imul(hash ^ at(index), 0x01000193);
  return ((hash >>> filterBits) ^ hash) & ((1 << filterBits) - 1);
}
