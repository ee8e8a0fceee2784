import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { KubeApi, KubeRequest } from "../../ports/kube-api.ts";
import type { StepContext } from "../step-handler.ts";

/** Kubernetes' own requests give up after 60 s; a small object is answered in milliseconds. */
const requestTimeoutMs = 10_000;

export type Json = { readonly [field: string]: unknown };

export async function withApi<T>(context: StepContext, host: HostName, ask: (api: KubeApi) => Promise<T>): Promise<T> {
  const api = await context.ports.kube.dial(host, { timeoutMs: requestTimeoutMs, signal: context.signal });
  try {
    return await ask(api);
  } finally {
    await api.close();
  }
}

/** The object in a 2xx answer. Throws KUBE_API_REFUSED with status and reason otherwise. */
export async function askJson(api: KubeApi, context: StepContext, request: Omit<KubeRequest, "timeoutMs" | "signal">): Promise<Json> {
  const answer = await api.request({ timeoutMs: requestTimeoutMs, signal: context.signal, ...request });
  if (answer.status < 200 || answer.status > 299) {
    throw new RecoveryError("KUBE_API_REFUSED", { subject: `API server on ${api.host}`, detail: `${request.method} ${request.path.split("?")[0] ?? ""} was answered ${String(answer.status)} ${reasonIn(answer.text)}`.trimEnd() });
  }
  return objectIn(answer.text, api.host);
}

function objectIn(text: string, host: HostName): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject: `API server on ${host}`, detail: "the answer is not JSON", cause });
  }
  if (typeof value !== "object" || value === null) throw new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject: `API server on ${host}`, detail: "the answer is not an object" });
  return value as Json;
}

/** Only the `reason` word of a Status: its message may quote the object. */
function reasonIn(text: string): string {
  return /"reason":\s*"([A-Za-z]+)"/.exec(text)?.[1] ?? "";
}

/** The value at a path of fields and indexes; undefined where there is none. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((part, key) => (typeof part === "object" && part !== null ? (part as { readonly [key: string]: unknown })[key] : undefined), value);
}

export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const list = at(value, ...path);
  return Array.isArray(list) ? list : [];
}

export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const text = at(value, ...path);
  return typeof text === "string" ? text : "";
}
