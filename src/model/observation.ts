/**
 * One answer to one probe. A gap stays a gap: whoever reads an observation
 * must say what happens when it is unknown.
 */
export type UnknownReason =
  | "unreachable" // the machine or endpoint could not be reached
  | "timeout"
  | "refused" // reached, but connection or login was refused
  | "not-asked" // the probe does not apply, or an earlier gap made it pointless
  | "malformed" // an answer came and could not be understood
  | "failed"; // the question itself failed on the machine

export type Observation<T> =
  | { readonly kind: "known"; readonly value: T; readonly observedAt: string; readonly source: string }
  | {
      readonly kind: "unknown";
      readonly reason: UnknownReason;
      readonly detail: string;
      readonly observedAt: string;
      readonly source: string;
    };

export interface Provenance {
  /** ISO 8601, UTC, the operator machine's clock. */
  readonly observedAt: string;
  /** Probe id and place: "PB2 cp1 etcd". */
  readonly source: string;
}

export function known<T>(value: T, provenance: Provenance): Observation<T> {
  return { kind: "known", value, ...provenance };
}

export function notKnown<T>(reason: UnknownReason, detail: string, provenance: Provenance): Observation<T> {
  return { kind: "unknown", reason, detail, ...provenance };
}

/** The value, or `undefined` where it is unknown. `undefined` means unknown, nothing else. */
export function valueOf<T>(observation: Observation<T>): T | undefined {
  return observation.kind === "known" ? observation.value : undefined;
}
