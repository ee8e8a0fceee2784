import { checkServerIdentity, createSecureContext, type PeerCertificate, type SecureContext } from "node:tls";

/** PEM. Throws OpenSSL's own errors, which name the defect and never the key's content. */
export function secureContextOf(pem: { readonly ca: string; readonly certificate: string; readonly key: string }): SecureContext {
  return createSecureContext({ ca: [Buffer.from(pem.ca)], cert: Buffer.from(pem.certificate), key: Buffer.from(pem.key) });
}

/** The certificate must name one of these. */
export function identityProblem(names: readonly string[], certificate: PeerCertificate): Error | undefined {
  const problems = names.map((name) => checkServerIdentity(name, certificate));
  return problems.includes(undefined) ? undefined : problems[0];
}
