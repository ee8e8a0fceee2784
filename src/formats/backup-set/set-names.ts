import { asBackupSetId, type BackupSetId } from "../../model/ids.ts";

/** Names of the objects of a store. docs/backup-format.md, "The store". */

export const storeFileName = "requorum-store.json";
export const manifestPrefix = "sets/";
export const indexPrefix = "indexes/";
export const packPrefix = "packs/";
export const proofPrefix = "proofs/";
export const claimPrefix = "claims/";
/** Where a store keeps what was removed: `aside/` and the name that it had. */
export const asidePrefix = "aside/";

export function manifestName(id: BackupSetId): string {
  return `${manifestPrefix}${id}.json`;
}
/** undefined: no name of a manifest. */
export function setIdOfManifestName(name: string): BackupSetId | undefined {
  const id = /^sets\/([0-9]{8}-[0-9]{6}-[0-9a-z]{6})\.json$/.exec(name)?.[1];
  return id === undefined ? undefined : asBackupSetId(id);
}
export function indexName(sha256: string): string {
  return `${indexPrefix}${sha256}`;
}
export function packName(sha256: string): string {
  return `${packPrefix}${sha256.slice(0, 2)}/${sha256}`;
}
/** Of all proofs of one set. */
export function proofsOf(id: BackupSetId): string {
  return `${proofPrefix}${id}/`;
}
/** undefined: no name of a proof. */
export function setIdOfProofName(name: string): BackupSetId | undefined {
  const id = /^proofs\/([0-9]{8}-[0-9]{6}-[0-9a-z]{6})\//.exec(name)?.[1];
  return id === undefined ? undefined : asBackupSetId(id);
}
export function claimName(id: BackupSetId): string {
  return `${claimPrefix}${id}.json`;
}
/** Has it the form of a name that something in a store has, what lies aside not counted? */
export function isNameOfOurs(name: string): boolean {
  if (name === storeFileName || promisedSha256(name) !== undefined) return true;
  return /^(?:(?:sets|claims)\/[0-9]{8}-[0-9]{6}-[0-9a-z]{6}|proofs\/[0-9]{8}-[0-9]{6}-[0-9a-z]{6}\/[0-9]{8}-[0-9]{6}-[0-9a-z]+)\.json$/.test(
    name,
  );
}
/** The sha256 that an object's name promises of its bytes; undefined: the name promises nothing. */
export function promisedSha256(name: string): string | undefined {
  return /^(?:indexes|packs\/[0-9a-f]{2})\/([0-9a-f]{64})$/.exec(name)?.[1];
}
