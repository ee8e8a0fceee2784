import type { Remedy } from "../../model/recovery-error.ts";

/** One answer of `doctor`. "unknown": it could not be found out, which is neither good nor bad. */
export interface DoctorRow {
  /** What was checked: "ssh client", "host cp1". */
  readonly check: string;
  readonly state: "ok" | "warn" | "fail" | "unknown";
  readonly detail: string;
  readonly remedy?: Remedy;
}
