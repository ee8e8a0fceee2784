import type { OpenSet } from "../../catalogue/set-reader.ts";
import { behindLinks, type LinkTargets } from "../../model/behind-links.ts";
import type { HostName } from "../../model/ids.ts";
import type { RestoredFile } from "../../model/restored-file.ts";
import type { KeyMatcher } from "../../ports/certificates.ts";
import type { AppContext } from "../app-ports.ts";
import { certificatesIn, firstEnd, firstIssuer } from "./certificate-ends.ts";
import { authorityParts, isAuthorityPlace, linksOf, type RestorablePart } from "./chosen-parts.ts";
import { isLeftoverName } from "./leftover-name.ts";
import { readPartOf } from "./set-part-source.ts";

/** A file of the set, read and checked. */
export interface ReadPart {
  readonly part: RestorablePart;
  readonly content: Uint8Array;
  readonly state: RestoredFile["becomes"];
  /** When its first certificate ends; of a link: that of the set's file which it leads to. */
  readonly ends: string | undefined;
  readonly issuer: string | undefined;
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
  const parts: ReadPart[] = [];
  const links = linksOf(set, host);
  const ledToPaths = new Set([...links.keys()].flatMap((path) => behindLinks(path, links) ?? []));
  for (const part of chosen) {
    const content = await read(part.path);
    const led = part.type === "symlink" ? ledTo(set, part, links) : part;
    const ends = led === undefined ? undefined : firstEnd(context.ports.certificates, led === part ? content : await read(led.path));
    const issuer = firstIssuer(context.ports.certificates, content);
    const isLeftover = isLeftoverName(part.path) && !ledToPaths.has(part.path);
    parts.push({ part, content, state: stateOf(set, part, content), ends, issuer, isLeftover });
  }
  const all = [];
  for (const { path } of authorityParts(set, host)) all.push({ path, content: await read(path) });
  const authorities = countingAuthorities(context, all, parts);
  return { parts, authorities: authorities.map(({ path, content }) => ({ path, tag: set.tag("file", content), content })) };
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
  parts: readonly ReadPart[],
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

/** The file of the set that a link of it leads to, over other links on the way; undefined: the set has none. */
function ledTo(set: OpenSet, { path, host }: RestorablePart, links: LinkTargets): RestorablePart | undefined {
  const at = behindLinks(path, links);
  return set.parts.find((part): part is RestorablePart => part.host === host && part.path === at && part.type === "file");
}

function stateOf(set: OpenSet, { type, mode, uid, gid }: RestorablePart, content: Uint8Array): RestoredFile["becomes"] {
  const tag = set.tag(type, content);
  return type === "file" ? { kind: "file", tag, mode, uid, gid } : { kind: "symlink", tag, uid, gid };
}
