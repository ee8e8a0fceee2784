import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { deriveSetKeys } from "../../formats/backup-set/set-keys.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { nodeSetCiphers } from "../system/node-set-ciphers.ts";
import { FileBackupKeys } from "./file-backup-keys.ts";

const storeId = "0123456789abcdef";

async function withKeys(act: (keys: FileBackupKeys, state: string) => Promise<void>): Promise<void> {
  const state = await mkdtemp(join(tmpdir(), "requorum-keys-"));
  try {
    await act(new FileBackupKeys({ stateDirectory: state }), state);
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}

test("the signing key is made once, of several at one time too, signs, and is private", () =>
  withKeys(async (keys, state) => {
    assert.equal(await keys.knownPublicKey(), undefined);
    assert.deepEqual(await readdir(state), []);
    const made = await Promise.all(Array.from({ length: 5 }, () => new FileBackupKeys({ stateDirectory: state }).signingKey()));
    const [first] = made;
    assert.ok(first !== undefined);
    for (const other of made) assert.deepEqual(other, first);
    const text = new TextEncoder().encode("text");
    assert.ok(nodeSetCiphers.isSignedEd25519(first.publicKey, text, nodeSetCiphers.signEd25519(first.privateKey, text)));
    assert.deepEqual(await keys.knownPublicKey(), first.publicKey);
    assert.equal((await stat(join(state, "backup-keys"))).mode & 0o777, 0o700);
    assert.equal((await stat(join(state, "backup-keys/signing-key.json"))).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(join(state, "backup-keys")), ["signing-key.json"]);
  }));

test("a data key comes back as it was kept, and the next one takes its place", () =>
  withKeys(async (keys, state) => {
    assert.equal(await keys.readDataKey(storeId), undefined);
    for (const hasPassphrase of [false, true]) {
      const key = nodeSetCiphers.randomBytes(32);
      const held = {
        key: new Uint8Array(key),
        recipients: ["age1a", "age1b"],
        hasPassphrase,
        wrapped: [{ for: "recipients" as const, recipients: ["age1a", "age1b"], age: "-----BEGIN\n" }],
      };
      await keys.writeDataKey(storeId, held);
      assert.deepEqual(await keys.readDataKey(storeId), held);
    }
    assert.equal((await stat(join(state, `backup-keys/stores/${storeId}.json`))).mode & 0o777, 0o600);
    // Sets of before are sealed under the first.
    const all = await keys.readAllDataKeys(storeId);
    assert.deepEqual(
      all.map(({ hasPassphrase }) => hasPassphrase),
      [true, false],
    );
    assert.deepEqual(await keys.readAllDataKeys("fedcba9876543210"), []);
    for (const name of await readdir(join(state, "backup-keys/stores")))
      assert.equal((await stat(join(state, "backup-keys/stores", name))).mode & 0o777, 0o600);
    assert.equal(await keys.readDataKey("fedcba9876543210"), undefined);
    await assert.rejects(keys.readDataKey("../signing-key"), TypeError);
  }));

test("of two programs that each begin a key at one time none is lost; one of a version that kept no older ones is kept from then on", () =>
  withKeys(async (keys, state) => {
    const made = [1, 2, 3].map((byte) => ({ key: new Uint8Array(32).fill(byte), recipients: [], hasPassphrase: true, wrapped: [] }));
    await Promise.all(made.slice(0, 2).map((held) => keys.writeDataKey(storeId, held)));
    for (const name of await readdir(join(state, "backup-keys/stores")))
      if (name !== `${storeId}.json`) await rm(join(state, "backup-keys/stores", name));
    const [left] = await keys.readAllDataKeys(storeId);
    await Promise.all(made.map((held) => keys.writeDataKey(storeId, held)));
    const bytes = (await keys.readAllDataKeys(storeId)).map(({ key }) => key[0]);
    assert.ok(left !== undefined && bytes.includes(left.key[0]));
    assert.deepEqual(bytes.toSorted(), [1, 2, 3]);
  }));

test("a key file that others may read, or that is damaged, is refused without repeating what is in it", () =>
  withKeys(async (keys, state) => {
    const { privateKey } = await keys.signingKey();
    const path = join(state, "backup-keys/signing-key.json");
    await chmod(path, 0o640);
    await assert.rejects(keys.signingKey(), isRecoveryError("BACKUP_KEY_INVALID", /others may read or write it \(mode 640\)/));
    await chmod(path, 0o600);
    const whole = await readFile(path, "utf8");
    const secret = Buffer.from(privateKey).toString("base64url");
    for (const text of ["", "{", whole.slice(0, -5), whole.replace(secret, secret.slice(1)), whole.replace("SigningKey", "DataKey")]) {
      await writeFile(path, text);
      await assert.rejects(keys.signingKey(), (error) => {
        assert.ok(error instanceof RecoveryError && error.code === "BACKUP_KEY_INVALID", String(error));
        assert.ok(!error.message.includes(secret.slice(5, 20)));
        return true;
      });
    }
  }));

test("a key of which one bit changed is refused: a data key by its keyId, a signing key by its other half", () =>
  withKeys(async (keys, state) => {
    const { publicKey } = await keys.signingKey();
    const held = { key: new Uint8Array(nodeSetCiphers.randomBytes(32)), recipients: ["age1a"], hasPassphrase: false, wrapped: [] };
    await keys.writeDataKey(storeId, held);
    const change = async (name: string, field: string): Promise<void> => {
      const path = join(state, "backup-keys", name);
      const kept = JSON.parse(await readFile(path, "utf8")) as { [field: string]: string };
      const raw = Buffer.from(kept[field] ?? "", "base64url");
      raw[7] = (raw[7] ?? 0) ^ 1;
      await writeFile(path, JSON.stringify({ ...kept, [field]: raw.toString("base64url") }));
    };
    await change(`stores/${storeId}.json`, "key");
    await assert.rejects(keys.readDataKey(storeId), isRecoveryError("BACKUP_KEY_INVALID", /key: it is not the key that keyId names/));
    // The same key lies there under its own name: sets are read with that.
    assert.deepEqual(await keys.readAllDataKeys(storeId), [held]);
    const [own = ""] = (await readdir(join(state, "backup-keys/stores"))).filter((name) => name !== `${storeId}.json`);
    await change(`stores/${own}`, "key");
    await assert.rejects(keys.readAllDataKeys(storeId), isRecoveryError("BACKUP_KEY_INVALID", /not the key that keyId names/));
    await change(`stores/${own}`, "key");
    for (const field of ["publicKey", "privateKey"]) {
      await change("signing-key.json", field);
      await assert.rejects(keys.signingKey(), isRecoveryError("BACKUP_KEY_INVALID", /does not belong .*move it away.*backup\.signers/));
      if (field === "privateKey") assert.deepEqual(await keys.knownPublicKey(), publicKey);
      await change("signing-key.json", field);
      await keys.signingKey();
    }
    // As an older version wrote it, without keyId.
    const path = join(state, `backup-keys/stores/${storeId}.json`);
    const { keyId, ...old } = JSON.parse(await readFile(path, "utf8")) as { readonly keyId: string };
    assert.match(keyId, /^[0-9a-f]{16}$/);
    assert.equal(keyId, deriveSetKeys(nodeSetCiphers, held.key).keyId);
    await writeFile(path, JSON.stringify(old));
    await keys.readDataKey(storeId);
  }));
