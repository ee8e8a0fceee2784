/** The operator's own machine, as far as `doctor` asks about it. Nothing is changed by asking. */
export interface Workstation {
  /** Node's version without "v": "24.21.0". */
  readonly runtimeVersion: string;
  /** What `ssh -V` prints; undefined: there is no such program. */
  sshVersion(): Promise<string | undefined>;
  /** Keys that an SSH agent offers. "no-agent": none is running or reachable. */
  agentKeyCount(): Promise<number | "no-agent">;
  /** Private key files that ssh tries by default, without their content. */
  defaultKeyFiles(): Promise<readonly string[]>;
  /** Is the system's clock kept by a time server? undefined: this machine does not say. */
  isClockSynchronised(): Promise<boolean | undefined>;
  /** Of the nearest existing directory on the way to `path`. LOCAL_FILE_FAILED when it cannot be looked at. */
  space(path: string): Promise<{ readonly freeBytes: bigint; readonly freeInodes: bigint; readonly isWritable: boolean }>;
}
