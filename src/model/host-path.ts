/**
 * An absolute path in its shortest form, so that two texts of one place are
 * equal: no empty or "." segment, no slash at the end. undefined: it is not
 * absolute, or holds "..", which leads elsewhere once a link is on the way.
 */
export function cleanPath(path: string): string | undefined {
  const segments = path.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (!path.startsWith("/") || segments.includes("..")) return undefined;
  return `/${segments.join("/")}`;
}

/** Is `path` that dir itself, or in it? Both as `cleanPath` gives them. */
export function isAtOrBelow(path: string, dir: string): boolean {
  return path === dir || path.startsWith(dir === "/" ? dir : `${dir}/`);
}
