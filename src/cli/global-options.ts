export type OutputFormat = "text" | "json" | "yaml";

/** Options by which one call finds and opens sets: the next one needs them, too. */
export const optionsOfSets = ["store", "identity", "passphrase-file", "trust-signer"] as const;

export interface GivenOption {
  readonly name: string;
  readonly value: string;
  /** Verbs that take it: "backup list". */
  readonly verbs: readonly string[];
}

/** Options that every verb takes. */
export interface GlobalOptions {
  readonly output: OutputFormat;
  readonly configFile: string | undefined;
  readonly cluster: string | undefined;
  /** Where a backup set lies and what opens it, as this call was told. */
  readonly ofSets?: readonly GivenOption[];
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
