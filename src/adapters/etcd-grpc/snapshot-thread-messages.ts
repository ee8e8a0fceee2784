import type { EtcdAddress } from "./etcd-address.ts";

/** What the thread is given that takes a snapshot. Keys stay within this process. */
export interface SnapshotWork {
  readonly address: EtcdAddress;
  /** PEM. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  readonly serverNames: readonly [string, ...string[]];
  readonly path: string;
  readonly flowControlWindowBytes: number;
  readonly timeoutMs: number;
}

export interface SnapshotThreadData {
  readonly work: SnapshotWork;
  /** `slotCount` of them, `slotBytes` each, which both threads see. */
  readonly slots: SharedArrayBuffer;
}

export const slotBytes = 1024 * 1024;
/** What is held at most (and one piece): then the stream pauses, and HTTP/2's window holds etcd back. */
export const slotCount = 8;

/** To the thread: a slot was read. */
export interface SlotFree {
  readonly free: number;
}

/** From the thread; the end comes last. */
export type SnapshotNews =
  | { readonly kind: "piece"; readonly slot: number; readonly length: number }
  /** Without a failure: the server says that this was all. */
  | { readonly kind: "end"; readonly failure: { readonly code: number; readonly details: string } | undefined };
