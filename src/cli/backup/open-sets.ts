/** A store and what opens its sets, also where no configuration is: on the machine of whoever has a key. */
import { open } from "node:fs/promises";
import type { SetReading } from "../../catalogue/set-reader.ts";
import { fromBase64Url } from "../../formats/backup-set/byte-text.ts";
import { identitiesOf } from "../../formats/backup-set/identity-file.ts";
import { toRecoveryError } from "../../adapters/local-fs/to-recovery-error.ts";
import { whyNoKeyFile } from "../../adapters/local-fs/passphrase-file.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { BackupKeys } from "../../ports/backup-keys.ts";
import { line, warn } from "../../render/page.ts";
import type { CliContext } from "../cli-context.ts";
import { listOption, textOption, type Invocation } from "../command-spec.ts";
import { printNote } from "../print-result.ts";
import { openWithoutCluster, type OpenCluster } from "../wiring.ts";
import { openBackup } from "./open-backup.ts";

export interface OpenSets {
  readonly reading: SetReading;
  /** As configured; "": no configuration was found. */
  readonly cluster: string;
  readonly keys: BackupKeys;
  /** When they were opened, by this machine's clock. */
  readonly nowMs: number;
  /** The configured one; undefined: none is. */
  readonly passphrase: () => Promise<string | undefined>;
  close(): Promise<void>;
}

/** Of `--store`, which needs no configuration, or of the configured store. --trust-signer adds to the known keys. */
export async function openSets(invocation: Invocation): Promise<OpenSets> {
  const { cli } = invocation;
  const place = textOption(invocation, "store");
  const cluster =
    place === undefined ? await cli.openCluster() : ((await openClusterIfAny(cli)) ?? openWithoutCluster(place, cli.directories.state));
  try {
    const backup = await openBackup(cli, cluster.config, { store: place, signers: trustedSigners(invocation) });
    const { ports, trust, passphrase } = backup;
    const { store, ciphers, wrapping, keys } = ports;
    const reading = { store, ciphers, wrapping, trust };
    const nowMs = cluster.ports.clock.nowMs();
    return { reading, cluster: cluster.config.cluster, keys, nowMs, passphrase, close: () => backup.close() };
  } finally {
    await cluster.close(); // only its configuration is wanted
  }
}

/** Of a key file nothing is quoted; one that others may read is refused, as a passphrase file is. */
export async function readIdentityFile(path: string): Promise<readonly string[]> {
  const invalid = (detail: string) =>
    new RecoveryError("BACKUP_KEY_INVALID", { subject: `identity file ${path}`, detail: `${path}: ${detail}` });
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
    const why = whyNoKeyFile(cause);
    throw why === undefined ? toRecoveryError(cause, path, "read an identity", []) : invalid(why);
  }
  if ((mode & 0o077) !== 0)
    throw invalid(
      `others than its owner may read it (mode ${(mode & 0o777).toString(8)}): make it 0600, and make a new identity if others were on this machine`,
    );
  if (/^age-encryption\.org\/|BEGIN AGE ENCRYPTED FILE/.test(text)) throw invalid("it is encrypted itself; decrypt it first with `age -d`");
  const identities = identitiesOf(text);
  if (identities.length === 0) throw invalid("it holds no identity");
  return identities;
}

/**
 * For verbs that need none. undefined: no configuration lies where one is
 * looked for, or it is not to be used, which is told. One that was named must be
 * there and hold.
 */
export async function openClusterIfAny(cli: CliContext): Promise<OpenCluster | undefined> {
  const { configFile, cluster } = cli.global;
  const isNamed = configFile !== undefined || cli.configFromEnvironment !== undefined;
  try {
    return await cli.openCluster();
  } catch (error) {
    if (isNamed || !(error instanceof RecoveryError)) throw error;
    if (error.code === "CONFIG_NOT_FOUND") return undefined;
    if (cluster !== undefined || (error.code !== "CONFIG_INVALID" && error.code !== "LOCAL_FILE_FAILED")) throw error;
    printNote(cli, [
      line([warn("the configuration is left aside"), `, as --store needs none: ${error.subject}: ${error.detail} (${error.code})`]),
    ]);
    return undefined;
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
