import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { KubeAnswer, KubeApi, KubeRequest } from "../../ports/kube-api.ts";
import { retryTransient } from "../retry.ts";
import type { StepContext } from "../step-handler.ts";
import { jsonOf, textAt } from "./json-value.ts";

/** Lists of a few thousand objects take a second; an API server that needs longer than this for one is not fit to be asked. */
export const kubeCallMs = 10_000;

export type KubeCall = Omit<KubeRequest, "timeoutMs" | "signal"> & { readonly timeoutMs?: number };

/** Dials one API server at its node, asks, closes; transient failures are repeated, so `ask` must only read. */
export async function withKube<T>(context: StepContext, host: HostName, ask: (api: KubeApi) => Promise<T>): Promise<T> {
  return await retryTransient({ clock: context.ports.clock, signal: context.signal }, () => withKubeOnce(context, host, ask));
}

/** Dials, asks, closes; nothing is repeated. */
export async function withKubeOnce<T>(context: StepContext, host: HostName, ask: (api: KubeApi) => Promise<T>): Promise<T> {
  const api = await context.ports.kube.dial(host, { timeoutMs: kubeCallMs, signal: context.signal });
  try {
    return await ask(api);
  } finally {
    await api.close();
  }
}

export async function request(api: KubeApi, context: StepContext, call: KubeCall): Promise<KubeAnswer> {
  return await api.request({ timeoutMs: kubeCallMs, ...call, signal: context.signal });
}

/**
 * Asks the first of `hosts` whose API server is ready. Only choosing is
 * repeated; `ask` runs once, so it may write: a lost answer is settled by looking.
 */
export async function withReadyKube<T>(context: StepContext, hosts: readonly HostName[], ask: (api: KubeApi) => Promise<T>): Promise<T> {
  let refusal: RecoveryError | undefined;
  for (const host of hosts) {
    const isReady = await withKube(
      context,
      host,
      async (api) => (await request(api, context, { method: "GET", path: "/readyz" })).status === 200,
    ).catch((error: unknown) => {
      context.signal.throwIfAborted();
      if (!(error instanceof RecoveryError)) throw error;
      refusal = error;
      return false;
    });
    if (isReady) return await withKubeOnce(context, host, ask);
  }
  throw (
    refusal ?? new RecoveryError("KUBE_API_REFUSED", { subject: `API servers on ${hosts.join(", ")}`, detail: "none of them is ready" })
  );
}

/** The answer's JSON; KUBE_API_REFUSED with the server's own reason for any other status than those accepted. */
export function acceptedJson(answer: KubeAnswer, what: string, accepted: readonly number[] = [200]): unknown {
  const json = jsonOf(answer.text);
  if (accepted.includes(answer.status)) return json;
  throw new RecoveryError("KUBE_API_REFUSED", {
    subject: what,
    detail: `${what}: status ${answer.status}${reasonOf(json)}`,
    ...(answer.status === 429 || answer.status >= 500 ? { retry: "transient" as const } : {}),
  });
}

function reasonOf(json: unknown): string {
  const reason = textAt(json, "reason");
  const message = textAt(json, "message");
  return reason === undefined && message === undefined
    ? ""
    : ` (${[reason, message?.slice(0, 300)].filter((part) => part !== undefined).join(": ")})`;
}
