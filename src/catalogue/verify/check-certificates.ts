import { checkAuthorities } from "./check-authorities.ts";
import { checkValidity } from "./check-validity.ts";
import { foundCertificates, isIssuedByCluster, isOfKubelet, type FoundCertificate } from "./found-certificates.ts";
import { counted } from "./level-result.ts";
import { placeOf, type CheckedParts, type SetEvidence, type TextPart } from "./set-content.ts";

/**
 * Every certificate is signed by an authority of the set, every private key
 * is that of the certificate beside it, and all machines have the same
 * authorities. kubeadm calls the authorities of all clusters alike
 * ("kubernetes"), so that names prove nothing here. Only of what the cluster
 * starts from: machines keep other clusters' and other people's beside it.
 */
export function checkCertificates(evidence: SetEvidence): CheckedParts {
  const problems: string[] = [];
  const told: string[] = [];
  const found = foundCertificates(evidence, problems, told);
  const { authorities, others } = authoritiesOf(found);
  const leaves = found.filter(({ content }) => !content.isCa);
  const judgements = leaves.map((leaf) => ({ leaf, ...judgeLeaf(leaf, { authorities, others }, evidence) }));
  const ofKind = (kind: LeafJudgement["kind"]) => judgements.filter((one) => one.kind === kind);
  for (const one of judgements) if (one.kind === "wrong") problems.push(one.why);
  problems.push(...wronglyTrusted(found, { authorities, others }));
  const pairs = keyPairs(evidence, found);
  for (const { key, certificate } of pairs) {
    const [ofKey, ofCertificate] = [evidence.keys.publicKeyId(key.text), evidence.keys.publicKeyId(certificate.text)];
    if (ofKey === undefined) problems.push(`${placeOf(key.part)} is no private key that can be read`);
    else if (ofKey !== ofCertificate) problems.push(`${placeOf(key.part)} is not the key of ${placeOf(certificate.part)}`);
  }
  const signers = new Set(judgements.flatMap((one) => (one.kind === "signed" && one.leaf.isOfCluster ? [one.by.content.fingerprint] : [])));
  problems.push(
    ...authorityDifferences(
      authorities.filter(({ content, from }) => signers.has(content.fingerprint) || authorityName.test(from.part.path)),
    ),
  );
  if (found.length === 0) problems.push("the set has no certificate");
  // A company's own authority, which signed nothing of the cluster, may be as old as it likes; one beside a renewed one, too.
  const places = new Set(authorities.flatMap(({ content, from }) => (signers.has(content.fingerprint) ? [placeOf(from.part)] : [])));
  const used = authorities.filter(({ from }) => places.has(placeOf(from.part)));
  const validity = checkValidity(
    used,
    ofKind("signed").map(({ leaf }) => leaf),
    evidence,
  );
  const needed = checkAuthorities(authorities, evidence);
  const signed = ofKind("signed");
  const [kubelets, selfSigned] = [ofKind("kubelet").length, ofKind("self-signed").length];
  return {
    problems: [...problems, ...validity.problems, ...needed.problems],
    missing: [...(validity.missing ?? []), ...(needed.missing ?? [])],
    compared: [
      `${counted(signed.length, "certificate")} of ${counted(new Set(signed.map(({ leaf }) => leaf.from.part.host)).size, "machine")} signed by the ${counted(signers.size, "authority", "authorities")} of the set`,
      `${counted(pairs.length, "private key")}, each that of its certificate`,
      ...needed.compared,
      ...validity.compared,
      ...(kubelets === 0 ? [] : [`${counted(kubelets, "certificate")} of kubelets, which make them anew, not judged`]),
      ...(selfSigned === 0
        ? []
        : [`${counted(selfSigned, "certificate")} that signed ${selfSigned === 1 ? "itself" : "themselves"}, not judged`]),
      ...ofKind("foreign").map(
        ({ leaf: { from, content } }) =>
          `${placeOf(from.part)} is of an authority that is not the cluster's in the set (${content.issuer}), and was not judged`,
      ),
      ...told.map((words) => `of nothing that the cluster starts from, and not judged: ${words}`),
    ],
  };
}

type LeafJudgement =
  | { readonly kind: "signed"; readonly by: FoundCertificate }
  | { readonly kind: "kubelet" | "self-signed" | "foreign" }
  | { readonly kind: "wrong"; readonly why: string };

/** What the control plane's programs are signed by; where the set does not tell their place, what its kubeconfigs trust. */
const authorityName = /\/(?:front-proxy-)?ca\.(?:crt|pem)$/;

interface Authorities {
  readonly authorities: readonly FoundCertificate[];
  /** Those that the cluster does not name. */
  readonly others: readonly FoundCertificate[];
}

function authoritiesOf(found: readonly FoundCertificate[]): Authorities {
  const inFiles = found.filter(({ content, from }) => content.isCa && from.part.kind === "pki");
  const own = inFiles.filter(({ isOfCluster }) => isOfCluster);
  const trusted = found.flatMap(({ content, from, isOfCluster }) =>
    isOfCluster && content.isCa && from.part.kind === "kubeconfig" ? [content.fingerprint] : [],
  );
  // Where the cluster's own is known, a kubeconfig that trusts another is of another cluster.
  const isKnown = own.some(({ from }) => authorityName.test(from.part.path) && !/etcd|front-proxy/.test(from.part.path));
  // One of the same name is that of before a renewal, or of another cluster.
  const isTrusted = ({ content }: FoundCertificate): boolean =>
    !isKnown && trusted.includes(content.fingerprint) && !own.some((one) => one.content.subject === content.subject);
  const authorities = inFiles.filter((one) => one.isOfCluster || isTrusted(one));
  return { authorities, others: inFiles.filter((one) => !authorities.includes(one)) };
}

/** The one that it trusts lies nowhere in the set, or only among what is not the cluster's. In a rotation it trusts two, and the old one may lie aside. */
function wronglyTrusted(found: readonly FoundCertificate[], { authorities, others }: Authorities): readonly string[] {
  const isAmong = (list: readonly FoundCertificate[], { content }: FoundCertificate): boolean =>
    list.some((one) => one.content.fingerprint === content.fingerprint);
  const trusted = found.filter(({ content, from, isOfCluster }) => isOfCluster && content.isCa && from.part.kind === "kubeconfig");
  return trusted.flatMap((one) => {
    const place = placeOf(one.from.part);
    if (!isAmong([...authorities, ...others], one)) return [`${place}: the authority that it trusts is not among those of the set`];
    if (trusted.some((other) => other.from === one.from && isAmong(authorities, other))) return [];
    return [`${place}: the authority that it trusts (${one.content.subject}) is none of the cluster's: it is in the set only beside them`];
  });
}

function judgeLeaf(leaf: FoundCertificate, { authorities, others }: Authorities, { keys }: SetEvidence): LeafJudgement {
  const { content, pem, from } = leaf;
  // The kubelet makes its own serving certificate, whose authority it forgets, and keeps those of before.
  if (isOfKubelet(from)) return { kind: "kubelet" };
  if (content.subject === content.issuer && keys.isSignedBy(pem, pem)) return { kind: "self-signed" };
  const named = authorities.filter((authority) => authority.content.subject === content.issuer);
  const by = named.find((authority) => keys.isSignedBy(pem, authority.pem));
  if (by !== undefined) return { kind: "signed", by };
  const place = placeOf(from.part);
  if (named.length > 0 && leaf.isOfCluster)
    return {
      kind: "wrong",
      why: `${place}: no authority of the set signed it; it names ${content.issuer}, and is of another one of that name: of another cluster, or of before the authority was renewed`,
    };
  if (!isIssuedByCluster(leaf)) return { kind: "foreign" };
  const aside = others.find((other) => keys.isSignedBy(pem, other.pem));
  const where =
    aside === undefined ? "is not in the set" : `is in the set only as ${placeOf(aside.from.part)}, which the cluster does not use`;
  return { kind: "wrong", why: `${place}: its authority (${content.issuer}) ${where}` };
}

/** `x.key` beside `x.crt`, `x-key.pem` beside `x.pem`. */
function keyPairs(
  { texts }: SetEvidence,
  found: readonly FoundCertificate[],
): readonly { readonly key: TextPart; readonly certificate: TextPart }[] {
  const byPlace = new Map(texts.map((text) => [placeOf(text.part), text]));
  const own = new Set(found.flatMap(({ from, isOfCluster }) => (isOfCluster ? [from] : [])));
  return texts.flatMap((key) => {
    const { part } = key;
    if (part.kind !== "pki" || !/(\.key|-key\.pem)$/.test(part.path)) return [];
    const path = part.path.replace(/\.key$/, ".crt").replace(/-key\.pem$/, ".pem");
    const certificate = byPlace.get(placeOf({ host: part.host, path }));
    return certificate !== undefined && own.has(certificate) ? [{ key, certificate }] : [];
  });
}

/** The same path on two machines must hold the same authorities: a member of one cluster trusts no other's. */
function authorityDifferences(authorities: readonly FoundCertificate[]): readonly string[] {
  const byPath = new Map<string, Map<string, FoundCertificate[]>>();
  for (const one of authorities) {
    const { host, path } = one.from.part;
    if (isOfKubelet(one.from)) continue;
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
