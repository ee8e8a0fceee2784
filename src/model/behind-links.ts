/** Links of one machine: absolute path, and target as the link says it. */
export type LinkTargets = ReadonlyMap<string, string>;

/** More than this in one path is a circle: Linux's own limit, path_resolution(7). */
const hopsMax = 40;
/** Names on one way, with those of all links that it passes: machines have some tens. A hostile one's 4096 bytes of "../" 40 times over must not hold anybody up. */
const stepsMax = 400;

/**
 * Where an absolute path leads on a machine with these links, as the kernel
 * would go: links of links, "..", and nothing above "/". What is no link is
 * taken for a directory or file. undefined: a circle, or a way without end.
 * `passed` is told each link on the way, by its real path.
 */
export function behindLinks(path: string, links: LinkTargets, passed?: (link: string) => void): string | undefined {
  const rest = path.split("/").reverse();
  const at: string[] = [];
  for (let hops = 0, steps = 0; ;) {
    const name = rest.pop();
    if (name === undefined) return `/${at.join("/")}`;
    if (name === "" || name === ".") continue;
    steps += 1;
    if (steps > stepsMax) return undefined;
    if (name === "..") {
      at.pop();
      continue;
    }
    at.push(name);
    const here = `/${at.join("/")}`;
    const target = links.get(here);
    if (target === undefined) continue;
    passed?.(here);
    hops += 1;
    if (hops > hopsMax) return undefined;
    if (target.startsWith("/")) at.length = 0;
    else at.pop();
    rest.push(...target.split("/").reverse());
  }
}

/** A hostile machine's links may give one file any number of names. */
const namesMax = 100;
/** Levels of a directory that a link leads to: nobody's configuration lies deeper. */
const levelsMax = 64;

/** Of directories and files that links lead to, by the names on the way there. */
interface LedTo {
  readonly below: Map<string, LedTo>;
  readonly links: string[];
}

/**
 * All names of real paths of one machine, by the links that lead to them or to
 * a directory above them; itself first. Links are resolved once, and a path's
 * names are looked up once: a machine may have thousands of both.
 */
export function namesThroughLinks(links: LinkTargets): (path: string) => readonly string[] {
  const root: LedTo = { below: new Map(), links: [] };
  for (const link of links.keys()) {
    const real = behindLinks(link, links);
    if (real !== undefined && real !== "/") put(root, real.split("/").slice(1), link);
  }
  const known = new Map<string, readonly string[]>();
  return (path) => {
    const found = known.get(path) ?? namesOf(path, root);
    known.set(path, found);
    return found;
  };
}

function put(root: LedTo, way: readonly string[], link: string): void {
  if (way.length > levelsMax) return;
  let at = root;
  for (const name of way) {
    const next: LedTo = at.below.get(name) ?? { below: new Map(), links: [] };
    at.below.set(name, next);
    at = next;
  }
  at.links.push(link);
}

function namesOf(path: string, root: LedTo): readonly string[] {
  const names = new Set([path]);
  // Links may give one name many times over: tried is what counts.
  let tried = 1;
  for (const name of names) {
    let at: LedTo | undefined = root;
    for (let end = 0; at !== undefined && end < name.length;) {
      const begin = end + 1;
      const next = name.indexOf("/", begin);
      end = next < 0 ? name.length : next;
      at = at.below.get(name.slice(begin, end));
      for (const link of at?.links ?? []) {
        if (tried >= namesMax) return [...names];
        tried += 1;
        names.add(`${link}${name.slice(end)}`);
      }
    }
  }
  return [...names];
}

/** Directory of an absolute path: "/" of "/x". */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
