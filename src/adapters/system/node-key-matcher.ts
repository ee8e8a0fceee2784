import { X509Certificate, createHash, createPublicKey, type KeyObject } from "node:crypto";
import type { KeyMatcher } from "../../ports/certificates.ts";

/** By node:crypto. Holds no key longer than a call. */
export const nodeKeyMatcher: KeyMatcher = {
  isSignedBy: (pem, issuerPem) => {
    try {
      return new X509Certificate(pem).verify(new X509Certificate(issuerPem).publicKey);
    } catch {
      return false; // one of both is no certificate, or of an algorithm that is not known here
    }
  },
  serialNumber: (pem) => {
    try {
      return new X509Certificate(pem).serialNumber.toLowerCase();
    } catch {
      return undefined;
    }
  },
  publicKeyId: (pem) => {
    try {
      const key: KeyObject = pem.includes("-----BEGIN CERTIFICATE-----") ? new X509Certificate(pem).publicKey : createPublicKey(pem);
      return createHash("sha256")
        .update(key.export({ type: "spki", format: "der" }))
        .digest("hex");
    } catch {
      return undefined;
    }
  },
};
