import type { BackupManifest } from "../model/backup-set.ts";
import type { BackupSetId } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { toBase64Url, toHex } from "../formats/backup-set/byte-text.ts";
import { parseManifest } from "../formats/backup-set/manifest.ts";
import type { SetCiphers } from "../formats/backup-set/set-ciphers.ts";
import { setDamaged } from "../formats/backup-set/set-errors.ts";
import { fittingSigners, parseSignedDocument, type SignedDocument } from "../formats/backup-set/signed-document.ts";

/** Keys whose signature is believed: raw Ed25519 public keys, 32 bytes each. */
export interface SetTrust {
  readonly publicKeys: readonly Uint8Array[];
}

export interface SignedManifest {
  readonly manifest: BackupManifest;
  /** Of the signed document's bytes, hex. */
  readonly manifestSha256: string;
  /** Base64url. Keys whose signature fits. */
  readonly signers: readonly string[];
  /** Is one of them trusted? */
  readonly isTrusted: boolean;
}

/** The bytes of `sets/<id>.json`. BACKUP_SET_DAMAGED, also when no signature fits; BACKUP_SET_UNSUPPORTED. Trust is only told. */
export function readSignedManifest(
  bytes: Uint8Array,
  id: BackupSetId,
  { ciphers, trust }: { readonly ciphers: SetCiphers; readonly trust: SetTrust },
): SignedManifest {
  const { payload, signers } = readSignedDocument(bytes, id, ciphers);
  return {
    manifest: parseManifest(payload, id),
    manifestSha256: toHex(ciphers.sha256(bytes)),
    signers,
    isTrusted: isTrustedBy(signers, trust),
  };
}

/** Payload and fitting signers of any signed document. BACKUP_SET_DAMAGED when no signature fits. */
export function readSignedDocument(
  bytes: Uint8Array,
  name: string,
  ciphers: SetCiphers,
): { readonly payload: string; readonly signers: readonly string[] } {
  const document: SignedDocument = parseSignedDocument(bytes, name);
  const signers = fittingSigners(document, ciphers);
  if (signers.length === 0)
    throw setDamaged(name, "signature", "it does not fit: the text was changed after it was signed, or never was signed");
  return { payload: document.payload, signers };
}

export function isTrustedBy(signers: readonly string[], trust: SetTrust): boolean {
  const trusted = trust.publicKeys.map(toBase64Url);
  return signers.some((signer) => trusted.includes(signer));
}

export function untrusted(id: BackupSetId, signers: readonly string[]): RecoveryError {
  return new RecoveryError("BACKUP_SET_UNTRUSTED", {
    subject: `set ${id}`,
    detail: `it is signed by ${signers.join(", ")}, which is not among the known keys. If that is the key of a machine that makes backups of yours, compare it there, and add it to \`backup.signers\` in requorum.yaml, or give it to this call as --trust-signer`,
  });
}
