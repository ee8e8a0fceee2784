export interface StoredObject {
  /** Relative, `/` between its parts: "sets/20261122-031500-k3x9qa.json". */
  readonly name: string;
  readonly sizeBytes: number;
  /** ISO 8601, by the store's clock. */
  readonly modifiedAt: string;
}

/**
 * A place where backup sets lie: objects with names. Every object is written
 * once and never changed; readers see it whole or not at all, also when the
 * writer is killed. Errors: BACKUP_STORE_UNREACHABLE (transient),
 * BACKUP_STORE_FAILED (refused, no permission; with the object's name),
 * BACKUP_STORE_FULL, BACKUP_OBJECT_MISSING, BACKUP_OBJECT_EXISTS, and
 * SSH_HOST_KEY_* of a store that is reached by SSH.
 */
export interface BackupStore {
  /** As the operator names it: "/srv/backup", "s3://bucket/prefix", "ssh://nas/srv/backup". No credentials. */
  readonly place: string;
  /**
   * Durable when it resolves. BACKUP_OBJECT_EXISTS when the name is taken and
   * the bytes differ in size; an object of the same size under a name that is
   * its own sha256 counts as written. Under other names the very same bytes
   * again are either: a store that repeats requests by itself cannot tell its
   * own first try from another's.
   */
  put(name: string, content: Uint8Array, options?: StoreCallOptions): Promise<void>;
  /** The whole object, or a range of it. BACKUP_OBJECT_MISSING; BACKUP_STORE_FAILED when it is shorter than asked. */
  get(name: string, range?: { readonly offset: number; readonly length: number }, options?: StoreCallOptions): Promise<Uint8Array>;
  /** undefined: there is none. */
  stat(name: string, options?: StoreCallOptions): Promise<StoredObject | undefined>;
  /** All objects whose name begins so, sorted by name; unfinished uploads are not among them. */
  list(prefix: string, options?: StoreCallOptions): Promise<readonly StoredObject[]>;
  /**
   * Takes it out of the listing; where the store can, it is kept aside ("aside/"
   * before its name, in no listing but that of "aside/") and not deleted. What
   * is aside already is deleted. One that is not there is no error.
   * `forGood`: nobody will want it back; a store may then delete it at once,
   * which needs no room on a full disk.
   */
  remove(name: string, options?: StoreCallOptions & { readonly forGood?: boolean }): Promise<void>;
  /**
   * Removes unfinished uploads to names of this store's own that began before
   * that time (ISO 8601, by the store's clock, as `modifiedAt`); gives how
   * many. Those of other programs, or of a store that lies below, stay.
   */
  clearUnfinished(options: StoreCallOptions & { readonly begunBefore: string }): Promise<number>;
  close(): Promise<void>;
}

export interface StoreCallOptions {
  readonly signal?: AbortSignal;
}
