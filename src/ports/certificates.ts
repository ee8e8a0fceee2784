import type { CertificateFacts } from "../model/inventory.ts";

/** What a certificate says of itself; where it was found is the caller's knowledge. */
export type CertificateContent = Omit<CertificateFacts, "path">;

export interface CertificateReader {
  /** One PEM block of type CERTIFICATE. Throws REMOTE_ANSWER_MALFORMED when it is not one. */
  readCertificate(pem: string): CertificateContent;
}

/** What proves that certificates and keys belong together. Throws nothing: what cannot be read belongs to nothing. */
export interface KeyMatcher {
  /** One certificate each, PEM: does the issuer's key verify the signature? */
  isSignedBy(pem: string, issuerPem: string): boolean;
  /** sha256, hex, of the public key in a certificate, a private key or a public key; undefined: it is none, or is sealed. */
  publicKeyId(pem: string): string | undefined;
  /** Of a certificate, hex; undefined: it is none. */
  serialNumber(pem: string): string | undefined;
}
