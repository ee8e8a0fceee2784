/**
 * Wraps a set's data key for people: age files, armored, that the `age`
 * program opens. Throws BACKUP_KEY_INVALID for a recipient, identity or file
 * that is none, BACKUP_KEY_WRONG when the identity or passphrase opens nothing.
 */
export interface KeyWrapping {
  /** "age1…" each. */
  wrapForRecipients(recipients: readonly string[], content: Uint8Array): Promise<string>;
  /** scrypt, as `age -p`. */
  wrapForPassphrase(passphrase: string, content: Uint8Array): Promise<string>;
  /** `identities`: "AGE-SECRET-KEY-1…" lines, as in age's identity files. */
  unwrap(armored: string, opener: KeyOpener): Promise<Uint8Array>;
  newIdentity(): Promise<{ readonly identity: string; readonly recipient: string }>;
}

export type KeyOpener =
  { readonly kind: "identities"; readonly identities: readonly string[] } | { readonly kind: "passphrase"; readonly passphrase: string };
