import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";
import {
  derBits,
  derBoolean,
  derExplicit,
  derImplicit,
  derInteger,
  derObjectId,
  derOctets,
  derSequence,
  derSet,
  derTime,
  derUtf8,
} from "./der.ts";

/** PEM texts. */
export interface SandboxIdentity {
  readonly certificate: string;
  readonly key: string;
}

export interface SandboxCertificates {
  readonly ca: string;
  /** For servers on 127.0.0.1 and localhost; etcd talks to itself with it, too. */
  readonly server: SandboxIdentity;
  /**
   * For whoever asks. Its name is "root", which is the administrator of an etcd
   * whose auth is on, and its group "system:masters", which may do all at the API.
   */
  readonly client: SandboxIdentity;
}

/** A drill that takes two days is stuck. */
const sandboxValidMs = 48 * 3_600_000;
/** Clocks of one machine do not differ; this is for a step back of the clock meanwhile. */
const leewayMs = 3_600_000;

const oid = {
  commonName: "2.5.4.3",
  organization: "2.5.4.10",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  basicConstraints: "2.5.29.19",
  keyUsage: "2.5.29.15",
  extendedKeyUsage: "2.5.29.37",
  subjectAltName: "2.5.29.17",
  subjectKeyId: "2.5.29.14",
  authorityKeyId: "2.5.29.35",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
} as const;

interface Authority {
  readonly name: Uint8Array;
  readonly keyId: Uint8Array;
  readonly privateKey: KeyObject;
}

/**
 * Certificates that live as long as one sandbox: nobody else on the machine
 * can talk to its programs, which serve everything that the set holds. The
 * authority's key is forgotten at once.
 */
export function makeSandboxCertificates(nowMs: number): SandboxCertificates {
  const authority = makeAuthority({ commonName: "requorum sandbox", nowMs });
  return {
    ca: authority.certificate,
    server: authority.issue({ commonName: "sandbox-server" }),
    client: authority.issue({ commonName: "root", organization: "system:masters" }),
  };
}

export interface MadeAuthority extends SandboxIdentity {
  /** For servers on loopback and for clients; valid as long as the authority, unless it is said. */
  issue(subject: { readonly commonName: string; readonly organization?: string; readonly validMs?: number }): SandboxIdentity;
}

/** A certificate authority that signs itself. `validMs`: from `nowMs` on. */
export function makeAuthority({
  commonName,
  nowMs,
  validMs = sandboxValidMs,
}: {
  readonly commonName: string;
  readonly nowMs: number;
  readonly validMs?: number;
}): MadeAuthority {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = nameOf({ commonName });
  const keyId = keyIdOf(pair.publicKey);
  const authority: Authority = { name, keyId, privateKey: pair.privateKey };
  return {
    certificate: certificate(authority, {
      subject: name,
      publicKey: pair.publicKey,
      nowMs,
      validMs,
      extensions: authorityExtensions(keyId),
    }),
    key: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    issue: (subject) => issue(authority, { nowMs, validMs, ...subject }),
  };
}

/** Of service account tokens, where the set has none. PKCS #8 and SPKI. */
export function makeServiceAccountKey(): { readonly publicKey: string; readonly privateKey: string } {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    publicKey: pair.publicKey.export({ type: "spki", format: "pem" }).toString(),
    privateKey: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function issue(
  authority: Authority,
  options: { readonly nowMs: number; readonly validMs: number; readonly commonName: string; readonly organization?: string },
): SandboxIdentity {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    certificate: certificate(authority, {
      subject: nameOf(options),
      publicKey: pair.publicKey,
      nowMs: options.nowMs,
      validMs: options.validMs,
      extensions: leafExtensions(authority, pair.publicKey),
    }),
    // SEC 1 and PKCS #8 both are read by Go; this is what etcd's documentation shows.
    key: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** RFC 5280, section 4.1. */
function certificate(
  authority: Authority,
  content: {
    readonly subject: Uint8Array;
    readonly publicKey: KeyObject;
    readonly nowMs: number;
    readonly validMs: number;
    readonly extensions: readonly Uint8Array[];
  },
): string {
  const algorithm = derSequence(derObjectId(oid.ecdsaWithSha256));
  const toBeSigned = derSequence(
    derExplicit(0, derInteger(Uint8Array.of(2))),
    derInteger(randomBytes(16)),
    algorithm,
    authority.name,
    derSequence(derTime(content.nowMs - leewayMs), derTime(content.nowMs + content.validMs)),
    content.subject,
    spkiOf(content.publicKey),
    derExplicit(3, derSequence(...content.extensions)),
  );
  const der = derSequence(toBeSigned, algorithm, derBits(sign("sha256", toBeSigned, authority.privateKey)));
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function authorityExtensions(keyId: Uint8Array): readonly Uint8Array[] {
  return [
    extension(oid.basicConstraints, derSequence(derBoolean(true)), true),
    extension(oid.keyUsage, derBits(Uint8Array.of(0x06), 1), true), // keyCertSign, cRLSign
    extension(oid.subjectKeyId, derOctets(keyId)),
  ];
}

function leafExtensions(authority: Authority, publicKey: KeyObject): readonly Uint8Array[] {
  return [
    extension(oid.basicConstraints, derSequence(), true),
    extension(oid.keyUsage, derBits(Uint8Array.of(0x80), 7), true), // digitalSignature
    extension(oid.extendedKeyUsage, derSequence(derObjectId(oid.serverAuth), derObjectId(oid.clientAuth))),
    extension(
      oid.subjectAltName,
      derSequence(derImplicit(2, new TextEncoder().encode("localhost")), derImplicit(7, Uint8Array.of(127, 0, 0, 1))),
    ),
    extension(oid.subjectKeyId, derOctets(keyIdOf(publicKey))),
    extension(oid.authorityKeyId, derSequence(derImplicit(0, authority.keyId))),
  ];
}

function extension(id: string, value: Uint8Array, isCritical = false): Uint8Array {
  return derSequence(derObjectId(id), ...(isCritical ? [derBoolean(true)] : []), derOctets(value));
}

function nameOf({ commonName, organization }: { readonly commonName: string; readonly organization?: string }): Uint8Array {
  const one = (id: string, value: string): Uint8Array => derSet(derSequence(derObjectId(id), derUtf8(value)));
  return derSequence(...(organization === undefined ? [] : [one(oid.organization, organization)]), one(oid.commonName, commonName));
}

function spkiOf(publicKey: KeyObject): Uint8Array {
  return publicKey.export({ type: "spki", format: "der" });
}

function keyIdOf(publicKey: KeyObject): Uint8Array {
  return createHash("sha256").update(spkiOf(publicKey)).digest().subarray(0, 20);
}
