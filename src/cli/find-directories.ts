import { join } from "node:path";
import type { Directories } from "./global-options.ts";

/** XDG base directory specification 0.8: a variable that is empty or not an absolute path counts as not set. */
export function findDirectories(given: {
  readonly environment: { readonly [name: string]: string | undefined };
  readonly home: string;
  readonly work: string;
}): Directories {
  const base = (variable: string, fallback: string): string => {
    const value = given.environment[variable];
    return join(value?.startsWith("/") === true ? value : join(given.home, fallback), "requorum");
  };
  return {
    work: given.work,
    config: base("XDG_CONFIG_HOME", ".config"),
    state: base("XDG_STATE_HOME", ".local/state"),
    cache: base("XDG_CACHE_HOME", ".cache"),
  };
}
