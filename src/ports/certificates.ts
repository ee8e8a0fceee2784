import type { CertificateFacts } from "../model/inventory.ts";

/** What a certificate says of itself; where it was found is the caller's knowledge. */
export type CertificateContent = Omit<CertificateFacts, "path">;

export interface CertificateReader {
  /** One PEM block of type CERTIFICATE. Throws REMOTE_ANSWER_MALFORMED when it is not one. */
  readCertificate(pem: string): CertificateContent;
}
