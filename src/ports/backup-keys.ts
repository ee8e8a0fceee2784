/**
 * What the machine that makes backups by itself has to hold: the key that
 * signs its manifests, and the data key of each store, without which it could
 * not find again what it stored already. Private files (0600) in the state
 * directory. LOCAL_FILE_FAILED, BACKUP_KEY_INVALID.
 */
export interface BackupKeys {
  /** Made at first use. Raw Ed25519 keys, 32 bytes each. */
  signingKey(): Promise<{ readonly privateKey: Uint8Array; readonly publicKey: Uint8Array }>;
  /** undefined: this machine has none for that store. */
  readDataKey(storeId: string): Promise<HeldDataKey | undefined>;
  /** From now on the one that is held; those of before are kept, too. */
  writeDataKey(storeId: string, key: HeldDataKey): Promise<void>;
  /** All that were ever held here for that store, the one of now first: sets are sealed under each of them. BACKUP_KEY_INVALID only when none can be used. */
  readAllDataKeys(storeId: string): Promise<readonly HeldDataKey[]>;
}

export interface HeldDataKey {
  readonly key: Uint8Array;
  /** For whom it was wrapped: when the configuration wants others, a new key begins. */
  readonly recipients: readonly string[];
  readonly hasPassphrase: boolean;
  /** The age files, as manifests carry them. */
  readonly wrapped: readonly { readonly for: "recipients" | "passphrase"; readonly recipients: readonly string[]; readonly age: string }[];
}
