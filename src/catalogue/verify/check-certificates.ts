import { RecoveryError } from "../../model/recovery-error.ts";
import type { CertificateContent } from "../../ports/certificates.ts";
import { counted } from "./level-result.ts";
import { placeOf, type CheckedParts, type SetEvidence, type TextPart } from "./set-content.ts";

interface FoundCertificate {
  readonly from: TextPart;
  readonly pem: string;
  readonly content: CertificateContent;
}

const certificateBlock = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
/** Base64 of PEM, as kubeconfigs have it. */
const embedded = /\b(client-certificate|certificate-authority)-data:\s*["']?([A-Za-z0-9+/=]+)/g;

/** What kubeadm and kubespray issue from the cluster's own authorities. Others may be of anybody: a company's for OIDC or audit. */
const ofCluster =
  /\/(?:apiserver|apiserver-kubelet-client|apiserver-etcd-client|front-proxy-client|server|peer|healthcheck-client)\.crt$|\/(?:admin|member|node)-[^/]*\.pem$/;

/**
 * Every certificate is signed by an authority of the set, every private key
 * is that of the certificate beside it, and all machines have the same
 * authorities. kubeadm calls the authorities of all clusters alike
 * ("kubernetes"), so that names prove nothing here.
 */
export function checkCertificates(evidence: SetEvidence): CheckedParts {
  const problems: string[] = [];
  const found = evidence.texts.filter(isJudged).flatMap((from) => certificatesIn(from, evidence, problems));
  const authorities = found.filter(({ content, from }) => content.isCa && from.part.kind === "pki");
  const leaves = found.filter(({ content }) => !content.isCa);
  const foreign: FoundCertificate[] = [];
  for (const leaf of leaves) {
    const judgement = judgeLeaf(leaf, authorities, evidence);
    if (judgement === "foreign") foreign.push(leaf);
    else if (judgement !== "signed") problems.push(judgement);
  }
  for (const { content, from } of found)
    if (content.isCa && from.part.kind === "kubeconfig" && !authorities.some((one) => one.content.fingerprint === content.fingerprint))
      problems.push(`${placeOf(from.part)}: the authority that it trusts is not among those of the set`);
  const pairs = keyPairs(evidence);
  for (const { key, certificate } of pairs) {
    const [ofKey, ofCertificate] = [evidence.keys.publicKeyId(key.text), evidence.keys.publicKeyId(certificate.text)];
    if (ofKey === undefined) problems.push(`${placeOf(key.part)} is no private key that can be read`);
    else if (ofKey !== ofCertificate) problems.push(`${placeOf(key.part)} is not the key of ${placeOf(certificate.part)}`);
  }
  problems.push(...authorityDifferences(authorities));
  if (found.length === 0) problems.push("the set has no certificate");
  return {
    problems,
    compared: [
      `${counted(leaves.length - foreign.length, "certificate")} of ${counted(new Set(found.map(({ from }) => from.part.host)).size, "machine")} signed by the ${counted(new Set(authorities.map(({ content }) => content.fingerprint)).size, "authority", "authorities")} of the set`,
      `${counted(pairs.length, "private key")}, each that of its certificate`,
      ...foreign.map(
        ({ from, content }) => `${placeOf(from.part)} is of an authority that is not in the set (${content.issuer}), and was not judged`,
      ),
    ],
  };
}

function certificatesIn(from: TextPart, { certificates }: SetEvidence, problems: string[]): readonly FoundCertificate[] {
  const text =
    from.part.kind === "kubeconfig" ? [...from.text.matchAll(embedded)].map(([, , base64 = ""]) => decoded(base64)).join("\n") : from.text;
  return (text.match(certificateBlock) ?? []).flatMap((pem) => {
    try {
      return [{ from, pem, content: certificates.readCertificate(pem) }];
    } catch (error) {
      if (!(error instanceof RecoveryError)) throw error;
      problems.push(`${placeOf(from.part)}: ${error.detail}`);
      return [];
    }
  });
}

/** A copy with another name ("apiserver.crt.bak") is nobody's certificate any more. */
function isJudged({ part }: TextPart): boolean {
  return part.kind === "kubeconfig" || (part.kind === "pki" && /\.(crt|pem|cer)$/.test(part.path));
}

/** "" when it is not base64: then there is no certificate in it. */
function decoded(base64: string): string {
  try {
    return atob(base64);
  } catch {
    return "";
  }
}

/** What is wrong with it, in words; or that nothing is; or that it is none of the cluster's. */
function judgeLeaf(leaf: FoundCertificate, authorities: readonly FoundCertificate[], { keys }: SetEvidence): string {
  const { content, pem, from } = leaf;
  // The kubelet makes its own serving certificate, whose authority it forgets, and keeps those of before.
  if (from.part.path.startsWith("/var/lib/kubelet/")) return "signed";
  if (content.subject === content.issuer && keys.isSignedBy(pem, pem)) return "signed";
  const named = authorities.filter((authority) => authority.content.subject === content.issuer);
  if (named.some((authority) => keys.isSignedBy(pem, authority.pem))) return "signed";
  const place = placeOf(from.part);
  if (named.length > 0)
    return `${place}: no authority of the set signed it; it names ${content.issuer}, and is of another one of that name: of another cluster, or of before the authority was renewed`;
  if (from.part.kind === "pki" && !ofCluster.test(from.part.path)) return "foreign";
  return `${place}: its authority (${content.issuer}) is not in the set`;
}

/** `x.key` beside `x.crt`, `x-key.pem` beside `x.pem`. */
function keyPairs({ texts }: SetEvidence): readonly { readonly key: TextPart; readonly certificate: TextPart }[] {
  const byPlace = new Map(texts.map((text) => [placeOf(text.part), text]));
  return texts.flatMap((key) => {
    const { part } = key;
    if (part.kind !== "pki" || !/(\.key|-key\.pem)$/.test(part.path)) return [];
    const path = part.path.replace(/\.key$/, ".crt").replace(/-key\.pem$/, ".pem");
    const certificate = byPlace.get(placeOf({ host: part.host, path }));
    return certificate?.text.includes("-----BEGIN CERTIFICATE-----") === true ? [{ key, certificate }] : [];
  });
}

/** The same path on two machines must hold the same authorities: a member of one cluster trusts no other's. */
function authorityDifferences(authorities: readonly FoundCertificate[]): readonly string[] {
  const byPath = new Map<string, Map<string, FoundCertificate[]>>();
  for (const one of authorities) {
    const { host, path } = one.from.part;
    // Signed for this machine alone.
    if (path.startsWith("/var/lib/kubelet/")) continue;
    const hosts = byPath.get(path) ?? new Map<string, FoundCertificate[]>();
    hosts.set(host ?? "", [...(hosts.get(host ?? "") ?? []), one]);
    byPath.set(path, hosts);
  }
  return [...byPath].flatMap(([path, hosts]) => {
    const kinds = new Map<string, string[]>();
    for (const [host, list] of hosts) {
      const text = list
        .map(({ content }) => content.fingerprint)
        .sort()
        .join(",");
      kinds.set(text, [...(kinds.get(text) ?? []), host]);
    }
    if (kinds.size <= 1) return [];
    return [
      `${path} holds ${String(kinds.size)} different authorities: one on ${[...kinds.values()].map((one) => one.join(", ")).join(", another on ")}`,
    ];
  });
}
