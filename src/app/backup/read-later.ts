/** What programs read at a path of a machine, now and once files of a set are in their places: through the links of both. */
import { lookAtFiles, type SeenFile } from "../../execute/observe/look-at-files.ts";
import { behindLinks, folderOf, type LinkTargets } from "../../model/behind-links.ts";
import { isAtOrBelow } from "../../model/host-path.ts";
import type { HostName } from "../../model/ids.ts";
import { stateWords } from "../../model/restored-file.ts";
import type { AppContext } from "../app-ports.ts";
import type { ReadPart } from "./wanted-parts.ts";

/** What is read at a path, at the end of its links. */
export interface Reading {
  /** undefined: the links lead in a circle. */
  readonly at: string | undefined;
  readonly found: "file" | "directory" | "nothing" | "unknown";
  /** Of a file. */
  readonly content: Uint8Array | undefined;
  /** The file of the set that is put back there; undefined: what lies there is the machine's own. */
  readonly part: ReadPart | undefined;
  /** What was seen of the machine's own there. */
  readonly seen: SeenFile | undefined;
  /** Why it is not known, in words. */
  readonly why: string;
  /** The machine's own links on the way, and its own file: what the reading rests on. */
  readonly rests: readonly SeenFile[];
}

export type ReadingAt = (path: string) => Reading;

interface Known {
  /** All links that the set has of the machine: one that was not looked at is taken to be there. */
  readonly links: LinkTargets;
  readonly seen: ReadonlyMap<string, SeenFile>;
  /** What is put back; none: what is read now. */
  readonly parts: readonly ReadPart[];
}

export function readings({ links, seen, parts }: Known): ReadingAt {
  const byPath = new Map(parts.flatMap((one) => (one.part.type === "file" ? [[one.part.path, one]] : [])));
  const chosen = new Set(parts.map(({ part }) => part.path));
  const known = knownLinks({ links, seen, parts });
  const read = (path: string): Reading => {
    const passed: string[] = [];
    const at = behindLinks(path, known, (link) => passed.push(link));
    // On a merged /usr a file is put back by its one name there.
    const part = at === undefined ? undefined : (byPath.get(at) ?? byPath.get(`/usr${at}`));
    const own = at === undefined || part !== undefined ? undefined : seen.get(at);
    const rests = [...passed.flatMap((link) => (chosen.has(link) ? [] : (seen.get(link) ?? []))), ...(own === undefined ? [] : [own])];
    if (part !== undefined) return { at, found: "file", content: part.content, part, seen: own, why: "", rests };
    const found = foundOf(own, at !== undefined && parts.some((one) => isAtOrBelow(one.part.path, at)));
    const content = found === "file" ? own?.content : undefined;
    return { at, found, content, part, seen: own, why: at === undefined ? "its links lead in a circle" : whyUnknown(own), rests };
  };
  const kept = new Map<string, Reading>();
  return (path) => {
    const reading = kept.get(path) ?? read(path);
    kept.set(path, reading);
    return reading;
  };
}

function knownLinks({ links, seen, parts }: Known): LinkTargets {
  const chosen = new Set(parts.map(({ part }) => part.path));
  const own = [...seen.values()].flatMap(({ path, state, content }) =>
    state?.kind === "symlink" && content !== undefined && !chosen.has(path) ? [[path, new TextDecoder().decode(content)] as const] : [],
  );
  const ofSet = parts.flatMap(({ part: { path, target } }) => (target === undefined ? [] : [[path, target] as const]));
  return new Map([...[...links].filter(([path]) => !seen.has(path) && !chosen.has(path)), ...own, ...ofSet]);
}

function foundOf(own: SeenFile | undefined, isMade: boolean): Reading["found"] {
  const state = own?.state;
  if (state?.kind === "file" && own?.content !== undefined) return "file";
  if (state?.kind === "absent") return isMade ? "directory" : "nothing";
  return state?.kind === "other" && state.what === "a directory" ? "directory" : "unknown";
}

function whyUnknown(own: SeenFile | undefined): string {
  return own?.state === undefined ? (own?.why ?? "it could not be looked at") : stateWords(own.state);
}

/** Looks at what a look led to: links of links of links are enough for anybody. */
const furtherLooksMax = 6;

/** What lies at the paths, and all that must be known to tell what is read there and at `beside`, now and once `parts` are put back. */
export async function lookAtOwn(
  context: AppContext,
  host: HostName,
  asked: Parameters<typeof lookAtFiles>[2] & Omit<Known, "seen"> & { readonly beside: readonly string[] },
): Promise<{ readonly own: readonly SeenFile[]; readonly now: ReadingAt; readonly after: ReadingAt }> {
  const { paths, tag, links, parts, beside } = asked;
  const own = await lookAtFiles(context, host, { paths, tag });
  const seen = new Map(own.map((file) => [file.path, file]));
  const wanted = [...new Set([...paths, ...beside])];
  for (let looks = 0; looks < furtherLooksMax; looks += 1) {
    const further = new Set(
      [
        { links, seen, parts: [] },
        { links, seen, parts },
      ].flatMap((known) => unseen(wanted, known)),
    );
    if (further.size === 0) break;
    for (const file of await lookAtFiles(context, host, { paths: [...further], tag })) seen.set(file.path, file);
  }
  return { own, now: readings({ links, seen, parts: [] }), after: readings({ links, seen, parts }) };
}

/** The ends of the ways, and the links on them; of what is reached through a link that nobody knew, the directories above. */
function unseen(paths: readonly string[], known: Known): readonly string[] {
  const links = knownLinks(known);
  return paths.flatMap((path) => {
    const passed: string[] = [];
    const at = behindLinks(path, links, (link) => passed.push(link)) ?? path;
    const state = known.seen.get(at)?.state;
    const above = state?.kind === "other" && state.what !== "a directory" ? foldersOf(at) : [];
    return [at, ...passed, ...above].filter((one) => !known.seen.has(one) && !one.includes("\0"));
  });
}

/** Without the one below "/", which a look follows itself when it is a link. */
function foldersOf(path: string): readonly string[] {
  const folder = folderOf(path);
  return folderOf(folder) === "/" ? [] : [folder, ...foldersOf(folder)];
}
