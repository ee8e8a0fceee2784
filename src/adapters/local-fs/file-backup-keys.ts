import { link, open, readdir, type FileHandle } from "node:fs/promises";
import { createHash, createPublicKey, createPrivateKey, generateKeyPairSync, hkdfSync } from "node:crypto";
import { dirname, join } from "node:path";
import { fromBase64Url, toBase64Url } from "../../formats/backup-set/byte-text.ts";
import { jsonOfBytes, JsonFields, jsonTextOf } from "../../formats/backup-set/json-fields.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { BackupKeys, HeldDataKey } from "../../ports/backup-keys.ts";
import { makePrivateDirectory, removeIfThere, replaceFile, syncDirectory, temporaryName, writeAll } from "./durable-file.ts";
import { errnoOf, toRecoveryError, translating } from "./to-recovery-error.ts";

const keysApiVersion = "requorum.keys/v1";
const keyBytes = 32;
/** A hundred recipients are some 20 KiB of age file. */
const keyFileBytesMax = 4 * 1024 * 1024;
const recipientsMax = 1_000;
/** Of RFC 8410: what stands before the 32 bytes of an Ed25519 key in PKCS #8. */
const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * STATE/backup-keys/signing-key.json; STATE/backup-keys/stores/ID.json, the
 * data key of now, and ID-TAG.json for each that ever was. 0600 in 0700. A key file that others may read is not used: it may be known.
 */
export class FileBackupKeys implements BackupKeys {
  readonly #directory: string;

  /** `stateDirectory` is $XDG_STATE_HOME/requorum. */
  constructor(options: { readonly stateDirectory: string }) {
    this.#directory = join(options.stateDirectory, "backup-keys");
  }

  async signingKey(): Promise<{ readonly privateKey: Uint8Array; readonly publicKey: Uint8Array }> {
    const path = join(this.#directory, "signing-key.json");
    const found = await readPrivateFile(path);
    if (found !== undefined) return signingKeyOf(found, path);
    await translating(path, "keep the key that signs backup sets", async () => {
      await makePrivateDirectory(dirname(path));
      await createFile(path, new TextEncoder().encode(`${jsonTextOf(newSigningKey())}\n`));
    });
    // Of two programs that made one at a time, one was first; its key counts.
    const written = await readPrivateFile(path);
    if (written === undefined) throw invalid(path, "", "it was written and is not there");
    return signingKeyOf(written, path);
  }

  /**
   * Of the key that signs, where there is one: nothing is made. Whether the
   * other half fits it counts for who signs; sets are read without that.
   */
  async knownPublicKey(): Promise<Uint8Array | undefined> {
    const path = join(this.#directory, "signing-key.json");
    const found = await readPrivateFile(path);
    return found === undefined ? undefined : keyOf(fieldsOf(found, path, "SigningKey"), "publicKey");
  }

  async readDataKey(storeId: string): Promise<HeldDataKey | undefined> {
    return readDataKeyFile(this.#dataKeyPath(storeId));
  }

  async readAllDataKeys(storeId: string): Promise<readonly HeldDataKey[]> {
    const path = this.#dataKeyPath(storeId);
    const isOlder = (name: string): boolean => name.startsWith(`${storeId}-`) && /-[0-9a-f]{16}\.json$/.test(name);
    const names = await readdir(dirname(path)).catch((error: unknown) => {
      if (errnoOf(error) === "ENOENT") return [];
      throw toRecoveryError(error, dirname(path), "look for keys of backup sets");
    });
    const found = new Map<string, HeldDataKey>();
    const unusable: RecoveryError[] = [];
    for (const file of [path, ...names.filter(isOlder).map((name) => join(dirname(path), name))]) {
      const held = await readDataKeyFile(file).catch((error: unknown) => {
        if (error instanceof RecoveryError && error.code === "BACKUP_KEY_INVALID") unusable.push(error);
        else throw error;
      });
      if (held !== undefined && !found.has(toBase64Url(held.key))) found.set(toBase64Url(held.key), held);
    }
    // Each lies there twice: what is damaged keeps nobody from reading a set with the whole one.
    if (found.size === 0 && unusable[0] !== undefined) throw unusable[0];
    return [...found.values()];
  }

  async writeDataKey(storeId: string, held: HeldDataKey): Promise<void> {
    const path = this.#dataKeyPath(storeId);
    const text = jsonTextOf({
      apiVersion: keysApiVersion,
      kind: "DataKey",
      storeId,
      keyId: keyIdOf(held.key),
      ...held,
      key: toBase64Url(held.key),
    });
    await translating(path, "keep the data key of the backup store", async () => {
      await makePrivateDirectory(dirname(path));
      const before = await readDataKeyFile(path);
      const content = new TextEncoder().encode(`${text}\n`);
      // Each under a name of its own first: of two programs that begin a key at one time, none's is lost.
      await createFile(olderPath(path, held.key), content);
      if (before !== undefined) await link(path, olderPath(path, before.key)).catch(ignoreExisting);
      await replaceFile(path, content);
    });
  }

  #dataKeyPath(storeId: string): string {
    if (!/^[0-9a-f]{16}$/.test(storeId)) throw new TypeError(`${JSON.stringify(storeId)} is no id of a store`);
    return join(this.#directory, "stores", `${storeId}.json`);
  }
}

/** The tag tells keys apart, and no key. */
function olderPath(path: string, key: Uint8Array): string {
  const tag = createHash("sha256").update("requorum held data key ").update(key).digest("hex").slice(0, 16);
  return path.replace(/\.json$/, `-${tag}.json`);
}

async function readDataKeyFile(path: string): Promise<HeldDataKey | undefined> {
  const bytes = await readPrivateFile(path);
  if (bytes === undefined) return undefined;
  const fields = fieldsOf(bytes, path, "DataKey");
  const key = keyOf(fields, "key");
  // By a key that is not the wrapped one any more every new set would open here, and nowhere else. Older versions wrote no keyId.
  if (fields.has("keyId") && fields.text("keyId") !== keyIdOf(key))
    throw fields.fail("key", `it is not the key that keyId names: the file was changed. ${wayOut}`);
  return {
    key,
    recipients: fields.texts("recipients", recipientsMax),
    hasPassphrase: fields.flag("hasPassphrase"),
    wrapped: fields.objects("wrapped", recipientsMax, (entry) => ({
      for: entry.oneOf("for", ["recipients", "passphrase"]),
      recipients: entry.texts("recipients", recipientsMax),
      age: entry.text("age", keyFileBytesMax),
    })),
  };
}

const wayOut =
  "Move it away; an unchanged copy may lie beside it (ID-….json), or in a backup of this machine. Without one the next backup begins a new key and stores everything anew; sets of before open for their recipients as ever";

/** As manifests name it (docs/backup-format.md, "Keys"). */
function keyIdOf(key: Uint8Array): string {
  const derived = new Uint8Array(hkdfSync("sha256", key, new Uint8Array(), "requorum.backup/v1 key id", keyBytes));
  return createHash("sha256").update(derived).digest("hex").slice(0, 16);
}

function newSigningKey(): object {
  const { d, x } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  return { apiVersion: keysApiVersion, kind: "SigningKey", privateKey: d, publicKey: x };
}

function signingKeyOf(bytes: Uint8Array, path: string): { readonly privateKey: Uint8Array; readonly publicKey: Uint8Array } {
  const fields = fieldsOf(bytes, path, "SigningKey");
  const [privateKey, publicKey] = [keyOf(fields, "privateKey"), keyOf(fields, "publicKey")];
  // What one half signs the other would call damaged, wherever it is read.
  if (publicKeyOf(privateKey) !== toBase64Url(publicKey))
    throw fields.fail(
      "publicKey",
      "it does not belong to the private key: the file was changed. Put it back from a backup of this machine, or move it away: the next backup begins a new key; add the old public key to backup.signers, so that sets of before stay trusted",
    );
  return { privateKey, publicKey };
}

/** Derived from the private key alone; base64url, as RFC 8037 has it. */
function publicKeyOf(privateKey: Uint8Array): string | undefined {
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, privateKey]), format: "der", type: "pkcs8" });
  return createPublicKey(key).export({ format: "jwk" }).x;
}

function fieldsOf(bytes: Uint8Array, path: string, kind: string): JsonFields {
  const failure = (where: string, what: string) => invalid(path, where, what);
  const fields = new JsonFields(jsonOfBytes(bytes, failure), "", failure);
  fields.oneOf("apiVersion", [keysApiVersion]);
  fields.oneOf("kind", [kind]);
  return fields;
}

function keyOf(fields: JsonFields, name: string): Uint8Array {
  const key = fromBase64Url(fields.text(name));
  if (key?.length !== keyBytes) throw fields.fail(name, `expected ${keyBytes} bytes as base64url`);
  return key;
}

/** undefined: there is none. */
async function readPrivateFile(path: string): Promise<Uint8Array | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw toRecoveryError(error, path, "read a key of backup sets");
  }
  try {
    const { mode, size } = await handle.stat();
    if ((mode & 0o077) !== 0)
      throw invalid(path, "", `others may read or write it (mode ${(mode & 0o777).toString(8)}); look who did, then chmod 600`);
    if (size > keyFileBytesMax) throw invalid(path, "", `${size} bytes are more than a key has`);
    return await handle.readFile();
  } catch (error) {
    throw toRecoveryError(error, path, "read a key of backup sets");
  } finally {
    await handle.close();
  }
}

/** Durable, and only if nothing has the name: what is there already stays. */
async function createFile(path: string, content: Uint8Array): Promise<void> {
  const temporary = temporaryName(path);
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await writeAll(handle, content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(temporary, path).catch(ignoreExisting);
  } finally {
    await removeIfThere(temporary);
  }
  await syncDirectory(dirname(path));
}

function ignoreExisting(error: unknown): void {
  if (errnoOf(error) !== "EEXIST") throw error;
}

function invalid(path: string, where: string, what: string): RecoveryError {
  return new RecoveryError("BACKUP_KEY_INVALID", {
    subject: `file ${path}`,
    detail: `${path}${where === "" ? "" : `: ${where}`}: ${what}`,
  });
}
