import { fromBase64Url, toBase64Url, utf8 } from "./byte-text.ts";
import { jsonOfBytes, JsonFields, jsonTextOf } from "./json-fields.ts";
import type { SetCiphers } from "./set-ciphers.ts";
import { setDamaged, setUnsupported } from "./set-errors.ts";

/** JSON text with signatures over its exact bytes: manifests and proofs. */
export interface SignedDocument {
  /** The text that is signed, byte for byte. */
  readonly payload: string;
  readonly signatures: readonly { readonly publicKey: Uint8Array; readonly signature: Uint8Array }[];
}

export const backupApiVersion = "requorum.backup/v1";
/** A set of 10 TiB names 650 000 packs of 100 bytes each; what is larger is none of ours. */
export const signedDocumentBytesMax = 64 * 1024 * 1024;
const signaturesMax = 16;

export interface SigningKey {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

export function encodeSignedDocument(payload: unknown, key: SigningKey, ciphers: SetCiphers): Uint8Array {
  const text = jsonTextOf(payload);
  const signature = ciphers.signEd25519(key.privateKey, utf8(text));
  return textOf({ payload: text, signatures: [{ publicKey: key.publicKey, signature }] });
}

/** The one form that a document has: every byte of it counts. */
function textOf({ payload, signatures }: SignedDocument): Uint8Array {
  const signed = signatures.map(({ publicKey, signature }) => ({
    algorithm: "ed25519",
    publicKey: toBase64Url(publicKey),
    signature: toBase64Url(signature),
  }));
  return utf8(`${jsonTextOf({ apiVersion: backupApiVersion, kind: "SignedDocument", payload, signatures: signed })}\n`);
}

/** `name`: of the set or proof, for messages. BACKUP_SET_DAMAGED, BACKUP_SET_UNSUPPORTED. Nothing is said of the signatures yet. */
export function parseSignedDocument(bytes: Uint8Array, name: string): SignedDocument {
  const failure = (where: string, what: string) => setDamaged(name, where === "" ? "signed document" : `signed document: ${where}`, what);
  const fields = new JsonFields(jsonOfBytes(bytes, failure), "", failure);
  const apiVersion = fields.text("apiVersion");
  if (apiVersion !== backupApiVersion) {
    if (/^requorum\.backup\/v[0-9]{1,4}$/.test(apiVersion)) throw setUnsupported(name, `the document is of ${apiVersion}`);
    throw failure("apiVersion", `expected ${backupApiVersion}`);
  }
  fields.oneOf("kind", ["SignedDocument"]);
  const document: SignedDocument = {
    payload: fields.text("payload", signedDocumentBytesMax),
    signatures: fields.objects("signatures", signaturesMax, (entry) => {
      entry.oneOf("algorithm", ["ed25519"]);
      return { publicKey: bytesOf(entry, "publicKey", 32), signature: bytesOf(entry, "signature", 64) };
    }),
  };
  const expected = textOf(document);
  if (expected.length !== bytes.length || expected.some((byte, index) => byte !== bytes[index]))
    throw failure("", "it is not written as a signed document is: something in it was changed");
  return document;
}

function bytesOf(entry: JsonFields, name: string, length: number): Uint8Array {
  const bytes = fromBase64Url(entry.text(name));
  if (bytes?.length !== length) throw entry.fail(name, `expected ${length} bytes as base64url`);
  return bytes;
}

/** The keys whose signature fits, as base64url, in their order. */
export function fittingSigners(document: SignedDocument, ciphers: SetCiphers): readonly string[] {
  const bytes = utf8(document.payload);
  return document.signatures
    .filter(({ publicKey, signature }) => ciphers.isSignedEd25519(publicKey, bytes, signature))
    .map(({ publicKey }) => toBase64Url(publicKey));
}
