/** What a file is worth nothing without: the other half of its key, and what a link leads to. Of those that nobody asked for the machine's own counts. */
import type { OpenSet } from "../../catalogue/set-reader.ts";
import type { SeenFile } from "../../execute/observe/look-at-files.ts";
import { behindLinks } from "../../model/behind-links.ts";
import type { HostName } from "../../model/ids.ts";
import { stateWords } from "../../model/restored-file.ts";
import { shellWord } from "../../model/shell-word.ts";
import type { KeyMatcher } from "../../ports/certificates.ts";
import { certificatesIn } from "./certificate-ends.ts";
import { isAuthorityName, linksOf, partsOfHost } from "./chosen-parts.ts";
import { otherHalf } from "./other-half.ts";
import type { ReadPart } from "./wanted-parts.ts";

export interface Companion {
  readonly of: ReadPart;
  readonly path: string;
}

/** Those that the set has, and that were not asked for. */
export function companionsOf(set: OpenSet, host: HostName, parts: readonly ReadPart[]): readonly Companion[] {
  const chosen = new Set(parts.map(({ part }) => part.path));
  const inSet = new Set(partsOfHost(set, host).map(({ path }) => path));
  const links = linksOf(set, host);
  return parts.flatMap((of) => {
    const { type, path } = of.part;
    const companion = type === "symlink" ? behindLinks(path, links) : otherHalf(path);
    // Below a merged /usr a file is chosen by its one name there.
    const isChosen = companion === undefined || chosen.has(companion) || chosen.has(`/usr${companion}`);
    return !isChosen && inSet.has(companion) ? [{ of, path: companion }] : [];
  });
}

/** Why the file would be worth nothing beside what the machine has there, behind its links; undefined: nothing speaks against it. */
export function companionProblem(keyMatcher: KeyMatcher, { of, path }: Companion, now: SeenFile | undefined): string | undefined {
  const both = `Put both back: --path ${shellWord(of.part.path)} --path ${shellWord(path)}.`;
  const own = `${of.part.path} of the set`;
  const isLink = of.part.type === "symlink";
  if (now?.state?.kind === "absent") {
    if (isLink) return `${own} leads to ${path}, which is not on the machine. ${both}`;
    // Where a CA's key is kept elsewhere, its certificate is all that programs need.
    return isAuthorityName(of.part.path) ? undefined : `${own} is worth nothing without ${path}, which is not on the machine. ${both}`;
  }
  if (now?.state?.kind !== "file" || now.content === undefined) {
    const seen = now?.state === undefined ? (now?.why ?? "it could not be looked at") : stateWords(now.state);
    return `${own} is worth nothing without ${path}, and what that is on the machine is not known (${seen}). ${both}`;
  }
  if (isLink) return undefined;
  if (areOfOneKey(keyMatcher, of.content, now.content)) return undefined;
  return `${own} and ${path} on the machine are not of one key: a program that reads both would not start. ${both}`;
}

/**
 * A pair that is asked for whole, as it will lie there: a set may hold halves
 * of different keys, too. Said of the half that comes first by its path.
 */
export function pairProblem(
  keyMatcher: KeyMatcher,
  of: ReadPart,
  /** `readAfter`: what programs will read at a part's path; undefined: not known. */
  { parts, readAfter }: { readonly parts: readonly ReadPart[]; readonly readAfter: (part: ReadPart) => Uint8Array | undefined },
): string | undefined {
  const other = parts.find(({ part }) => part.path === otherHalf(of.part.path));
  if (other === undefined || of.part.path > other.part.path) return undefined;
  const [one, two] = [readAfter(of), readAfter(other)];
  if (one === undefined || two === undefined || areOfOneKey(keyMatcher, one, two)) return undefined;
  return `${of.part.path} and ${other.part.path} would not be of one key, as the set has them: a program that reads both would not start. Take them from another set (requorum backup list), and name the other files of this one with --path.`;
}

/** Also where one of them holds nothing that is read as a key or certificate. */
function areOfOneKey(keyMatcher: KeyMatcher, one: Uint8Array, other: Uint8Array): boolean {
  const [ours, theirs] = [keysIn(keyMatcher, one), keysIn(keyMatcher, other)];
  return ours.length === 0 || theirs.length === 0 || ours.some((key) => theirs.includes(key));
}

/** Of a CA's bundle each certificate's, of anything else the first one's. */
function keysIn(keyMatcher: KeyMatcher, content: Uint8Array): readonly string[] {
  const certificates = certificatesIn(content);
  const texts = certificates.length > 0 ? certificates : [new TextDecoder().decode(content)];
  return texts.flatMap((text) => keyMatcher.publicKeyId(text) ?? []);
}
