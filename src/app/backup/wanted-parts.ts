import type { OpenSet } from "../../catalogue/set-reader.ts";
import { behindLinks, namesThroughLinks, type LinkTargets } from "../../model/behind-links.ts";
import type { HostName } from "../../model/ids.ts";
import type { CertificateIssue, CommonFile, RestoredFile } from "../../model/restored-file.ts";
import type { KeyMatcher } from "../../ports/certificates.ts";
import type { AppContext } from "../app-ports.ts";
import { certificatesIn, firstEnd, readIfOne } from "./certificate-ends.ts";
import { issueOf, isOfAuthority, placedNames, type Authority, type IssueFacts } from "./certificate-issue.ts";
import { authorityParts, isAuthorityName, linksOf, type RestorablePart } from "./chosen-parts.ts";
import { linksOnTheWay } from "./common-files.ts";
import { certificatePathsOf, isKubeconfig, issueOfKubeconfig, type NamedFile, type ReadNamed } from "./kubeconfig-issue.ts";
import { isLeftoverName } from "./leftover-name.ts";
import { isSecretHalf, otherHalf } from "./other-half.ts";
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
  /** Of the certificate that its program shows, or that its key belongs to; a CA and its key are judged by the CA itself. */
  readonly issued: CertificateIssue | undefined;
  /** Of a kubeconfig: where its certificates lie that are not in it itself. */
  readonly certificatePaths: readonly string[];
  /** By its name a copy, or what rotation left, and no link of the set leads to it. */
  readonly isLeftover: boolean;
}

export interface WantedContents {
  readonly parts: readonly ReadPart[];
  /** CA certificates by which the parts are judged, as other machines must have them. */
  readonly authorities: readonly (CommonFile & { readonly content: Uint8Array })[];
  /** By which of those the machine's own file is judged, where a link of the set leads to one that is not put back. */
  readonly issueOfOwn: (part: RestorablePart, own: OwnFile) => Promise<CertificateIssue | undefined>;
  /** Of a kubeconfig, by what will be read at the paths that it names. */
  readonly issueOfConfig: (
    file: { readonly path: string; readonly content: Uint8Array },
    readAt: ReadNamed,
  ) => Promise<CertificateIssue | undefined>;
}

/** What will be read at the link, and at the place of its other half. */
interface OwnFile {
  readonly read: Uint8Array | undefined;
  readonly half: Uint8Array | undefined;
}

const notHeld: NamedFile = { content: undefined, why: "which the set does not have" };

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
  const parts: Omit<ReadPart, "issued" | "certificatePaths">[] = [];
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
  const all: Authority[] = [];
  for (const { path } of authorityParts(set, host)) all.push({ path, content: await read(path) });
  const { keyMatcher, config, ports } = context;
  const facts = { keyMatcher, certificates: ports.certificates, paths: config.paths, namesOf: namesThroughLinks(links) };
  const isHeld = (path: string): boolean => set.parts.some((one) => one.host === host && one.path === path && one.type === "file");
  const readAt = async (path: string): Promise<NamedFile> => {
    const at = behindLinks(path, links);
    return at === undefined || !isHeld(at) ? notHeld : { content: await read(at) };
  };
  const certificatePaths = new Map<string, readonly string[]>();
  const issues = new Map<string, CertificateIssue | undefined>();
  const shown: { readonly path: string; readonly certificate: string }[] = [];
  for (const { part, read: content } of parts) {
    const led = part.type === "symlink" ? ledTo(set, part, links) : part;
    if (led === undefined || content === undefined) continue;
    const names = [...facts.namesOf(part.path), ...facts.namesOf(led.path)];
    if (isKubeconfig(part, names, content)) {
      const file = { path: part.path, content };
      issues.set(part.path, await issueOfKubeconfig(facts, file, { authorities: all, readAt }));
      certificatePaths.set(part.path, certificatePathsOf(file));
      continue;
    }
    const half = certificateOfKey(set, led, content);
    const certificate = half ?? led.path;
    shown.push({ path: part.path, certificate });
    if (!isOfAuthority(facts, part) && !isOfAuthority(facts, led)) continue;
    const its = { part, path: certificate, content: half === undefined ? content : await read(half) };
    issues.set(part.path, issueOf(facts, { ...its, hasKey: half !== undefined || hasKey(set, led, content) }, all));
  }
  const signers = new Set([...issues.values()].map((issue) => issue?.authority));
  const authorities = all.filter(({ path }) => placedNames(facts, path).length > 0 || signers.has(path));
  for (const { path, certificate } of shown) {
    const authority = authorities.find((one) => one.path === certificate);
    if (authority === undefined) continue;
    const by = readIfOne(facts.certificates, certificatesIn(authority.content)[0] ?? "")?.issuer ?? "who is not known";
    issues.set(path, { by, authority: certificate });
  }
  return {
    parts: parts.map((one) => withIssue(one, { issues, certificatePaths })),
    authorities: authorities.map(({ path, content }) => {
      const through = linksOnTheWay(set, links, placedNames(facts, path));
      return { path, tag: set.tag("file", content), content, ...(through.length === 0 ? {} : { through }) };
    }),
    issueOfOwn: (part, own) =>
      own.read !== undefined && isKubeconfig(part, facts.namesOf(part.path), own.read)
        ? issueOfKubeconfig(facts, { path: part.path, content: own.read }, { authorities, readAt })
        : Promise.resolve(issueOfOwn(facts, part, own, authorities)),
    issueOfConfig: (file, readThere) => issueOfKubeconfig(facts, file, { authorities, readAt: readThere }),
  };
}

function withIssue(
  part: Omit<ReadPart, "issued" | "certificatePaths">,
  by: {
    readonly issues: ReadonlyMap<string, CertificateIssue | undefined>;
    readonly certificatePaths: ReadonlyMap<string, readonly string[]>;
  },
): ReadPart {
  const { path } = part.part;
  return { ...part, issued: by.issues.get(path), certificatePaths: by.certificatePaths.get(path) ?? [] };
}

function issueOfOwn(
  facts: IssueFacts,
  part: RestorablePart,
  { read, half }: OwnFile,
  authorities: readonly Authority[],
): CertificateIssue | undefined {
  if (read === undefined || !isOfAuthority(facts, part)) return undefined;
  const isKey = certificatesIn(read).length === 0 && isSecretHalf(part.path);
  const content = isKey ? half : read;
  if (content === undefined) return undefined;
  const path = isKey ? (otherHalf(part.path) ?? part.path) : part.path;
  if (!isAuthorityName(path)) return issueOf(facts, { part, path, content, hasKey: isKey || half !== undefined }, authorities);
  // The machine's own CA: it must be one of the set's, or nothing says that the others have it.
  const by = readIfOne(facts.certificates, certificatesIn(content)[0] ?? "")?.issuer ?? "who is not known";
  const same = authorities.find((one) => one.content.length === content.length && one.content.every((byte, at) => byte === content[at]));
  return same === undefined ? { by } : { by, authority: same.path };
}

/** A key is judged as the certificate of the set that it belongs to by its name. undefined: it is a certificate itself, or the set has none. */
function certificateOfKey(set: OpenSet, { host, path }: RestorablePart, content: Uint8Array): string | undefined {
  const half = certificatesIn(content).length === 0 ? otherHalf(path) : undefined;
  return set.parts.find((part) => part.host === host && part.path === half && part.type === "file")?.path;
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
