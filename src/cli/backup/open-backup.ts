/** What verbs on backup sets are given: the store, keys and ciphers of this machine, by the configuration. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { openBackupStore } from "../../adapters/backup-store/open-backup-store.ts";
import { FileBackupKeys } from "../../adapters/local-fs/file-backup-keys.ts";
import { FileSeenSetsStore } from "../../adapters/local-fs/file-seen-sets-store.ts";
import { readPassphraseFile } from "../../adapters/local-fs/passphrase-file.ts";
import { AgeKeyWrapping } from "../../adapters/system/age-key-wrapping.ts";
import { runningBeside, thisProcess } from "../../adapters/system/node-process-owner.ts";
import { nodeSetCiphers } from "../../adapters/system/node-set-ciphers.ts";
import type { BackupPorts } from "../../app/backup/backup-context.ts";
import type { SetTrust } from "../../catalogue/set-signing.ts";
import { fromBase64Url } from "../../formats/backup-set/byte-text.ts";
import type { BackupConfig, ClusterConfig } from "../../model/cluster-config.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { CliContext } from "../cli-context.ts";
import { accessToOne, settingsAlone } from "../wiring.ts";
import { storeHostOf } from "./store-host.ts";

export interface OpenBackup {
  readonly settings: BackupConfig;
  /** Another store than the configured one: timers of this machine do not fill it. */
  readonly isOther: boolean;
  readonly ports: BackupPorts;
  /** Of this machine's own key; undefined: it has none yet, which is made where something is signed. */
  readonly publicKey: Uint8Array | undefined;
  /** This machine's own key, where it has one, and those of the configuration. */
  readonly trust: SetTrust;
  /** From the configured file; undefined: none is configured. Read when it is asked for. LOCAL_FILE_FAILED, BACKUP_KEY_INVALID. */
  readonly passphrase: () => Promise<string | undefined>;
  close(): Promise<void>;
}

/**
 * `store`: another place than the configured one: to read there no section `backup` is needed. `passphraseFile`: where the
 * passphrase lies instead; `signers`: trusted besides. `writesSets`: the section is needed, and this machine's key
 * is made where it has none; nothing else writes anything here. BACKUP_NOT_CONFIGURED, BACKUP_STORE_INVALID, BACKUP_KEY_INVALID, LOCAL_FILE_FAILED.
 */
export async function openBackup(
  cli: Pick<CliContext, "directories">,
  config: ClusterConfig,
  options: {
    readonly store?: string | undefined;
    readonly passphraseFile?: string | undefined;
    readonly signers?: readonly Uint8Array[];
    readonly writesSets?: boolean | undefined;
  } = {},
): Promise<OpenBackup> {
  const settings = config.backup ?? (options.writesSets === true ? undefined : settingsAlone(options.store));
  if (settings === undefined) throw notConfigured(config);
  const typed = options.store === undefined ? undefined : placeTyped(options.store, cli.directories.work);
  const store = openBackupStore(typed ?? atHome(settings.store), {
    s3: withCaAtHome(settings.s3),
    accessTo: (host) => accessToOne(storeHostOf(host, config.hosts), config.ssh),
  });
  const owner = await thisProcess();
  const passphraseFile = options.passphraseFile ?? settings.passphraseFile;
  const stateDirectory = cli.directories.state;
  const keys = new FileBackupKeys({ stateDirectory });
  const seen = new FileSeenSetsStore({ stateDirectory });
  const publicKey = (await keys.knownPublicKey()) ?? (options.writesSets === true ? (await keys.signingKey()).publicKey : undefined);
  const ownKeys = publicKey === undefined ? [] : [publicKey];
  return {
    settings,
    isOther: typed !== undefined && typed !== placeTyped(settings.store, cli.directories.work),
    publicKey,
    ports: { store, ciphers: nodeSetCiphers, wrapping: new AgeKeyWrapping(), keys, owner, isRunning: runningBeside(owner), seen },
    trust: { publicKeys: [...ownKeys, ...settings.signers.flatMap((signer) => fromBase64Url(signer) ?? []), ...(options.signers ?? [])] },
    passphrase: async () => (passphraseFile === undefined ? undefined : await readPassphraseFile(atHome(passphraseFile))),
    close: () => store.close(),
  };
}

function withCaAtHome(s3: BackupConfig["s3"]): BackupConfig["s3"] {
  return s3?.caFile === undefined ? s3 : { ...s3, caFile: atHome(s3.caFile) };
}

/** The configuration leaves "~/" to who knows whose home it is. */
export function atHome(path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}

/** As typed: a directory may be relative to where the person stands. */
export function placeTyped(text: string, work: string): string {
  return /^[a-z0-9]+:\/\//.test(text) ? text : resolve(work, atHome(text));
}

/** BACKUP_NOT_CONFIGURED, with what the section needs. */
export function notConfigured(config: ClusterConfig): RecoveryError {
  return new RecoveryError("BACKUP_NOT_CONFIGURED", {
    subject: `cluster ${config.cluster}`,
    detail:
      "requorum.yaml has no section `backup`. It needs at least where and for whom:\n  backup:\n    store: /srv/backup/sets\n    recipients: [age1…]   # the public half of a key; keep the other half off these machines",
    remedies: [{ why: "make such a key", command: "requorum backup keygen --out escrow.txt" }],
  });
}
