import { resolve } from "node:path";
import { readPassphraseFile } from "../../adapters/local-fs/passphrase-file.ts";
import { readManifest, type SetKey, type SetReading } from "../../catalogue/set-reader.ts";
import { readStoreIdentity } from "../../catalogue/store-identity.ts";
import { deriveSetKeys } from "../../formats/backup-set/set-keys.ts";
import type { BackupManifest } from "../../model/backup-set.ts";
import type { BackupSetId } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { BackupKeys } from "../../ports/backup-keys.ts";
import { listOption, textOption, type Invocation } from "../command-spec.ts";
import { atHome, type OpenBackup } from "./open-backup.ts";
import { readIdentityFile } from "./open-sets.ts";

export interface KeySources {
  readonly reading: SetReading;
  readonly keys: Pick<BackupKeys, "readAllDataKeys">;
  /** The configured one. */
  readonly passphrase: () => Promise<string | undefined>;
}

export function keySourcesOf({ ports, trust, passphrase }: OpenBackup): KeySources {
  const { store, ciphers, wrapping, keys } = ports;
  return { reading: { store, ciphers, wrapping, trust }, keys, passphrase };
}

/**
 * The key for a set, for every verb: what was given; else what this machine
 * holds of the store and is the set's; and else the configured passphrase,
 * where the set is sealed for one. `manifest`: undefined where it cannot be
 * read: then whatever is held. undefined: there is none. USAGE,
 * LOCAL_FILE_FAILED, BACKUP_KEY_INVALID, BACKUP_STORE_*.
 */
export async function setKeyOf(
  invocation: Invocation,
  { reading: { store, ciphers }, keys, passphrase }: KeySources,
  manifest: BackupManifest | undefined,
): Promise<SetKey | undefined> {
  const { work } = invocation.cli.directories;
  const files = listOption(invocation, "identity").map((path) => resolve(work, atHome(path)));
  const passphraseFile = textOption(invocation, "passphrase-file");
  if (files.length > 0 && passphraseFile !== undefined)
    throw new RecoveryError("USAGE", { subject: "option --identity", detail: "either --identity or --passphrase-file; one is enough" });
  if (files.length > 0) return { kind: "identities", identities: (await Promise.all(files.map(readIdentityFile))).flat() };
  if (passphraseFile !== undefined)
    return { kind: "passphrase", passphrase: await readPassphraseFile(resolve(work, atHome(passphraseFile))) };
  const identity = await readStoreIdentity(store, { signal: invocation.cli.signal });
  // Since the set was made another key may have begun.
  const held = identity === undefined ? [] : await keys.readAllDataKeys(identity.storeId);
  const fitting = held.filter(({ key }) => manifest === undefined || deriveSetKeys(ciphers, key).keyId === manifest.key.keyId);
  const [first, ...older] = fitting;
  if (first !== undefined) return { kind: "held", key: first.key, older: older.map(({ key }) => key) };
  if (manifest?.key.wrapped.some((one) => one.for === "passphrase") !== true) return undefined;
  const configured = await passphrase();
  return configured === undefined ? undefined : { kind: "passphrase", passphrase: configured };
}

/** As `setKeyOf`, where nothing can be done without one. USAGE too, and what reading a manifest throws. */
export async function neededSetKey(invocation: Invocation, sources: KeySources, id: BackupSetId): Promise<SetKey> {
  const { manifest } = await readManifest(sources.reading, id, invocation.cli.signal);
  const key = await setKeyOf(invocation, sources, manifest);
  if (key !== undefined) return key;
  throw new RecoveryError("USAGE", {
    subject: "option --identity",
    detail: `this machine holds no key for set ${id}: give --identity FILE, or --passphrase-file FILE`,
  });
}
