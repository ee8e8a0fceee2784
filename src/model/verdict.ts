/** Is this true of the cluster? `unknown` is never treated as `holds`. */
export type Verdict =
  | { readonly kind: "holds" }
  | { readonly kind: "fails"; readonly because: readonly string[] }
  | { readonly kind: "unknown"; readonly missing: readonly string[] };

export const holds: Verdict = { kind: "holds" };

export function fails(...because: string[]): Verdict {
  return { kind: "fails", because };
}

export function unknown(...missing: string[]): Verdict {
  return { kind: "unknown", missing };
}

/** A failure outweighs an unknown, an unknown outweighs what holds. */
export function allOf(...verdicts: readonly Verdict[]): Verdict {
  const because = verdicts.flatMap((verdict) => (verdict.kind === "fails" ? verdict.because : []));
  if (because.length > 0) return { kind: "fails", because };
  const missing = verdicts.flatMap((verdict) => (verdict.kind === "unknown" ? verdict.missing : []));
  if (missing.length > 0) return { kind: "unknown", missing };
  return holds;
}

/** `undefined` is the model's word for "not known". */
export function whenKnown<T>(value: T | undefined, what: string, judge: (value: T) => Verdict): Verdict {
  return value === undefined ? unknown(what) : judge(value);
}
