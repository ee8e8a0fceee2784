import type { Directories, GlobalOptions } from "./global-options.ts";
import type { Terminal } from "./terminal/terminal.ts";
import type { OpenCluster } from "./wiring.ts";

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
