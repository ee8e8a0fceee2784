/** Files that other machines must have, too: which of them control planes share, and over which links programs come to them. */
import type { OpenSet } from "../../catalogue/set-reader.ts";
import { lookIfReached } from "../../execute/observe/look-at-files.ts";
import { behindLinks, namesThroughLinks, type LinkTargets } from "../../model/behind-links.ts";
import { isAtOrBelow } from "../../model/host-path.ts";
import type { HostName } from "../../model/ids.ts";
import { isSharedKey, type CommonFile, type SharedKey } from "../../model/restored-file.ts";
import { filesNamedByManifest, isEncryptionConfiguration, type NamedFiles } from "../../probe/collect/named-files.ts";
import type { AppContext } from "../app-ports.ts";
import { linksOf, partsOfHost, type RestorablePart } from "./chosen-parts.ts";
import { readPartOf } from "./set-part-source.ts";

/** The set's links over which these names lead on. */
export function linksOnTheWay(set: OpenSet, links: LinkTargets, names: readonly string[]): NonNullable<CommonFile["through"]> {
  const passed = new Set<string>();
  for (const name of names) behindLinks(name, links, (link) => passed.add(link));
  return [...passed].map((path) => ({ path, tag: set.tag("symlink", new TextEncoder().encode(links.get(path) ?? "")) }));
}

/** By real paths of the set, keys that control planes share; each with the names by which programs read it. */
export type SharedNames = ReadonlyMap<string, readonly string[]>;

/**
 * What the set has of the keys that control planes share: by the flags of API
 * server and controller manager, of the set and of the machine, by kind, and
 * by the usual names; under any name that the set's links give. Where no
 * manifest of an API server is known, an encryption configuration is told by
 * its form among what is wanted.
 */
export async function sharedNamesOf(
  context: AppContext,
  set: OpenSet,
  { host, wanted }: { readonly host: HostName; readonly wanted: readonly { readonly path: string; readonly content: Uint8Array }[] },
): Promise<SharedNames> {
  const links = linksOf(set, host);
  const namesOf = namesThroughLinks(links);
  const named = await namedByManifests(context, set, host);
  const flagged = new Set(named.flatMap(({ sharedKeys }) => sharedKeys));
  const hasApiServer = named.some(({ apiServer }) => apiServer !== undefined);
  const isByForm = (path: string): boolean =>
    !hasApiServer && wanted.some((one) => one.path === path && isEncryptionConfiguration(new TextDecoder().decode(one.content)));
  const files = partsOfHost(set, host).filter(({ type }) => type === "file");
  const found = files.flatMap((part) => {
    const isShared = (path: string): boolean => flagged.has(path) || isSharedKey({ path, kind: "pki" });
    const all = namesOf(part.path);
    const names = all.filter(isShared);
    if (names.length > 0) return [[part.path, names] as const];
    return part.kind === "encryption-config" || isByForm(part.path) ? [[part.path, all] as const] : [];
  });
  // What a flag names may be a link that leads to nothing of the set.
  const lost = [...flagged].flatMap((name) => behindLinks(name, links) ?? []).filter((path) => !files.some((part) => part.path === path));
  return new Map([...found, ...lost.map((path) => [path, [...flagged].filter((name) => behindLinks(name, links) === path)] as const)]);
}

async function namedByManifests(context: AppContext, set: OpenSet, host: HostName): Promise<readonly NamedFiles[]> {
  const { manifestsDir } = context.config.paths;
  const namesOf = namesThroughLinks(linksOf(set, host));
  const form = /\/kube-(?:apiserver|controller-manager)[^/]*$/;
  // Who stops an API server moves its manifest away.
  const ofSet = set.parts.filter(
    ({ kind, type, path, host: of }) =>
      of === host &&
      kind === "static-pod" &&
      type === "file" &&
      namesOf(path).some((name) => isAtOrBelow(name, manifestsDir) || form.test(name)),
  );
  const texts: Uint8Array[] = [];
  for (const { path } of ofSet) texts.push(await readPartOf(set, { host, path }, context.signal));
  const paths = new Set(["apiserver", "controller-manager"].map((name) => `${manifestsDir}/kube-${name}.yaml`));
  for (const { path } of ofSet) paths.add(path);
  const seen = await lookIfReached(context, host, { paths: [...paths], tag: set.tag.bind(set) });
  const ofMachine = seen.flatMap(({ state, content }) => (state?.kind === "file" && content !== undefined ? [content] : []));
  return [...texts, ...ofMachine].map((text) => filesNamedByManifest(new TextDecoder().decode(text)));
}

/** Real paths of the shared keys of which a part decides what is read: itself, or all that its link leads to. */
export function sharedBehind(shared: SharedNames, { type, path }: RestorablePart, links: LinkTargets): readonly string[] {
  if (type === "file") return shared.has(path) ? [path] : [];
  return [...shared].flatMap(([real, names]) => {
    const isPassed = names.some((name) => {
      const passed: string[] = [];
      behindLinks(name, links, (link) => passed.push(link));
      return passed.includes(path);
    });
    return isPassed ? [real] : [];
  });
}

/**
 * As the other control planes must have them: by what will be read at a path.
 * Where nothing is, as was seen, nothing is read, and none of theirs is
 * another. undefined: the part decides nothing of them.
 */
export function sharedKeysBehind(
  set: OpenSet,
  host: HostName,
  {
    part,
    shared,
    after,
  }: {
    readonly part: RestorablePart;
    readonly shared: SharedNames;
    readonly after: (path: string) => {
      readonly found: "file" | "directory" | "nothing" | "unknown";
      readonly content: Uint8Array | undefined;
    };
  },
): readonly SharedKey[] | undefined {
  const links = linksOf(set, host);
  const keys = sharedBehind(shared, part, links).flatMap((path): readonly SharedKey[] => {
    const { found, content } = after(path);
    if (found === "nothing") return [];
    const through = linksOnTheWay(set, links, shared.get(path) ?? []);
    return [{ path, ...(content === undefined ? {} : { tag: set.tag("file", content) }), ...(through.length === 0 ? {} : { through }) }];
  });
  return keys.length === 0 ? undefined : keys;
}
