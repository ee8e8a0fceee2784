/** A store and what opens its sets, also where no configuration is: on the machine of whoever has a key. */
import { open } from "node:fs/promises";
import { openBackupStore } from "../../adapters/backup-store/open-backup-store.ts";
import { FileBackupKeys } from "../../adapters/local-fs/file-backup-keys.ts";
import { AgeKeyWrapping } from "../../adapters/system/age-key-wrapping.ts";
import { nodeSetCiphers } from "../../adapters/system/node-set-ciphers.ts";
import type { SetReading } from "../../catalogue/set-reader.ts";
import { fromBase64Url } from "../../formats/backup-set/byte-text.ts";
import { identitiesOf } from "../../formats/backup-set/identity-file.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { CliContext } from "../cli-context.ts";
import { listOption, textOption, type Invocation } from "../command-spec.ts";
import { accessToOne, type OpenCluster } from "../wiring.ts";
import { openBackup, placeTyped } from "./open-backup.ts";

export interface OpenSets {
  readonly reading: SetReading;
  /** As configured; undefined: no configuration was found. */
  readonly cluster: string | undefined;
  readonly keys: FileBackupKeys;
  /** The configured one; undefined: none is. */
  readonly passphrase: () => Promise<string | undefined>;
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
      return { reading, cluster: cluster.config.cluster, keys, passphrase: backup.passphrase, close: () => backup.close() };
    }
    const store = openBackupStore(placeTyped(place ?? "", cli.directories.work), {
      accessTo: (host) => accessToOne({ ...host, roles: [] }, cluster?.config.ssh),
    });
    const own = await keys.knownPublicKey();
    const trust = { publicKeys: [...(own === undefined ? [] : [own]), ...typed] };
    const reading = { store, ciphers: nodeSetCiphers, wrapping: new AgeKeyWrapping(), trust };
    const passphrase = () => Promise.resolve(undefined);
    return { reading, cluster: cluster?.config.cluster, keys, passphrase, close: () => store.close() };
  } finally {
    await cluster?.close(); // only its configuration is wanted
  }
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
