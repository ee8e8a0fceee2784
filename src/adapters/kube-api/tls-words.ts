/**
 * What TLS trouble with an API server means, in our words. Node's own end in
 * advice about options of Node, and OpenSSL's carry a number of the process, a
 * source path and a line feed. Pure; codes and texts as Node 24 has them.
 */
export function tlsWords(error: Error, code: string): string {
  const known = wordsOfCode[code];
  if (known !== undefined) return known;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return `the server's certificate is for other names${namesIn(error)}`;
  // "write EPROTO 40CD…:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../deps/…:77:\n"
  const reason = /SSL routines:[^:]*:([^:\n]+)/.exec(error.message)?.[1];
  if (reason === undefined) return "the TLS handshake failed";
  if (/alert (?:unknown ca|access denied|decrypt error|.*certificate)/.test(reason))
    return `the server does not accept our client certificate (${reason})`;
  if (reason.includes(" alert ")) return `the server refused the TLS handshake (${reason})`;
  if (/wrong version number|length too long/.test(reason)) return `what answers there does not speak TLS (${reason})`;
  return `the TLS handshake failed (${reason})`;
}

const otherAuthority = "the server's certificate is not signed by the CA in the kubeconfig";
const wordsOfCode: { readonly [code: string]: string | undefined } = {
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  CERT_NOT_YET_VALID: "the server's certificate is not valid yet; is the clock right, there and here?",
  CERT_SIGNATURE_FAILURE: otherAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: otherAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: otherAuthority,
  UNABLE_TO_GET_ISSUER_CERT: otherAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: otherAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: otherAuthority,
  INVALID_PURPOSE: "the server's certificate is not one for servers",
};

/** Enough for the names of a control plane; what a stranger presents may have thousands. */
const namesCharactersMax = 300;

/** ": DNS:elsewhere". Node puts the names, with what could be mistaken in them escaped, at the end of its text. */
function namesIn(error: Error): string {
  const names = /is not (?:in the cert's altnames|cert's CN): (.+)/.exec(error.message)?.[1];
  if (names === undefined) return "";
  return `: ${names.length > namesCharactersMax ? `${names.slice(0, namesCharactersMax)}…` : names}`;
}
