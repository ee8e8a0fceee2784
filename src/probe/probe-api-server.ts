import type { HostName } from "../model/ids.ts";
import type { ApiServerFacts, ProbeAnswer } from "../model/inventory.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import type { KubeApi, KubeAnswer } from "../ports/kube-api.ts";
import { parseJson, recordOf, stringAt } from "./json-value.ts";
import { observe, type RoundClock } from "./observe.ts";

/** Answers here are small; more than this is not an answer to these questions. */
const answerBytesMax = 4 * 1024 * 1024;
/** kube-system is where a control plane may always write; nothing is stored by a dry run. */
const dryRunPath = "/api/v1/namespaces/kube-system/configmaps?dryRun=All";
const dryRunObject = { apiVersion: "v1", kind: "ConfigMap", metadata: { generateName: "requorum-dry-run-" }, data: {} };

/** PB11 of one API server at its node, all at once. `client` may still be dialling. */
export async function probeApiServer(
  round: RoundClock,
  host: HostName,
  client: Promise<KubeApi>,
  limits: { readonly callMs: number; readonly dialMs: number },
): Promise<ApiServerFacts> {
  const ask = <T>(question: (request: (path: string, body?: unknown) => Promise<KubeAnswer>) => Promise<T>) =>
    observe(round, { source: `PB11 ${host} kube-apiserver`, limitMs: limits.dialMs + limits.callMs }, async (limitMs) => {
      const api = await client;
      const timeoutMs = Math.min(limits.callMs, limitMs, round.remainingMs());
      return question((path, body) =>
        api.request({
          method: body === undefined ? "GET" : "POST",
          path,
          ...(body === undefined ? {} : { body }),
          timeoutMs,
          answerBytesMax,
          signal: round.signal,
        }),
      );
    });
  const timed = async (call: () => Promise<unknown>): Promise<number> => {
    const startedMs = round.clock.monotonicMs();
    await call();
    return Math.round((round.clock.monotonicMs() - startedMs) * 10) / 10;
  };
  const [livez, readyz, listMs, dryRunWriteMs, kubeSystemUid, version] = await Promise.all([
    ask(async (request) => parseHealth(await request("/livez?verbose"))),
    ask(async (request) => parseHealth(await request("/readyz?verbose"))),
    ask((request) => timed(async () => expectSuccess(await request("/api/v1/namespaces/kube-system/configmaps?limit=5"), "list"))),
    ask((request) => timed(async () => expectSuccess(await request(dryRunPath, dryRunObject), "dry-run write"))),
    ask(async (request) =>
      required(
        stringAt(
          parseJson(expectSuccess(await request("/api/v1/namespaces/kube-system"), "namespace kube-system"), "namespace kube-system"),
          "metadata",
          "uid",
        ),
        "uid of namespace kube-system",
      ),
    ),
    ask(async (request) =>
      required(stringAt(parseJson(expectSuccess(await request("/version"), "version"), "version"), "gitVersion"), "gitVersion"),
    ),
  ]);
  return { livez, readyz, listMs, dryRunWriteMs, kubeSystemUid, version };
}

/** Body of `/readyz?verbose`: "[+]ping ok", "[-]etcd failed: reason withheld" (k8s.io/apiserver, pkg/server/healthz). */
export function parseHealth(answer: KubeAnswer): ProbeAnswer {
  const failedChecks = [...answer.text.matchAll(/^\[-\](\S+) /gm)].map((match) => match[1] ?? "");
  return { httpStatus: answer.status, failedChecks };
}

/** The text of a 2xx answer. Throws KUBE_API_REFUSED with status and reason; never the body, it may hold a Secret. */
export function expectSuccess(answer: KubeAnswer, what: string): string {
  if (answer.status >= 200 && answer.status < 300) return answer.text;
  throw new RecoveryError("KUBE_API_REFUSED", {
    subject: what,
    detail: `${what}: HTTP ${String(answer.status)} ${reasonWord(answer.text)}`.trim(),
  });
}

/** `reason` of a metav1.Status is a single CamelCase word. */
function reasonWord(text: string): string {
  try {
    const reason = recordOf(JSON.parse(text))?.["reason"];
    return typeof reason === "string" && /^[A-Za-z]{1,60}$/.test(reason) ? reason : "";
  } catch {
    // A proxy's or haproxy's own page is no Status; the HTTP code says what there is to say.
    return "";
  }
}

function required(value: string | undefined, what: string): string {
  if (value === undefined)
    throw new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject: what, detail: `${what} is missing in the answer` });
  return value;
}
