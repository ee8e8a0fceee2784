import { notKnown, known, type Observation, type UnknownReason } from "../model/observation.ts";
import type { ErrorCode } from "../model/error-catalogue.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import type { Clock } from "../ports/clock.ts";

/** How far beyond its own limit a call may be late before it is given up here: adapters end by themselves, this only catches one that does not. */
const graceMs = 250;

/** Time and limits of one round of probes. */
export interface RoundClock {
  readonly clock: Clock;
  /** Aborted when the round is over or given up; every call gets it. */
  readonly signal: AbortSignal;
  /** Milliseconds of the round's budget that are left, at least 1. */
  remainingMs(): number;
}

/**
 * Asks one question and turns whatever happens into an observation: the value,
 * or unknown with the reason. Never rejects. `limitMs` is cut to what is left
 * of the round; the question gets the limit that holds.
 */
export async function observe<T>(
  round: RoundClock,
  asked: { readonly source: string; readonly limitMs: number },
  question: (limitMs: number) => Promise<T>,
): Promise<Observation<T>> {
  const limitMs = Math.min(asked.limitMs, round.remainingMs());
  const giveUp = new AbortController();
  const late = round.clock.sleep(limitMs + graceMs, giveUp.signal).then(
    () => ({ kind: "late" as const }),
    () => ({ kind: "late" as const }),
  );
  try {
    const answer = question(limitMs).then((value) => ({ kind: "answer" as const, value }));
    const first = await Promise.race([answer, late]);
    const provenance = { observedAt: round.clock.nowIso(), source: asked.source };
    return first.kind === "answer"
      ? known(first.value, provenance)
      : notKnown("timeout", `no answer within ${String(limitMs)} ms`, provenance);
  } catch (error) {
    return { ...unknownOf<T>(error), observedAt: round.clock.nowIso(), source: asked.source };
  } finally {
    giveUp.abort();
  }
}

/** The same for an answer that is already here: a parser that may find it malformed. */
export function understood<T>(provenance: { readonly observedAt: string; readonly source: string }, parse: () => T): Observation<T> {
  try {
    return known(parse(), provenance);
  } catch (error) {
    return { ...unknownOf<T>(error), ...provenance };
  }
}

function unknownOf<T>(error: unknown): Pick<Extract<Observation<T>, { kind: "unknown" }>, "kind" | "reason" | "detail"> {
  if (error instanceof RecoveryError) return { kind: "unknown", reason: reasonOf(error), detail: `${error.code}: ${error.detail}` };
  // A defect of ours in one probe must not blind the others at 3 a.m.; it is shown, not hidden.
  return {
    kind: "unknown",
    reason: "failed",
    detail: `defect in requorum: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`,
  };
}

/**
 * Which kind of gap an error leaves. The catalogue has one code for "no
 * connection"; whether the machine said no or nothing at all is in the
 * operating system's words, which adapters quote in the detail.
 */
export function reasonOf(error: RecoveryError): UnknownReason {
  const reason = reasonOfCode[error.code] ?? "failed";
  if (reason !== "unreachable") return reason;
  if (/refused/i.test(error.detail)) return "refused";
  return /no answer within|timed out|deadline/i.test(error.detail) ? "timeout" : reason;
}

const reasonOfCode: { readonly [C in ErrorCode]?: UnknownReason } = {
  SSH_UNREACHABLE: "unreachable",
  SSH_HOST_KEY_CHANGED: "refused",
  SSH_AUTH_FAILED: "refused",
  ETCD_UNREACHABLE: "unreachable",
  KUBE_API_UNREACHABLE: "unreachable",
  REMOTE_TIMEOUT: "timeout",
  ETCD_TIMEOUT: "timeout",
  TIMED_OUT_WAITING: "timeout",
  INTERRUPTED: "timeout",
  SSH_CONNECTION_LOST: "unreachable",
  // Without a certificate on the machine there was nothing to ask with: a fresh machine, or files that are gone (see kubernetesFiles).
  ETCD_CREDENTIALS_MISSING: "not-asked",
  KUBE_CREDENTIALS_MISSING: "not-asked",
  ETCD_TLS: "refused",
  KUBE_API_TLS: "refused",
  REMOTE_OUTPUT_TOO_LARGE: "malformed",
  REMOTE_ANSWER_MALFORMED: "malformed",
};
