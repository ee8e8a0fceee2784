import { X509Certificate } from "node:crypto";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { CertificateContent, CertificateReader } from "../../ports/certificates.ts";

/** X.509 by node:crypto. Reads only; holds nothing. */
export class NodeCertificates implements CertificateReader {
  readCertificate(pem: string): CertificateContent {
    try {
      const certificate = new X509Certificate(pem);
      return {
        subject: oneLine(certificate.subject),
        issuer: oneLine(certificate.issuer),
        fingerprint: certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
        notBefore: certificate.validFromDate.toISOString(),
        notAfter: certificate.validToDate.toISOString(),
        subjectAltNames: alternativeNames(certificate.subjectAltName),
        isCa: certificate.ca,
      };
    } catch (cause) {
      throw new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject: "certificate", detail: "it is not an X.509 certificate", cause });
    }
  }
}

/** node:crypto prints one attribute per line: "O=system:masters\nCN=admin". */
function oneLine(name: string): string {
  return name.split("\n").join(", ");
}

/** "DNS:cp1, IP Address:10.0.0.1" -> ["cp1", "10.0.0.1"]; Node quotes values that hold a comma. */
function alternativeNames(text: string | undefined): readonly string[] {
  return (text ?? "")
    .split(", ")
    .filter((part) => part !== "")
    .map((part) => part.replace(/^(DNS|IP Address|URI|email):/, ""));
}
