import type { HostName } from "../model/ids.ts";

export interface RemoteRequest {
  /** What it is for, in words: appears in errors and progress. */
  readonly reason: string;
  /** A POSIX sh script; it goes over stdin, never on a command line. */
  readonly script: string;
  /** Positional parameters $1, $2 …; quoted by the adapter. Never secrets. */
  readonly args?: readonly string[];
  /** Available to the script as the file named by $REQUORUM_INPUT (0600, in /run, removed afterwards). Secrets go here. */
  readonly input?: Uint8Array;
  readonly timeoutMs: number;
  /** Output beyond this is an error (REMOTE_OUTPUT_TOO_LARGE). Default 8 MiB. */
  readonly outputBytesMax?: number;
  /** true: a lost connection or timeout is `unknown-outcome` instead of `transient`. */
  readonly changesThings: boolean;
  /** Run as root (sudo -n) where the login user is not root. Default true. */
  readonly asRoot?: boolean;
  readonly signal?: AbortSignal;
  /**
   * Called when the machine's login shell has answered, before it becomes root
   * and before the script begins, with the time of one round trip. Again when
   * a connection that broke right there is made anew.
   */
  readonly onRoundTrip?: (milliseconds: number) => void;
}

export interface RemoteResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RemoteRead {
  /** More is an error (REMOTE_OUTPUT_TOO_LARGE). */
  readonly bytesMax: number;
  /** A part of a long file: from this byte on, at most `bytesMax`; what follows is no error. A multiple of 65536. */
  readonly fromByte?: number;
  readonly timeoutMs: number;
  /** As root (sudo -n) where the login user is not root. Default true. */
  readonly asRoot?: boolean;
  readonly signal?: AbortSignal;
}

/** Groups of paths, best first: wanted is the first group whose files can all be read. */
export interface FirstReadableWish {
  /** What it is for, in words: appears in errors. */
  readonly reason: string;
  readonly groups: readonly (readonly string[])[];
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface RemoteFile {
  readonly path: string;
  readonly content: Uint8Array;
}

/** A forward from a Unix socket (0600) on this machine to an address as seen from the host. */
export interface Forward {
  readonly socketPath: string;
  close(): Promise<void>;
}

/**
 * Reaching machines. One multiplexed connection per host; host keys always
 * checked. Throws RecoveryError SSH_* for transport problems (ssh's own exit
 * 255 is never confused with the script's), REMOTE_TIMEOUT,
 * REMOTE_OUTPUT_TOO_LARGE. A script's non-zero exit is a result, not an error.
 */
export interface HostAccess {
  run(host: HostName, request: RemoteRequest): Promise<RemoteResult>;
  /** Time of one round trip over the established connection, milliseconds. Connects if needed. */
  ping(host: HostName, options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<number>;
  /** REMOTE_COMMAND_FAILED when it does not exist or cannot be read. */
  readFile(host: HostName, path: string, options: RemoteRead): Promise<Uint8Array>;
  /**
   * All files of the first readable group, read as root; undefined when no
   * group is whole. Small files only: together at most 2 MiB, more is
   * REMOTE_OUTPUT_TOO_LARGE; one that fails under the reading is REMOTE_COMMAND_FAILED.
   */
  readFirst(host: HostName, wish: FirstReadableWish): Promise<readonly RemoteFile[] | undefined>;
  /** Temporary name, sha256 verified on the machine, then renamed. UPLOAD_CORRUPT leaves the target untouched. */
  upload(
    host: HostName,
    file: {
      readonly path: string;
      readonly content: Uint8Array;
      readonly mode: number;
      readonly timeoutMs: number;
      /** As root (sudo -n) where the login user is not root. Default true. */
      readonly asRoot?: boolean;
      readonly signal?: AbortSignal;
    },
  ): Promise<void>;
  forward(host: HostName, target: { readonly address: string; readonly port: number; readonly timeoutMs: number }): Promise<Forward>;
  /** Closes connections and forwards that this program opened (shared masters stay for the next call when so configured). */
  close(): Promise<void>;
}
