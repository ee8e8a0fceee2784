import { resolve } from "node:path";
import { readPassphraseFile } from "../../adapters/local-fs/passphrase-file.ts";
import type { SetKey } from "../../catalogue/set-reader.ts";
import { readStoreIdentity } from "../../catalogue/store-identity.ts";
import { deriveSetKeys } from "../../formats/backup-set/set-keys.ts";
import type { BackupManifest } from "../../model/backup-set.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { listOption, textOption, type Invocation } from "../command-spec.ts";
import { atHome, type OpenBackup } from "./open-backup.ts";
import { readIdentityFile } from "./open-sets.ts";

/**
 * What was given; else what this machine holds of the store, and else the
 * configured passphrase, where the set is sealed for one. undefined: there is
 * none. USAGE, LOCAL_FILE_FAILED, BACKUP_KEY_INVALID, BACKUP_STORE_*.
 */
export async function setKeyOf(
  invocation: Invocation,
  { ports, passphrase }: OpenBackup,
  manifest: BackupManifest | undefined,
): Promise<SetKey | undefined> {
  const { work } = invocation.cli.directories;
  const files = listOption(invocation, "identity").map((path) => resolve(work, atHome(path)));
  const passphraseFile = textOption(invocation, "passphrase-file");
  if (files.length > 0 && passphraseFile !== undefined)
    throw new RecoveryError("USAGE", {
      subject: "option --identity",
      detail: "a set is opened with identities or with a passphrase, give one of both",
    });
  if (files.length > 0) return { kind: "identities", identities: (await Promise.all(files.map(readIdentityFile))).flat() };
  if (passphraseFile !== undefined)
    return { kind: "passphrase", passphrase: await readPassphraseFile(resolve(work, atHome(passphraseFile))) };
  const identity = await readStoreIdentity(ports.store);
  // Since the set was made another key may have begun.
  const held = identity === undefined ? [] : await ports.keys.readAllDataKeys(identity.storeId);
  const fitting = held.find(({ key }) => manifest === undefined || deriveSetKeys(ports.ciphers, key).keyId === manifest.key.keyId);
  if (fitting !== undefined) return { kind: "held", key: fitting.key };
  if (manifest?.key.wrapped.some((one) => one.for === "passphrase") !== true) return undefined;
  const configured = await passphrase();
  return configured === undefined ? undefined : { kind: "passphrase", passphrase: configured };
}
