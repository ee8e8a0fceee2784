export type OutputFormat = "text" | "json" | "yaml";

/** Options that every verb takes. */
export interface GlobalOptions {
  readonly output: OutputFormat;
  readonly configFile: string | undefined;
  readonly cluster: string | undefined;
  /** A limit for the whole call; undefined: each part has its own. */
  readonly timeoutMs: number | undefined;
}

/** Directories of the XDG base directory specification, resolved from the environment by main.ts. */
export interface Directories {
  readonly work: string;
  /** $XDG_CONFIG_HOME/requorum */
  readonly config: string;
  /** $XDG_STATE_HOME/requorum */
  readonly state: string;
  /** $XDG_CACHE_HOME/requorum */
  readonly cache: string;
}
