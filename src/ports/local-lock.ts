/** One run per cluster on this machine. Held by an open descriptor, so that a killed program never leaves it behind. */
export interface LocalLock {
  /** RUN_LOCKED with the holder's own words when somebody else has it. */
  acquire(name: string, holder: string): Promise<{ release(): Promise<void> }>;
}
