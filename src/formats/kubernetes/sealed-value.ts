/**
 * Values that the API server encrypted before it wrote them to etcd. Forms:
 * k8s.io/apiserver pkg/server/options/encryptionconfig/config.go (prefixes),
 * pkg/storage/value/encrypt/{aes,secretbox,envelope}. The ciphers come in as
 * functions; nothing here holds key material longer than a call.
 */
import { WireReader, MalformedMessage, wireType } from "../protobuf/wire-reader.ts";

/** `other`: a provider that this engine does not know. */
export type SealProvider = "aescbc" | "aesgcm" | "secretbox" | "kms" | "other";

export interface SealFacts {
  readonly provider: SealProvider;
  /** As written in the value: "aescbc", "kms". */
  readonly providerText: string;
  /** "v1", "v2". */
  readonly version: string;
  /** Of the key, or of the KMS plugin, in the EncryptionConfiguration. */
  readonly keyName: string;
  /** Of the key inside the KMS; v2 only. */
  readonly kmsKeyId: string | undefined;
  /** Where the sealed bytes begin. */
  readonly bodyOffset: number;
}

export interface SealKey {
  readonly provider: "aescbc" | "aesgcm" | "secretbox";
  readonly name: string;
  readonly secret: Uint8Array;
}

/** Each answers undefined when the bytes do not open with that key. */
export interface SealCiphers {
  /** AES-CBC; the padding (PKCS #7) is checked and taken off. */
  aesCbc(key: Uint8Array, iv: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
  /** AES-GCM; the tag stands in the last 16 bytes of `sealed`. */
  aesGcm(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, authenticated: Uint8Array): Uint8Array | undefined;
  /** XSalsa20 and Poly1305 as NaCl's secretbox; the tag stands in the first 16 bytes of `sealed`. */
  secretbox(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
}

export type Unsealed =
  | { readonly kind: "open"; readonly value: Uint8Array }
  /** `why` says what is missing or wrong; it holds no key material. */
  | { readonly kind: "sealed"; readonly facts: SealFacts; readonly why: string };

const prefix = "k8s:enc:";
/** Prefix, provider, version and key name are at most this long in practice; a KMS name has no limit of its own. */
const headerBytesMax = 512;
const aesBlockBytes = 16;
const gcmNonceBytes = 12;
const gcmTagBytes = 16;
const secretboxNonceBytes = 24;
const secretboxTagBytes = 16;

export function isSealedValue(value: Uint8Array): boolean {
  if (value.length < prefix.length) return false;
  for (let index = 0; index < prefix.length; index += 1) if (value[index] !== prefix.charCodeAt(index)) return false;
  return true;
}

/** undefined: the value is not sealed. A header that cannot be read is a seal of provider "other". */
export function readSeal(value: Uint8Array): SealFacts | undefined {
  if (!isSealedValue(value)) return undefined;
  const parts: string[] = [];
  let at = prefix.length;
  for (let end = at; end < Math.min(value.length, headerBytesMax) && parts.length < 3; end += 1) {
    if (value[end] !== 0x3a) continue;
    parts.push(latinText(value.subarray(at, end)));
    at = end + 1;
  }
  const [providerText = "", version = "", keyName = ""] = parts;
  const isWhole = parts.length === 3;
  const provider = isWhole ? providerOf(providerText, version) : "other";
  const kmsKeyId = provider === "kms" && version === "v2" ? kmsKeyIdOf(value.subarray(at)) : undefined;
  return { provider, providerText, version, keyName, kmsKeyId, bodyOffset: isWhole ? at : value.length };
}

/** `key` is the whole etcd key: AES-GCM binds the value to it. Keys of the same provider and name are tried in their order. */
export function unsealValue(
  value: Uint8Array,
  options: { readonly key: Uint8Array; readonly keys: readonly SealKey[]; readonly ciphers: SealCiphers },
): Unsealed {
  const facts = readSeal(value);
  if (facts === undefined) return { kind: "open", value };
  const sealed = (why: string): Unsealed => ({ kind: "sealed", facts, why });
  if (facts.provider === "kms") return sealed(`it was sealed by the KMS plugin ${facts.keyName}: only that plugin can open it`);
  if (facts.provider === "other")
    return sealed(
      `it was sealed by ${facts.providerText || "an unknown provider"} ${facts.version}, which is not known here`.replace("  ", " "),
    );
  const keys = options.keys.filter((key) => key.provider === facts.provider && key.name === facts.keyName);
  if (keys.length === 0) return sealed(`there is no ${facts.provider} key named ${facts.keyName} in the given EncryptionConfiguration`);
  for (const key of keys) {
    const opened = open(key, value.subarray(facts.bodyOffset), options);
    if (opened !== undefined && looksStored(opened)) return { kind: "open", value: opened };
  }
  return sealed(
    `the ${facts.provider} key named ${facts.keyName} does not open it: it is another key of that name, or the value is damaged`,
  );
}

function open(
  key: SealKey,
  body: Uint8Array,
  options: { readonly key: Uint8Array; readonly ciphers: SealCiphers },
): Uint8Array | undefined {
  const { ciphers } = options;
  switch (key.provider) {
    case "aescbc":
      if (body.length < 2 * aesBlockBytes || body.length % aesBlockBytes !== 0) return undefined;
      return ciphers.aesCbc(key.secret, body.subarray(0, aesBlockBytes), body.subarray(aesBlockBytes));
    case "aesgcm":
      if (body.length < gcmNonceBytes + gcmTagBytes) return undefined;
      return ciphers.aesGcm(key.secret, body.subarray(0, gcmNonceBytes), body.subarray(gcmNonceBytes), options.key);
    case "secretbox":
      if (body.length < secretboxNonceBytes + secretboxTagBytes) return undefined;
      return ciphers.secretbox(key.secret, body.subarray(0, secretboxNonceBytes), body.subarray(secretboxNonceBytes));
  }
}

/** AES-CBC has no tag: one wrong key in 256 gives a right padding, but not one of the forms that objects are stored in. */
function looksStored(value: Uint8Array): boolean {
  const isProtobuf = value[0] === 0x6b && value[1] === 0x38 && value[2] === 0x73 && value[3] === 0;
  const isCbor = value[0] === 0xd9 && value[1] === 0xd9 && value[2] === 0xf7;
  return isProtobuf || isCbor || value[0] === 0x7b;
}

function providerOf(text: string, version: string): SealProvider {
  if (version === "v1" && (text === "aescbc" || text === "aesgcm" || text === "secretbox")) return text;
  return text === "kms" && (version === "v1" || version === "v2") ? "kms" : "other";
}

/** EncryptedObject.keyID, field 2 (k8s.io/kms apis/v2 and the API server's envelope/kmsv2/v2/api.proto). undefined: the body cannot be read. */
function kmsKeyIdOf(body: Uint8Array): string | undefined {
  try {
    const reader = new WireReader(body);
    for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
      if (field === 2 && reader.wireType === wireType.bytes) return reader.string();
      reader.skip();
    }
    return undefined;
  } catch (error) {
    if (error instanceof MalformedMessage) return undefined; // the rest is sealed anyway; nothing is decided by it
    throw error;
  }
}

/** Printable ASCII as it is, anything else as "?": names go to screens. */
function latinText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "?")).join("");
}
