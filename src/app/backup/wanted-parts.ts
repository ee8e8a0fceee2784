import type { OpenSet } from "../../catalogue/set-reader.ts";
import { behindLinks, type LinkTargets } from "../../model/behind-links.ts";
import type { HostName } from "../../model/ids.ts";
import type { CertificateIssue, RestoredFile } from "../../model/restored-file.ts";
import type { KeyMatcher } from "../../ports/certificates.ts";
import type { AppContext } from "../app-ports.ts";
import { certificatesIn, firstEnd, readIfOne } from "./certificate-ends.ts";
import { authorityParts, isAuthorityName, isAuthorityPlace, linksOf, type RestorablePart } from "./chosen-parts.ts";
import { isLeftoverName } from "./leftover-name.ts";
import { otherHalf } from "./other-half.ts";
import { readPartOf } from "./set-part-source.ts";

/** A file of the set, read and checked. */
export interface ReadPart {
  readonly part: RestorablePart;
  readonly content: Uint8Array;
  readonly state: RestoredFile["becomes"];
  /** What is read at its path: of a link the content of the set's file that it leads to; undefined: the set has none. */
  readonly read: Uint8Array | undefined;
  /** When its first certificate ends; of a link: that of the set's file which it leads to. */
  readonly ends: string | undefined;
  /** Of the certificate that its program shows; undefined: it has none, or it is a CA's. */
  readonly issued: CertificateIssue | undefined;
  /** By its name a copy, or what rotation left, and no link of the set leads to it. */
  readonly isLeftover: boolean;
}

export interface WantedContents {
  readonly parts: readonly ReadPart[];
  /** CA certificates by which the parts are judged, as other machines must have them. */
  readonly authorities: readonly { readonly path: string; readonly tag: string; readonly content: Uint8Array }[];
}

/** The content of what is wanted. BACKUP_SET_DAMAGED, BACKUP_OBJECT_MISSING, BACKUP_STORE_*. */
export async function readWantedParts(
  context: Pick<AppContext, "config" | "signal"> & {
    readonly keyMatcher: KeyMatcher;
    readonly ports: Pick<AppContext["ports"], "certificates">;
  },
  set: OpenSet,
  { host, chosen }: { readonly host: HostName; readonly chosen: readonly RestorablePart[] },
): Promise<WantedContents> {
  const read = (path: string): Promise<Uint8Array> => readPartOf(set, { host, path }, context.signal);
  const parts: Omit<ReadPart, "issued">[] = [];
  const links = linksOf(set, host);
  const ledToPaths = new Set([...links.keys()].flatMap((path) => behindLinks(path, links) ?? []));
  for (const part of chosen) {
    const content = await read(part.path);
    const led = part.type === "symlink" ? ledTo(set, part, links) : part;
    const contentRead = led === part ? content : led === undefined ? undefined : await read(led.path);
    const ends = firstEnd(context.ports.certificates, contentRead);
    const isLeftover = isLeftoverName(part.path) && !ledToPaths.has(part.path);
    parts.push({ part, content, state: stateOf(set, part, content), read: contentRead, ends, isLeftover });
  }
  const all = [];
  for (const { path } of authorityParts(set, host)) all.push({ path, content: await read(path) });
  const authorities = countingAuthorities(context, all, parts);
  return {
    parts: parts.map((part) => ({ ...part, issued: issueOf(context, part, { set, authorities }) })),
    authorities: authorities.map(({ path, content }) => ({ path, tag: set.tag("file", content), content })),
  };
}

interface Authority {
  readonly path: string;
  readonly content: Uint8Array;
}

/**
 * Those at places that programs read; one that lies elsewhere, as a copy that
 * somebody made, only counts for what none of those has signed.
 */
function countingAuthorities(
  { config, keyMatcher }: Parameters<typeof readWantedParts>[0],
  all: readonly Authority[],
  parts: readonly Pick<ReadPart, "part" | "content">[],
): readonly Authority[] {
  const isPlaced = ({ path }: Authority): boolean => isAuthorityPlace(path, config.paths);
  const placed = all.filter(isPlaced);
  const hasSigned = ({ content }: Authority, pem: string): boolean =>
    certificatesIn(content).some((authority) => keyMatcher.isSignedBy(pem, authority));
  const isCopy = ({ path }: ReadPart["part"]): boolean => all.some((one) => one.path === path && !isPlaced(one));
  const leaves = parts.filter(({ part }) => !isCopy(part)).flatMap(({ content }) => certificatesIn(content).slice(0, 1));
  const unsigned = leaves.filter((pem) => !placed.some((one) => hasSigned(one, pem)));
  return [...placed, ...all.filter((one) => !isPlaced(one) && unsigned.some((pem) => hasSigned(one, pem)))];
}

/** The kubelet's own for its port, signed by what it made for just that and keeps nowhere (kubernetes pkg/kubelet, GenerateSelfSignedCertKey). */
const ownPath = /\/pki\/kubelet\.crt$/;

/** Which of the authorities has signed the first certificate, also over others in the same file. */
function issueOf(
  { keyMatcher, ports }: Parameters<typeof readWantedParts>[0],
  { part, content }: Pick<ReadPart, "part" | "content">,
  { set, authorities }: { readonly set: OpenSet; readonly authorities: readonly Authority[] },
): CertificateIssue | undefined {
  const pems = part.type === "file" ? certificatesIn(content) : [];
  const [first] = pems;
  const facts = first === undefined ? undefined : readIfOne(ports.certificates, first);
  if (first === undefined || facts === undefined || isAuthorityName(part.path) || ownPath.test(part.path)) return undefined;
  if (facts.isCa && !hasKey(set, part, content)) return undefined;
  const by = facts.issuer;
  const chain = new Set([first]);
  for (const pem of chain) {
    const authority = authorities.find((one) => certificatesIn(one.content).some((ca) => keyMatcher.isSignedBy(pem, ca)));
    if (authority !== undefined) return { by, authority: authority.path };
    for (const other of pems) if (keyMatcher.isSignedBy(pem, other)) chain.add(other);
  }
  return { by };
}

/** A CA's certificate without its key is one that programs trust, and none that they show. */
function hasKey(set: OpenSet, { host, path }: RestorablePart, content: Uint8Array): boolean {
  const key = otherHalf(path);
  return (
    new TextDecoder().decode(content).includes("PRIVATE KEY-----") || set.parts.some((part) => part.host === host && part.path === key)
  );
}

/** The file of the set that a link of it leads to, over other links on the way; undefined: the set has none. */
function ledTo(set: OpenSet, { path, host }: RestorablePart, links: LinkTargets): RestorablePart | undefined {
  const at = behindLinks(path, links);
  return set.parts.find((part): part is RestorablePart => part.host === host && part.path === at && part.type === "file");
}

function stateOf(set: OpenSet, { type, mode, uid, gid }: RestorablePart, content: Uint8Array): RestoredFile["becomes"] {
  const tag = set.tag(type, content);
  return type === "file" ? { kind: "file", tag, mode, uid, gid } : { kind: "symlink", tag, uid, gid };
}
