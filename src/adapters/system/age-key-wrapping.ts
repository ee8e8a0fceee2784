import { RecoveryError } from "../../model/recovery-error.ts";
import type { KeyOpener, KeyWrapping } from "../../ports/key-wrapping.ts";

/** X25519 recipients and identities of age (age-encryption.org/v1): bech32, 32 bytes. */
const recipientForm = /^age1[02-9ac-hj-np-z]{58}$/;
const identityForm = /^AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}$/;
/** The words of age-encryption 0.3 when no identity fits; repeated by a test. */
const nothingFits = /no identity matched/;
/** As the age program's own: 2^18, some 0.7 s and 256 MiB. */
const usualWorkFactor = 18;

/** By the npm package age-encryption, loaded at first use. Its messages may quote keys, so none is passed on. */
export class AgeKeyWrapping implements KeyWrapping {
  readonly #workFactor: number;

  constructor(options: { readonly passphraseWorkFactor?: number } = {}) {
    this.#workFactor = options.passphraseWorkFactor ?? usualWorkFactor;
  }

  async wrapForRecipients(recipients: readonly string[], content: Uint8Array): Promise<string> {
    const { Encrypter, armor } = await import("age-encryption");
    const encrypter = new Encrypter();
    if (recipients.length === 0) throw invalid("recipients", "there is none");
    for (const recipient of recipients) {
      const isRecipient = recipientForm.test(recipient) && succeeds(() => encrypter.addRecipient(recipient));
      if (!isRecipient) throw invalid(`recipient ${shown(recipient)}`, 'expected "age1" and 58 more letters, as age-keygen prints it');
    }
    return armor.encode(await encrypter.encrypt(content));
  }

  async wrapForPassphrase(passphrase: string, content: Uint8Array): Promise<string> {
    if (passphrase === "") throw invalid("passphrase", "it is empty");
    const { Encrypter, armor } = await import("age-encryption");
    const encrypter = new Encrypter();
    encrypter.setScryptWorkFactor(this.#workFactor);
    encrypter.setPassphrase(passphrase);
    return armor.encode(await encrypter.encrypt(content));
  }

  async unwrap(armored: string, opener: KeyOpener): Promise<Uint8Array> {
    const { Decrypter, armor } = await import("age-encryption");
    const decrypter = new Decrypter();
    if (opener.kind === "passphrase") decrypter.addPassphrase(opener.passphrase);
    else
      for (const [index, identity] of opener.identities.entries()) {
        const isIdentity = identityForm.test(identity) && succeeds(() => decrypter.addIdentity(identity));
        if (!isIdentity) throw invalid(`identity ${index + 1}`, 'expected "AGE-SECRET-KEY-1" and 58 more letters, as age-keygen writes it');
      }
    try {
      return await decrypter.decrypt(armor.decode(armored));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (!nothingFits.test(error.message)) throw invalid("wrapped key", "the age file that holds the key is damaged");
      const detail =
        opener.kind === "passphrase"
          ? "it was sealed with another passphrase"
          : `it was not sealed for ${opener.identities.length === 1 ? "the given identity" : `any of the ${opener.identities.length} given identities`}`;
      throw new RecoveryError("BACKUP_KEY_WRONG", { subject: "wrapped key", detail });
    }
  }

  async newIdentity(): Promise<{ readonly identity: string; readonly recipient: string }> {
    const { generateX25519Identity, identityToRecipient } = await import("age-encryption");
    const identity = await generateX25519Identity();
    return { identity, recipient: await identityToRecipient(identity) };
  }
}

function succeeds(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}

/** A recipient is no secret; what was put in its place by mistake may be one. */
function shown(recipient: string): string {
  return recipient.startsWith("age1") ? `"${recipient.slice(0, 80)}"` : "(not shown: it does not begin with age1)";
}

function invalid(subject: string, detail: string): RecoveryError {
  return new RecoveryError("BACKUP_KEY_INVALID", { subject, detail: `${subject}: ${detail}` });
}
