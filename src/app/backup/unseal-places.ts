import { setDamaged } from "../../formats/backup-set/set-errors.ts";
import { behindLinks, folderOf, type LinkTargets } from "../../model/behind-links.ts";
import type { BackupManifest, BackupPart } from "../../model/backup-set.ts";

/** Where parts of no machine go; those of a machine go to its name. */
export const clusterFolder = "cluster";
/** Owners, times and checksums of all files, and what the manifest says: owners are not set, since they are of another machine. */
export const listFileName = "requorum-set.json";
/** Below a machine's folder: what cannot stand where it stood. */
const asideFolder = "requorum-aside";

export interface PlacedPart {
  readonly part: BackupPart;
  /** Below the directory. */
  readonly path: string;
  /** Of a link: relative, and to a file or directory of the same machine in the tree. */
  readonly linkText: string | undefined;
}

export interface UnsealPlaces {
  readonly placed: readonly PlacedPart[];
  /** Parts that are not written, with the reason. */
  readonly leftOut: readonly { readonly part: BackupPart; readonly because: string }[];
  /** Sentences: of links that were not made, and files that lie elsewhere. */
  readonly notes: readonly string[];
}

/**
 * A place for each part: its own, below its machine's folder. What was reached
 * through a link goes where the link leads, so that nothing is written through
 * one, and links lead nowhere but into the same machine's folder.
 * BACKUP_SET_DAMAGED for paths that no machine has.
 */
export function unsealPlaces({
  manifest,
  parts,
}: {
  readonly manifest: BackupManifest;
  readonly parts: readonly BackupPart[];
}): UnsealPlaces {
  assertPaths(manifest, parts);
  const places = new Places();
  const links = new Map<string, Map<string, string>>();
  for (const part of parts) {
    if (part.type !== "symlink") continue;
    const folder = folderName(part);
    links.set(folder, (links.get(folder) ?? new Map<string, string>()).set(pathOf(part), part.target ?? ""));
  }
  const linksOf = (part: BackupPart): LinkTargets => links.get(folderName(part)) ?? new Map<string, string>();
  // What stands at its own place keeps it, and what came through a link may be the same file.
  const isOwn = (part: BackupPart): boolean => realPlace(part, linksOf(part)) === pathOf(part);
  for (const part of parts.filter((one) => isOwn(one))) places.put(part, pathOf(part));
  for (const part of parts.filter((one) => !isOwn(one))) places.put(part, realPlace(part, linksOf(part)));
  for (const { part, path } of places.links) places.addLink(part, path, behindLinks(pathOf(part), linksOf(part)));
  return { placed: places.placed, leftOut: places.leftOut, notes: places.notes };
}

class Places {
  readonly placed: PlacedPart[] = [];
  readonly leftOut: { readonly part: BackupPart; readonly because: string }[] = [];
  readonly notes: string[] = [];
  readonly links: { readonly part: BackupPart; readonly path: string }[] = [];
  readonly #taken = new Map<string, BackupPart>();
  readonly #folders = new Set<string>();

  /** `wanted`: as on the machine; undefined: it lies behind a circle of links. */
  put(part: BackupPart, wanted: string | undefined): void {
    const own = `${folderName(part)}${pathOf(part)}`;
    const path = wanted === undefined ? undefined : `${folderName(part)}${wanted}`;
    const there = path === undefined ? undefined : this.#taken.get(path);
    if (path !== undefined && there !== undefined && isSame(part, there)) {
      this.leftOut.push({ part, because: `it is ${path}, which was reached through a link` });
      return;
    }
    const isFree = path !== undefined && this.#isFree(path);
    const at = isFree ? path : this.#aside(part);
    if (at !== own) this.notes.push(`${own} is ${at}: ${isFree ? "it was reached through a link" : "another part is in its place"}`);
    this.#taken.set(at, part);
    for (const folder of foldersAbove(at)) this.#folders.add(folder);
    if (part.type === "symlink") this.links.push({ part, path: at });
    else this.placed.push({ part, path: at, linkText: undefined });
  }

  /** `leadsTo`: as on the machine, through all links; undefined: a circle. */
  addLink(part: BackupPart, path: string, leadsTo: string | undefined): void {
    const target = leadsTo === undefined ? undefined : `${folderName(part)}${leadsTo === "/" ? "" : leadsTo}`;
    if (target !== undefined && (this.#taken.get(target)?.type === "file" || this.#folders.has(target))) {
      const shortest = relativePath(folderOf(path), target);
      // A text that goes down only, and to the same place, stays as it was.
      const said = part.target ?? "";
      const keeps = !said.startsWith("/") && !said.split("/").includes("..") && `${folderOf(path)}/${said}` === target;
      this.placed.push({ part, path, linkText: keeps ? said : shortest });
      return;
    }
    const because = `it led to ${part.target ?? "nowhere"} of its machine, which is not in the set`;
    this.leftOut.push({ part, because });
    this.notes.push(`the link ${path} was not made: ${because}`);
  }

  #isFree(path: string): boolean {
    return !this.#taken.has(path) && !this.#folders.has(path) && !foldersAbove(path).some((folder) => this.#taken.has(folder));
  }

  /** Two machines' paths differ, and so do two aside; a number parts what a hostile set makes meet. */
  #aside(part: BackupPart): string {
    const wanted = `${folderName(part)}/${asideFolder}${pathOf(part)}`;
    for (let at = 1; ; at += 1) {
      const path = at === 1 ? wanted : `${folderName(part)}/${asideFolder}-${String(at)}${pathOf(part)}`;
      if (this.#isFree(path)) return path;
    }
  }
}

/** A path that no machine can have, or that two parts have: nobody's collecting makes such a set. */
function assertPaths(manifest: BackupManifest, parts: readonly BackupPart[]): void {
  const taken = new Set<string>([listFileName]);
  for (const part of parts) {
    const isPlain = pathOf(part)
      .slice(1)
      .split("/")
      .every((name) => name !== "" && name !== "." && name !== ".." && !name.includes("\0"));
    if (!isPlain) throw setDamaged(manifest.id, "index", `${JSON.stringify(part.path)} is no path of a file`);
    const path = `${folderName(part)}${pathOf(part)}`;
    if (taken.has(path)) throw setDamaged(manifest.id, "index", `two parts are ${path}`);
    taken.add(path);
  }
}

function realPlace(part: BackupPart, links: LinkTargets): string | undefined {
  const path = pathOf(part);
  const folder = behindLinks(folderOf(path), links);
  return folder === undefined ? undefined : `${folder === "/" ? "" : folder}${path.slice(path.lastIndexOf("/"))}`;
}

function isSame(one: BackupPart, other: BackupPart): boolean {
  return one.type === other.type && one.sha256 === other.sha256 && one.target === other.target;
}

function folderName(part: BackupPart): string {
  return part.host ?? clusterFolder;
}

function pathOf(part: BackupPart): string {
  return part.host === undefined || !part.path.startsWith("/") ? `/${part.path}` : part.path;
}

/** "cp1/etc" and "cp1" of "cp1/etc/hosts". */
function foldersAbove(path: string): readonly string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, at) => names.slice(0, at + 1).join("/"));
}

/** Of a file or directory, as seen from a directory: both below the same one. */
function relativePath(from: string, to: string): string {
  const [here, there] = [from.split("/"), to.split("/")];
  const differs = here.findIndex((name, at) => name !== there[at]);
  const shared = differs === -1 ? here.length : differs;
  return [...here.slice(shared).map(() => ".."), ...there.slice(shared)].join("/") || ".";
}
