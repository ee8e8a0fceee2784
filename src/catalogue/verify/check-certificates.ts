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

/**
 * Every certificate is signed by an authority of the set, every private key
 * is that of the certificate beside it, and all machines have the same
 * authorities. kubeadm calls the authorities of all clusters alike
 * ("kubernetes"), so that names prove nothing here.
 */
export function checkCertificates(evidence: SetEvidence): CheckedParts {
  const problems: string[] = [];
  const found = evidence.texts.filter(({ part }) => part.kind === "pki").flatMap((from) => certificatesIn(from, evidence, problems));
  const authorities = found.filter(({ content }) => content.isCa);
  const leaves = found.filter(({ content }) => !content.isCa);
  for (const leaf of leaves) {
    const problem = signatureProblem(leaf, authorities, evidence);
    if (problem !== undefined) problems.push(problem);
  }
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
      `${counted(leaves.length, "certificate")} of ${counted(new Set(found.map(({ from }) => from.part.host)).size, "machine")} signed by the ${counted(new Set(authorities.map(({ content }) => content.fingerprint)).size, "authority", "authorities")} of the set`,
      `${counted(pairs.length, "private key")}, each that of its certificate`,
    ],
  };
}

function certificatesIn(from: TextPart, { certificates }: SetEvidence, problems: string[]): readonly FoundCertificate[] {
  return (from.text.match(certificateBlock) ?? []).flatMap((pem) => {
    try {
      return [{ from, pem, content: certificates.readCertificate(pem) }];
    } catch (error) {
      if (!(error instanceof RecoveryError)) throw error;
      problems.push(`${placeOf(from.part)}: ${error.detail}`);
      return [];
    }
  });
}

function signatureProblem(leaf: FoundCertificate, authorities: readonly FoundCertificate[], { keys }: SetEvidence): string | undefined {
  const { content, pem, from } = leaf;
  // The kubelet makes its own serving certificate, whose authority it forgets.
  if (from.part.path.startsWith("/var/lib/kubelet/")) return undefined;
  if (content.subject === content.issuer && keys.isSignedBy(pem, pem)) return undefined;
  const named = authorities.filter((authority) => authority.content.subject === content.issuer);
  if (named.some((authority) => keys.isSignedBy(pem, authority.pem))) return undefined;
  const place = placeOf(from.part);
  return named.length === 0
    ? `${place}: its authority (${content.issuer}) is not in the set`
    : `${place}: no authority of the set signed it; it names ${content.issuer}, and is of another one of that name: of another cluster, or of before the authority was renewed`;
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
