import type { Terminal } from "./terminal/terminal.ts";
import type { OpenCluster } from "./wiring.ts";

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
  /** $XDG_RUNTIME_DIR/requorum, or a directory below the state when there is none: sockets go here. */
  readonly runtime: string;
}

/**
 * Everything a verb may touch besides its arguments. main.ts makes the real
 * one; tests make one with captured streams and fake ports.
 */
export interface CliContext {
  readonly terminal: Terminal;
  readonly global: GlobalOptions;
  readonly directories: Directories;
  /** REQUORUM_CONFIG: the configuration file where --config is not given. */
  readonly configFromEnvironment: string | undefined;
  /** "user@workstation": goes into consent and journal. */
  readonly operator: string;
  /** "requorum 0.1.0" */
  readonly program: string;
  /** Aborted by Ctrl-C, SIGTERM and --timeout, with a RecoveryError as reason. */
  readonly signal: AbortSignal;
  /** Configuration and ports of the chosen cluster. The caller closes it. */
  readonly openCluster: () => Promise<OpenCluster>;
}
