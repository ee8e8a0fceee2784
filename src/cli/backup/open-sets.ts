/** A store and what opens its sets, also where no configuration is: on the machine of whoever has a key. */
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { openBackupStore } from "../../adapters/backup-store/open-backup-store.ts";
import { FileBackupKeys } from "../../adapters/local-fs/file-backup-keys.ts";
import { readPassphraseFile } from "../../adapters/local-fs/passphrase-file.ts";
import { AgeKeyWrapping } from "../../adapters/system/age-key-wrapping.ts";
import { nodeSetCiphers } from "../../adapters/system/node-set-ciphers.ts";
import type { SetKey, SetReading } from "../../catalogue/set-reader.ts";
import { readStoreIdentity } from "../../catalogue/store-identity.ts";
import { fromBase64Url } from "../../formats/backup-set/byte-text.ts";
import { identitiesOf } from "../../formats/backup-set/identity-file.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { CliContext } from "../cli-context.ts";
import { listOption, textOption, type Invocation } from "../command-spec.ts";
import { accessToOne, type OpenCluster } from "../wiring.ts";
import { atHome, openBackup, placeTyped } from "./open-backup.ts";

export interface OpenSets {
  readonly reading: SetReading;
  /** As configured; undefined: no configuration was found. */
  readonly cluster: string | undefined;
  readonly keys: FileBackupKeys;
  close(): Promise<void>;
}

/** Of `--store`, which needs no configuration, or of the configured store. --trust-signer adds to the known keys. */
export async function openSets(invocation: Invocation): Promise<OpenSets> {
  const { cli } = invocation;
  const place = textOption(invocation, "store");
  const cluster = place === undefined ? await cli.openCluster() : await openClusterIfAny(cli);
  const keys = new FileBackupKeys({ stateDirectory: cli.directories.state });
  const typed = trustedSigners(invocation);
  try {
    if (cluster !== undefined && (place === undefined || cluster.config.backup !== undefined)) {
      const backup = await openBackup(cli, cluster.config, { store: place });
      const { store, ciphers, wrapping } = backup.ports;
      const reading = { store, ciphers, wrapping, trust: { publicKeys: [...backup.trust.publicKeys, ...typed] } };
      return { reading, cluster: cluster.config.cluster, keys, close: () => backup.close() };
    }
    const store = openBackupStore(placeTyped(place ?? "", cli.directories.work), {
      accessTo: (host) => accessToOne({ ...host, roles: [] }, cluster?.config.ssh),
    });
    const own = await keys.knownPublicKey();
    const trust = { publicKeys: [...(own === undefined ? [] : [own]), ...typed] };
    const reading = { store, ciphers: nodeSetCiphers, wrapping: new AgeKeyWrapping(), trust };
    return { reading, cluster: cluster?.config.cluster, keys, close: () => store.close() };
  } finally {
    await cluster?.close(); // only its configuration is wanted
  }
}

/** As the options say: identities, else a passphrase, else the key that this machine holds for the store. BACKUP_KEY_INVALID, USAGE. */
export async function setKeyOf(invocation: Invocation, { reading, keys }: OpenSets): Promise<SetKey> {
  const identityFiles = listOption(invocation, "identity");
  const passphraseFile = textOption(invocation, "passphrase-file");
  if (identityFiles.length > 0 && passphraseFile !== undefined)
    throw new RecoveryError("USAGE", { subject: "option --identity", detail: "either --identity or --passphrase-file; one is enough" });
  const work = invocation.cli.directories.work;
  if (passphraseFile !== undefined)
    return { kind: "passphrase", passphrase: await readPassphraseFile(resolve(work, atHome(passphraseFile))) };
  const identities: string[] = [];
  for (const file of identityFiles) identities.push(...(await readIdentityFile(resolve(work, atHome(file)))));
  if (identities.length > 0) return { kind: "identities", identities };
  const identity = await readStoreIdentity(reading.store, { signal: invocation.cli.signal });
  const [held, ...older] = identity === undefined ? [] : await keys.readAllDataKeys(identity.storeId);
  if (held !== undefined) return { kind: "held", key: held.key, older: older.map(({ key }) => key) };
  throw new RecoveryError("USAGE", {
    subject: "option --identity",
    detail: "this machine holds no key for that store: give --identity FILE, or --passphrase-file FILE",
  });
}

/** Of a key file nothing is quoted; one that others may read is refused, as a passphrase file is. */
export async function readIdentityFile(path: string): Promise<readonly string[]> {
  let text: string;
  let mode: number;
  try {
    const handle = await open(path, "r");
    try {
      mode = (await handle.stat()).mode;
      text = await handle.readFile("utf8");
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw new RecoveryError("LOCAL_FILE_FAILED", {
      subject: `identity file ${path}`,
      detail: `could not read ${path}`,
      cause,
      remedies: [],
    });
  }
  const invalid = (detail: string) =>
    new RecoveryError("BACKUP_KEY_INVALID", { subject: `identity file ${path}`, detail: `${path}: ${detail}` });
  if ((mode & 0o077) !== 0)
    throw invalid(
      `others than its owner may read it (mode ${(mode & 0o777).toString(8)}): make it 0600, and make a new identity if others were on this machine`,
    );
  if (/^age-encryption\.org\/|BEGIN AGE ENCRYPTED FILE/.test(text)) throw invalid("it is encrypted itself; decrypt it first with `age -d`");
  const identities = identitiesOf(text);
  if (identities.length === 0) throw invalid("it holds no identity");
  return identities;
}

/** undefined: no configuration lies where one is looked for. One that was named must be there. */
export async function openClusterIfAny(cli: CliContext): Promise<OpenCluster | undefined> {
  try {
    return await cli.openCluster();
  } catch (error) {
    const isNamed = cli.global.configFile !== undefined || cli.configFromEnvironment !== undefined;
    if (!isNamed && error instanceof RecoveryError && error.code === "CONFIG_NOT_FOUND") return undefined;
    throw error;
  }
}

/** Of --trust-signer, where the verb has it. USAGE. */
export function trustedSigners(invocation: Invocation): readonly Uint8Array[] {
  return listOption(invocation, "trust-signer").map((text) => {
    const key = fromBase64Url(text);
    if (key?.length === 32) return key;
    throw new RecoveryError("USAGE", {
      subject: "option --trust-signer",
      detail: `${JSON.stringify(text)} is no public key: 43 letters, as \`requorum backup list\` shows it on the machine that makes the backups`,
    });
  });
}
