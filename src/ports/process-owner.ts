/** Who works on a store: enough to tell, later and on the same machine, whether that process is still there. */
export interface ProcessOwner {
  /** As the machine calls itself; processes of a container of its own are of another host. */
  readonly host: string;
  readonly pid: number;
  /** Which machine of that name: a digest of what it was given when it was installed. Absent where that is not known, as in a container. */
  readonly machine?: string;
  /** Of the machine's kernel: another one means that it was started anew since. "" where it is not known. */
  readonly bootId: string;
  /** When the process began, in the kernel's words, so that a later process of the same pid is not taken for it. */
  readonly processStart?: string;
}

/** Does that process still run? false: surely not. undefined: it cannot be known from here, as of another host, or was not to be seen. Never throws. */
export type IsRunning = (owner: ProcessOwner) => Promise<boolean | undefined>;
