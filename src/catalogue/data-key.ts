import { RecoveryError } from "../model/recovery-error.ts";
import { toBase64Url, utf8 } from "../formats/backup-set/byte-text.ts";
import type { SetCiphers } from "../formats/backup-set/set-ciphers.ts";
import { dataKeyBytes } from "../formats/backup-set/set-keys.ts";
import type { BackupKeys, HeldDataKey } from "../ports/backup-keys.ts";
import type { KeyWrapping } from "../ports/key-wrapping.ts";

export interface KeyReaders {
  readonly recipients: readonly string[];
  readonly passphrase: string | undefined;
}

/**
 * The data key under which a set is sealed that `readers` shall open: the one
 * held for this store when it was wrapped for exactly them, else a new one,
 * which is kept before it is used. A new key means that everything is stored
 * anew once: whoever is no reader any more must not read what comes now.
 * BACKUP_KEY_INVALID where the held one is not the one that was wrapped.
 */
export async function dataKeyFor(
  { keys, wrapping, ciphers }: { readonly keys: BackupKeys; readonly wrapping: KeyWrapping; readonly ciphers: SetCiphers },
  storeId: string,
  readers: KeyReaders,
): Promise<HeldDataKey> {
  const { passphrase } = readers;
  const recipients = [...new Set(readers.recipients)].sort();
  if (recipients.length === 0 && passphrase === undefined)
    throw new RecoveryError("BACKUP_KEY_INVALID", {
      subject: "recipients",
      detail:
        "a set without a recipient and without a passphrase could be opened by nobody: set backup.recipients or backup.passphraseFile",
    });
  const held = await keys.readDataKey(storeId);
  if (held !== undefined && (await isFor(held, { recipients, passphrase }, wrapping))) return held;
  const key = ciphers.randomBytes(dataKeyBytes);
  const content = utf8(toBase64Url(key));
  const wrapped: HeldDataKey["wrapped"][number][] = [];
  if (recipients.length > 0) wrapped.push({ for: "recipients", recipients, age: await wrapping.wrapForRecipients(recipients, content) });
  if (passphrase !== undefined)
    wrapped.push({ for: "passphrase", recipients: [], age: await wrapping.wrapForPassphrase(passphrase, content) });
  const made: HeldDataKey = { key, recipients, hasPassphrase: passphrase !== undefined, wrapped };
  await keys.writeDataKey(storeId, made);
  return made;
}

async function isFor(held: HeldDataKey, { recipients, passphrase }: KeyReaders, wrapping: KeyWrapping): Promise<boolean> {
  if (held.recipients.toSorted().join(" ") !== recipients.join(" ")) return false;
  if (passphrase === undefined) return !held.hasPassphrase;
  const wrapped = held.wrapped.find((entry) => entry.for === "passphrase");
  if (wrapped === undefined) return false;
  // Nothing of the passphrase is kept; whether it is still the same one shows only by opening with it.
  try {
    const opened = new TextDecoder().decode(await wrapping.unwrap(wrapped.age, { kind: "passphrase", passphrase }));
    if (opened === toBase64Url(held.key)) return true;
  } catch (error) {
    if (error instanceof RecoveryError && error.code === "BACKUP_KEY_WRONG") return false;
    throw error;
  }
  throw new RecoveryError("BACKUP_KEY_INVALID", {
    subject: "held data key",
    detail:
      "the data key that this machine holds for the store is not the one that its passphrase opens: its file in the state directory (backup-keys/stores) was changed. Sealed by it, sets would open on this machine only. Move the file away: the next backup begins a new key and stores everything anew; sets of before open with the passphrase as ever",
  });
}
