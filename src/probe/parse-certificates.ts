import { certificateBlocks } from "../model/certificate-blocks.ts";
import type { CertificateFacts } from "../model/inventory.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import type { CertificateReader } from "../ports/certificates.ts";
import { malformed, textOfBase64 } from "./parse-host-answer.ts";

export interface CertificatesOfHost {
  readonly certificates: readonly CertificateFacts[];
  readonly unreadable: readonly { readonly path: string; readonly problem: string }[];
}

/**
 * Text of the section certificates: a line "path FILE", then the file's PEM
 * blocks or, of a kubeconfig, a line "data BASE64" of them. A file without a readable block is in `unreadable`. Throws
 * REMOTE_ANSWER_MALFORMED when the frame itself is wrong or holds a private
 * key, which the script never prints.
 */
export function parseCertificates(text: string, reader: CertificateReader): CertificatesOfHost {
  if (text.includes("PRIVATE KEY")) throw malformed("certificates", "the answer holds a private key and is dropped");
  const certificates: CertificateFacts[] = [];
  const unreadable: { path: string; problem: string }[] = [];
  for (const part of text.split(/^path /m).slice(1)) {
    const newline = part.indexOf("\n");
    const path = newline < 0 ? part : part.slice(0, newline);
    const encoded = /^data (\S+)$/m.exec(part)?.[1];
    const content = encoded === undefined ? part : decoded(encoded);
    const blocks = certificateBlocks(content);
    if (blocks.length === 0) unreadable.push({ path, problem: "there is no certificate in it" });
    for (const pem of blocks) {
      try {
        certificates.push({ path, ...reader.readCertificate(pem) });
      } catch (error) {
        if (!(error instanceof RecoveryError)) throw error;
        unreadable.push({ path, problem: error.detail });
      }
    }
  }
  if (/^too-many$/m.test(text)) throw malformed("certificates", "there are more than 64 certificate files");
  return { certificates, unreadable };
}

/** A kubeconfig's certificate data; "" when it is not base64 of text, so that the file counts as unreadable. */
function decoded(base64: string): string {
  try {
    return textOfBase64(base64, "client-certificate-data");
  } catch (error) {
    if (error instanceof RecoveryError) return "";
    throw error;
  }
}
