import { readKubeconfig } from "../../formats/machine/kubeconfig.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { CertificateContent, CertificateReader, KeyMatcher } from "../../ports/certificates.ts";

/** From the last of several beginnings: one that was cut off takes no other with it, and a file of beginnings is read in no time. */
export const certificateBlock = /-----BEGIN CERTIFICATE-----(?:(?!-----BEGIN )[\s\S])*?-----END CERTIFICATE-----/g;
/** A bundle of a whole distribution has hundreds; some of those have always ended. */
const certificatesMax = 16;

/**
 * ISO 8601: when the first of the certificates in a file ends, a kubeconfig's
 * own one among them. undefined: there is none that is read, or it is a bundle.
 */
export function firstEnd(reader: CertificateReader, content: Uint8Array | undefined): string | undefined {
  if (content === undefined) return undefined;
  const ends = certificatesIn(content).flatMap((pem) => readIfOne(reader, pem)?.notAfter ?? []);
  return ends.sort((one, other) => Date.parse(one) - Date.parse(other))[0];
}

/** PEM blocks; empty for a bundle. */
export function certificatesIn(content: Uint8Array): readonly string[] {
  const text = new TextDecoder().decode(content);
  const shown = text.includes("client-certificate") ? (readKubeconfig(text, "/")?.shown ?? []) : [];
  const inner = shown.flatMap((one) => one.text ?? []);
  const blocks = [text, ...inner].flatMap((one) => one.match(certificateBlock) ?? []);
  return blocks.length > certificatesMax ? [] : blocks;
}

/** What the first certificate in a file says of itself: "CN=kubernetes until 2036-01-01T00:00:00Z, key 5f1c…"; undefined: there is none that is read. */
export function firstCertificateWords(
  { certificates, keyMatcher }: { readonly certificates: CertificateReader; readonly keyMatcher: KeyMatcher },
  content: Uint8Array,
): string | undefined {
  const [pem] = certificatesIn(content);
  const facts = pem === undefined ? undefined : readIfOne(certificates, pem);
  if (pem === undefined || facts === undefined) return undefined;
  // Two CAs mostly have one name; their keys tell them apart.
  return `${facts.subject} until ${facts.notAfter}, key ${keyMatcher.publicKeyId(pem)?.slice(0, 16) ?? "not known"}`;
}

/** undefined: it is none that is read. */
export function readIfOne(reader: CertificateReader, pem: string): CertificateContent | undefined {
  try {
    return reader.readCertificate(pem);
  } catch (error) {
    if (error instanceof RecoveryError) return undefined;
    throw error;
  }
}
