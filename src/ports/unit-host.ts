/** The systemd of this machine, as far as a timer needs it. */
export interface UnitHost {
  readonly scope: "system" | "user";
  /** Where the units of an administrator, or of a user, lie. */
  readonly directory: string;
  /** Does the manager of this scope run? */
  isRunning(): Promise<boolean>;
  /** User units end with the last session where this is false. undefined: it is not known, or no question (system). */
  isLingering(): Promise<boolean | undefined>;
  /** `other`: something that is no regular file, as a link to /dev/null (masked). LOCAL_FILE_FAILED. */
  read(name: string): Promise<UnitFile>;
  /** Whole: under another name first, then renamed. LOCAL_FILE_FAILED, LOCAL_DISK_FULL. */
  write(name: string, text: string): Promise<void>;
  /** Returns where it lies now: beside, under a name that systemd does not read. LOCAL_FILE_FAILED. */
  moveAside(name: string, mark: string): Promise<string>;
  remove(name: string): Promise<void>;
  /** 0700; nothing when it is there. `isBelowMount`: not its parents, which are a disk's that may not be mounted. LOCAL_FILE_FAILED. */
  makeDirectory(path: string, options: { readonly isBelowMount: boolean }): Promise<void>;
  /** When the expression comes up, some times from now on. `unchecked`: there is no systemd-analyze. */
  checkCalendar(expression: string): Promise<CalendarCheck>;
  /** What `systemd-analyze verify` finds wrong with these units; undefined: there is no such program. */
  verify(units: readonly { readonly name: string; readonly text: string }[]): Promise<readonly string[] | undefined>;
  /** BACKUP_TIMER_FAILED, with what it said. */
  systemctl(words: readonly string[]): Promise<void>;
  /** What the manager knows of a unit; undefined: it does not run, or does not know it. */
  stateOf(unit: string): Promise<UnitState | undefined>;
}

export type UnitFile = { readonly kind: "none" } | { readonly kind: "file"; readonly text: string } | { readonly kind: "other" };

export type CalendarCheck =
  | { readonly kind: "fits"; readonly nextMs: readonly number[] }
  | { readonly kind: "wrong"; readonly detail: string }
  | { readonly kind: "unchecked" };

export interface UnitState {
  /** "active", "inactive", "failed" */
  readonly activeState: string;
  /** "enabled", "disabled" */
  readonly unitFileState: string;
}
