/** By which of the set's CAs a file is judged: the one that signed its certificate, at the place where its program looks for it. */
import { isAtOrBelow } from "../../model/host-path.ts";
import type { ClusterConfig } from "../../model/cluster-config.ts";
import type { CertificateIssue } from "../../model/restored-file.ts";
import type { CertificateReader, KeyMatcher } from "../../ports/certificates.ts";
import { certificatesIn, readIfOne } from "./certificate-ends.ts";
import { isAuthorityName, isAuthorityPlace, type RestorablePart } from "./chosen-parts.ts";

/** A CA certificate of the set. */
export interface Authority {
  readonly path: string;
  readonly content: Uint8Array;
}

/** A certificate, or what stands in place of a key: the certificate of that key. */
export interface Shown {
  readonly part: RestorablePart;
  /** Where the certificate lies in the set. */
  readonly path: string;
  readonly content: Uint8Array;
  /** A CA's certificate without its key is one that programs trust, and none that they show. */
  readonly hasKey: boolean;
}

export interface IssueFacts {
  readonly keyMatcher: KeyMatcher;
  readonly certificates: CertificateReader;
  readonly paths: ClusterConfig["paths"];
  /** All names of a path, by the set's links. */
  readonly namesOf: (path: string) => readonly string[];
}

/** The kubelet's own for its port, signed by what it made for just that and keeps nowhere (kubernetes pkg/kubelet, GenerateSelfSignedCertKey). */
const ownPath = /\/pki\/kubelet\.crt$/;

/** Its names at places where programs look for their CAs: there other machines must have it. */
export function placedNames({ paths, namesOf }: IssueFacts, path: string): readonly string[] {
  return namesOf(path).filter((name) => isAuthorityPlace(name, paths) && isAuthorityName(name));
}

/** Whether the cluster's CA decides what it is worth: by its kind, or by any name in a directory of the PKI. */
export function isOfAuthority({ paths, namesOf }: IssueFacts, { kind, path }: RestorablePart): boolean {
  if (kind === "pki" || kind === "kubeconfig") return true;
  return namesOf(path).some((name) => isAtOrBelow(name, paths.pkiDir) || isAuthorityPlace(name, paths));
}

/** Which of the set's CAs has signed the first certificate, also over others in the same file. undefined: it is a CA's, or nothing tells. */
export function issueOf(
  facts: IssueFacts,
  { part, path, content, hasKey }: Shown,
  authorities: readonly Authority[],
): CertificateIssue | undefined {
  const pems = certificatesIn(content);
  const signers = signersFor(facts, part.kind, path, authorities);
  const [first] = pems;
  const read = first === undefined ? undefined : readIfOne(facts.certificates, first);
  if (first === undefined || read === undefined || isAuthorityName(path) || ownPath.test(path)) return undefined;
  if (read.isCa && !hasKey) return undefined;
  const authority = signerOf(facts, first, { pems, signers });
  return authority === undefined ? { by: issuerWords(facts, first, authorities) } : { by: read.issuer, authority: authority.path };
}

/** Of what no CA of the set is known to have signed. Two CAs mostly have one name; their keys tell them apart. */
export function issuerWords({ certificates, keyMatcher }: IssueFacts, pem: string, authorities: readonly Authority[]): string {
  const issuer = readIfOne(certificates, pem)?.issuer ?? "who is not known";
  const cas = authorities.flatMap(({ path, content }) => certificatesIn(content).map((ca) => ({ path, ca })));
  const namesakes = cas.filter(({ ca }) => readIfOne(certificates, ca)?.subject === issuer);
  const [first] = namesakes;
  if (first === undefined) return issuer;
  const signer = namesakes.find(({ ca }) => keyMatcher.isSignedBy(pem, ca));
  if (signer === undefined) return `${issuer}, with another key than the ${first.path} of the set`;
  return namesakes.length > 1 ? `${issuer}, the ${signer.path} of the set` : issuer;
}

/** Directly, or over other certificates of the same file. */
export function signerOf(
  { keyMatcher }: IssueFacts,
  pem: string,
  { pems, signers }: { readonly pems: readonly string[]; readonly signers: readonly Authority[] },
): Authority | undefined {
  const chain = new Set([pem]);
  for (const link of chain) {
    const signer = signers.find(({ content }) => certificatesIn(content).some((ca) => keyMatcher.isSignedBy(link, ca)));
    if (signer !== undefined) return signer;
    for (const other of pems) if (keyMatcher.isSignedBy(link, other)) chain.add(other);
  }
  return undefined;
}

/**
 * The CAs by which other programs judge a certificate at that path, if the set
 * has them. At a place where no program looks any CA will do, also one that
 * is only a copy.
 */
export function signersFor(
  facts: IssueFacts,
  kind: RestorablePart["kind"],
  path: string,
  authorities: readonly Authority[],
): readonly Authority[] {
  const placed = authorities.filter((one) => placedNames(facts, one.path).length > 0);
  const others = authorities.filter((one) => !placed.includes(one));
  const at = (isIt: (name: string) => boolean): readonly Authority[] => placed.filter((one) => facts.namesOf(one.path).some(isIt));
  const names = facts.namesOf(path);
  const place = names.find((name) => isAuthorityPlace(name, facts.paths));
  if (place !== undefined) {
    const own = at(isSignerAt(place));
    return own.length > 0 ? own : placed;
  }
  if (kind !== "kubeconfig" && !names.some((name) => isAtOrBelow(name, "/var/lib/kubelet"))) return [...placed, ...others];
  const dirs = [facts.paths.pkiDir, "/etc/kubernetes/pki", "/etc/kubernetes/ssl"];
  const clusters = at((name) => dirs.some((dir) => name === `${dir}/ca.crt` || name === `${dir}/ca.pem`));
  return clusters.length > 0 ? clusters : [...placed, ...others];
}

/** kubeadm's names say which CA it is; where etcd has its own the one of that name; of another certificate it is one of its directory, but not the front proxy's. */
function isSignerAt(path: string): (authority: string) => boolean {
  const dir = path.slice(0, path.lastIndexOf("/"));
  const [, leaf = ""] = /\/([^/]*?)\.(?:crt|pem)$/.exec(path) ?? [];
  const named: { readonly [leaf: string]: string } = {
    apiserver: "ca",
    "apiserver-kubelet-client": "ca",
    "apiserver-etcd-client": "etcd/ca",
    "front-proxy-client": "front-proxy-ca",
  };
  const signer = Object.hasOwn(named, leaf) ? named[leaf] : undefined;
  const own = /\/etcd(?:\/|$)/.test(dir) ? "ca" : signer;
  if (own !== undefined) return (name) => name === `${dir}/${own}.crt` || name === `${dir}/${own}.pem`;
  return (name) => name.slice(0, name.lastIndexOf("/")) === dir && !name.includes("/front-proxy-ca.");
}
