/** Links of one machine: absolute path, and target as the link says it. */
export type LinkTargets = ReadonlyMap<string, string>;

/** More than this in one path is a circle: Linux's own limit, path_resolution(7). */
const hopsMax = 40;

/**
 * Where an absolute path leads on a machine with these links, as the kernel
 * would go: links of links, "..", and nothing above "/". What is no link is
 * taken for a directory or file. undefined: a circle.
 */
export function behindLinks(path: string, links: LinkTargets): string | undefined {
  const rest = path.split("/").reverse();
  let at: readonly string[] = [];
  for (let hops = 0; ;) {
    const name = rest.pop();
    if (name === undefined) return `/${at.join("/")}`;
    if (name === "" || name === ".") continue;
    if (name === "..") {
      at = at.slice(0, -1);
      continue;
    }
    const target = links.get(`/${[...at, name].join("/")}`);
    if (target === undefined) {
      at = [...at, name];
      continue;
    }
    hops += 1;
    if (hops > hopsMax) return undefined;
    if (target.startsWith("/")) at = [];
    rest.push(...target.split("/").reverse());
  }
}

/** A hostile machine's links may give one file any number of names. */
const namesMax = 100;

/** All names of a real path, by the links that lead to it or to a directory above it; itself first. */
export function namesThroughLinks(path: string, links: LinkTargets): readonly string[] {
  const leading = [...links.keys()].flatMap((link) => {
    const real = behindLinks(link, links);
    return real === undefined || real === "/" ? [] : [{ link, real }];
  });
  const names = new Set([path]);
  for (const name of names)
    for (const { link, real } of leading) {
      if (names.size >= namesMax) return [...names];
      if (name === real || name.startsWith(`${real}/`)) names.add(`${link}${name.slice(real.length)}`);
    }
  return [...names];
}

/** Directory of an absolute path: "/" of "/x". */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
