import type { InstalledTimer } from "./backup-schedule.ts";

/** One thing that installing or removing a timer does. `isOver`: what the file holds before, bound to the plan; undefined: nothing. */
export type TimerAction =
  /** `isBelowMount`: the store, whose parents are there, or its disk is not mounted. */
  | { readonly kind: "make-directory"; readonly path: string; readonly isBelowMount: boolean }
  | { readonly kind: "write"; readonly name: string; readonly isOver: string | undefined }
  /** Ours, and changed by hand: kept beside, as NAME.kept-MARK. */
  | { readonly kind: "move-aside"; readonly name: string; readonly mark: string; readonly isOver: string }
  | { readonly kind: "remove"; readonly name: string; readonly isOver: string }
  /** Into the state directory: by that `status` knows when a run is overdue. */
  | { readonly kind: "record" }
  | { readonly kind: "forget" }
  | { readonly kind: "systemctl"; readonly words: readonly string[] };

/** What `backup timer install` or `remove` will do, in order. Shown before it is agreed to; carried out as it is. */
export interface TimerPlan {
  readonly verb: "install" | "remove";
  readonly scope: "system" | "user";
  readonly directory: string;
  readonly timer: Omit<InstalledTimer, "installedAt"> | undefined;
  readonly actions: readonly TimerAction[];
  readonly units: readonly { readonly name: string; readonly text: string }[];
  /** What the operator must know. */
  readonly notes: readonly string[];
}
