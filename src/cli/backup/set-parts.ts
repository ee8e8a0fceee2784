import { StoredSetParts } from "../../app/backup/set-part-source.ts";
import { readManifest } from "../../catalogue/set-reader.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { Invocation } from "../command-spec.ts";
import type { OpenBackup } from "./open-backup.ts";
import { setKeyOf } from "./set-key.ts";

/** Files of the store's sets, opened with the key that the options say, or that this machine holds. Whoever makes it closes it. */
export function setPartsOf(invocation: Invocation, backup: OpenBackup): StoredSetParts {
  const { store, ciphers, wrapping } = backup.ports;
  const reading = { store, ciphers, wrapping, trust: backup.trust };
  return new StoredSetParts(reading, async (id) => {
    const { manifest } = await readManifest(reading, id, invocation.cli.signal);
    const key = await setKeyOf(invocation, backup, manifest);
    if (key !== undefined) return key;
    throw new RecoveryError("USAGE", {
      subject: "option --identity",
      detail: `this machine holds no key for set ${id}: give --identity FILE, or --passphrase-file FILE`,
    });
  });
}
