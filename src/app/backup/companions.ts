/** What a file is worth nothing without: the other half of its key, and what a link leads to. Judged by what programs will read once the files are in their places. */
import type { OpenSet } from "../../catalogue/set-reader.ts";
import { namesThroughLinks } from "../../model/behind-links.ts";
import { isAtOrBelow } from "../../model/host-path.ts";
import type { HostName } from "../../model/ids.ts";
import { shellWord } from "../../model/shell-word.ts";
import type { KeyMatcher } from "../../ports/certificates.ts";
import { isAuthorityName, linksOf, partsOfHost } from "./chosen-parts.ts";
import { isSecretHalf, otherHalf } from "./other-half.ts";
import type { Reading, ReadingAt } from "./read-later.ts";
import type { ReadPart } from "./wanted-parts.ts";

/** What is judged of one file that is put back. */
export interface Companions {
  /** The file's names by the set's links, its own first, and what is the other half under each. */
  readonly pairs: readonly { readonly name: string; readonly half: string }[];
  /** Does the set have a file or link there, or a file below it? */
  readonly isInSet: (path: string) => boolean;
}

/** By the path of each part. */
export function companionsOf(set: OpenSet, host: HostName, parts: readonly ReadPart[]): (part: ReadPart) => Companions {
  const namesOf = namesThroughLinks(linksOf(set, host));
  const names = new Set(partsOfHost(set, host).flatMap(({ path }) => namesOf(path)));
  const isInSet = (path: string): boolean => names.has(path) || [...names].some((name) => isAtOrBelow(name, path));
  const known = new Map(
    parts.map(({ part: { path } }): readonly [string, Companions] => {
      const pairs = namesOf(path).flatMap((name) => {
        const half = otherHalf(name);
        return half === undefined ? [] : [{ name, half }];
      });
      return [path, { pairs, isInSet }];
    }),
  );
  return ({ part }) => known.get(part.path) ?? { pairs: [], isInSet };
}

/** Those readings that speak of the file: what it leads to, and its pairs, once under each name by which it is read. */
function pairsRead(after: ReadingAt, { part }: ReadPart, { pairs }: Companions) {
  const own = after(part.path).at;
  const read = pairs.map(({ name, half }) => ({ name, half, one: after(name), other: after(half) })).filter(({ one }) => one.at === own);
  // Below a directory that has two names a pair is one all the same.
  return [...new Map(read.reverse().map((pair) => [String(pair.other.at), pair])).values()].reverse();
}

/** The machine's own links and files by which the file was judged; none that is not there, unless the set has it. */
export function restsOf(after: ReadingAt, of: ReadPart, companions: Companions): Reading["rests"] {
  const readings = [after(of.part.path), ...pairsRead(after, of, companions).flatMap(({ one, other }) => [one, other])];
  return readings
    .flatMap(({ rests }) => rests)
    .filter(({ path, state }) => state !== undefined && (state.kind !== "absent" || companions.isInSet(path)));
}

/** Why the file would be worth nothing where it lies then; undefined: nothing speaks against it. `isChanged`: it is not on the machine as in the set. */
export function companionProblem(
  keyMatcher: KeyMatcher,
  after: ReadingAt,
  of: ReadPart,
  companions: Companions & { readonly isChanged: boolean },
): string | undefined {
  const led = after(of.part.path);
  // A link to a device or to a very long file, which is there already, must not hold up the rest.
  if (of.part.type === "symlink" && (companions.isChanged || led.found !== "unknown")) {
    const problem = linkProblem(led, of, companions);
    if (problem !== undefined) return problem;
  }
  for (const pair of pairsRead(after, of, companions)) {
    const problem = pairProblem(keyMatcher, pair, companions);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

const elsewhere = "Take them from another set (requorum backup list), and name the other files of this one with --path.";

function bothBack(one: string, other: string): string {
  return `Put both back: --path ${shellWord(one)} --path ${shellWord(other)}.`;
}

function linkProblem({ at, found, why }: Reading, { part: { path } }: ReadPart, { isInSet }: Companions): string | undefined {
  if (found === "file" || found === "directory") return undefined;
  const way =
    at !== undefined && isInSet(at)
      ? bothBack(path, at)
      : "The set does not have that either: take the link from another set (requorum backup list), or name the other files of this one with --path.";
  if (at === undefined) return `${path} of the set would lead to nothing: ${why}. Name the other files with --path.`;
  return found === "nothing"
    ? `${path} of the set would lead to nothing: it leads to ${at}, which is not on the machine. ${way}`
    : `${path} of the set leads to ${at}, and what that is on the machine is not known (${why}). ${way}`;
}

interface Pair {
  readonly name: string;
  readonly half: string;
  readonly one: Reading;
  readonly other: Reading;
}

function pairProblem(keyMatcher: KeyMatcher, { name, half, one, other }: Pair, { isInSet }: Companions): string | undefined {
  if (one.found !== "file") return undefined;
  const isHeld = isInSet(half) || (other.at !== undefined && isInSet(other.at));
  const alone = `${name} of the set is worth nothing without ${half}`;
  const back = isHeld ? bothBack(name, half) : `The set has no ${half}. ${elsewhere}`;
  if (other.found === "nothing")
    // Where a CA's key is kept elsewhere, its certificate is all that programs need.
    return !isHeld || isAuthorityName(name) ? undefined : `${alone}, which is not on the machine. ${back}`;
  if (other.found !== "file") {
    const why = other.found === "directory" ? "a directory" : other.why;
    return `${alone}, and what that is on the machine is not known (${why}). ${back}`;
  }
  // The same words for both halves: they are said once.
  const sides = [
    { path: name, reading: one, keys: keysIn(keyMatcher, name, one.content) },
    { path: half, reading: other, keys: keysIn(keyMatcher, half, other.content) },
  ].sort((first, second) => (first.path < second.path ? -1 : 1));
  const isWhole = sides.every(({ reading }) => reading.part !== undefined);
  const unread = sides.filter(({ keys }) => keys.length === 0);
  const wayOn = isWhole || unread.some(({ reading }) => reading.part !== undefined) ? elsewhere : back;
  const [first, second] = sides.map(({ path, reading }) => `${path} ${reading.part === undefined ? "on the machine" : "of the set"}`);
  const both = `${first ?? ""} and ${second ?? ""}`;
  if (unread.length > 0) {
    const words = unread.map(({ path, reading }) => `${path} (${emptyWords(reading.content)})`).join(" and ");
    return `No key is read in ${words}, so whether ${both} are of one key is not known. ${wayOn}`;
  }
  if (sides[0]?.keys.some((key) => sides[1]?.keys.includes(key)) === true) return undefined;
  return isWhole
    ? `${sides.map(({ path }) => path).join(" and ")} would not be of one key, as the set has them: a program that reads both would not start. ${wayOn}`
    : `${both} are not of one key: a program that reads both would not start. ${wayOn}`;
}

function emptyWords(content: Uint8Array | undefined): string {
  if (content === undefined || content.length === 0) return "it is empty";
  return new TextDecoder().decode(content).includes("ENCRYPTED")
    ? "its key is sealed with a passphrase"
    : "it holds none in PEM, or is cut off";
}

/**
 * What a program takes for its key from a file of that name: of a key the
 * first private one, of a certificate the first (those behind it are the
 * chain), of a CA's bundle each, of sa.pub every key that is in it.
 */
function keysIn(keyMatcher: KeyMatcher, path: string, content: Uint8Array | undefined): readonly string[] {
  const text = new TextDecoder().decode(content);
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z ]+)-----(?:(?!-----BEGIN )[\s\S])*?-----END \1-----/g)];
  const ofType = (type: RegExp): readonly string[] => blocks.flatMap(([pem, label = ""]) => (type.test(label) ? [pem] : []));
  const pems = isSecretHalf(path)
    ? ofType(/(?:^| )PRIVATE KEY$/).slice(0, 1)
    : /\/sa\.pub/.test(path)
      ? ofType(/(?:^CERTIFICATE| KEY)$/)
      : ofType(/^CERTIFICATE$/).slice(0, isAuthorityName(path) ? undefined : 1);
  return pems.flatMap((pem) => keyMatcher.publicKeyId(pem) ?? []);
}
