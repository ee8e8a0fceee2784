import { RecoveryError } from "../model/recovery-error.ts";
import { asidePrefix } from "../formats/backup-set/set-names.ts";
import type { BackupStore, StoreCallOptions } from "../ports/backup-store.ts";

/**
 * Puts an object in the place of a damaged one of its name, which then lies
 * aside. First it is seen that there is room: of what is damaged most may still
 * be read, and it must not go for nothing. Where the new one cannot be put all
 * the same, the old one is put back, or it is said where it lies. BACKUP_STORE_*.
 */
export async function putAnew(store: BackupStore, name: string, content: Uint8Array, options: StoreCallOptions): Promise<void> {
  // What is aside is in no listing, and deleted when it is removed.
  const trial = `${asidePrefix}room/${name}`;
  await store.remove(trial, options);
  try {
    await store.put(trial, content, options);
  } finally {
    await store.remove(trial, options);
  }
  await store.remove(name, options);
  try {
    await store.put(name, content, options);
  } catch (error) {
    throw await putBack(store, name, error);
  }
}

async function putBack(store: BackupStore, name: string, error: unknown): Promise<unknown> {
  if (!(error instanceof RecoveryError)) return error;
  const aside = `${asidePrefix}${name}`;
  const said = await store
    .get(aside)
    .then((content) => store.put(name, content))
    .then(
      () => "what was there, damaged, is there again",
      (why: unknown) => {
        if (!(why instanceof RecoveryError)) throw why;
        return `what was there, damaged, lies at ${aside} (putting it back: ${why.detail})`;
      },
    );
  return new RecoveryError(error.code, {
    subject: error.subject,
    detail: `${error.detail}; ${said}`,
    remedies: error.remedies,
    cause: error,
  });
}
