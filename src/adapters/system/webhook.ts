import { readFile } from "node:fs/promises";
import { request as requestHttp } from "node:http";
import { request as requestHttps, type RequestOptions } from "node:https";
import { rootCertificates } from "node:tls";
import { setTimeout as wait } from "node:timers/promises";
import { RecoveryError } from "../../model/recovery-error.ts";
import { isWebhookAddress, webhookAddressWords } from "../../schemas/backup-webhook-schema.ts";

/** A receiver that takes longer is not there for anybody; with three tries the timer's program waits half a minute in all. */
const tryMsMax = 8000;
/** Before the second and the third try. */
const waitsMs = [1000, 5000] as const;
const addressBytesMax = 4096;

export interface WebhookTarget {
  readonly url?: string;
  readonly urlFile?: string;
  readonly caFile?: string;
}

interface Answer {
  readonly kind: "taken" | "refused" | "again";
  readonly why: string;
}

/**
 * Posts one JSON text. The certificate is checked whatever the environment
 * says; redirections are not followed, as they could lead the message away.
 * Receivers may get it twice, when an answer was lost. BACKUP_WEBHOOK_FAILED,
 * whose text has nothing of the address: it may hold a token.
 */
export async function postWebhook(
  target: WebhookTarget,
  body: string,
  options: { readonly waitsMs?: readonly number[] } = {},
): Promise<void> {
  const address = new URL(await addressOf(target));
  const ca = target.caFile === undefined ? undefined : await textOf(target.caFile, "the CA");
  const waits = options.waitsMs ?? waitsMs;
  let last: Answer = { kind: "again", why: "" };
  for (let attempt = 0; attempt <= waits.length; attempt += 1) {
    if (attempt > 0) await wait(waits[attempt - 1]);
    last = await post(address, body, ca);
    if (last.kind === "taken") return;
    if (last.kind === "refused") break;
  }
  throw failed(last.kind === "refused" ? last.why : `${last.why}, ${String(waits.length + 1)} times`);
}

async function addressOf({ url, urlFile }: WebhookTarget): Promise<string> {
  if (url !== undefined) return url;
  if (urlFile === undefined) throw failed("no address is configured");
  const [line = ""] = (await textOf(urlFile, "the address")).split(/\r?\n/);
  if (line.length > addressBytesMax || !isWebhookAddress(line.trim()))
    throw failed(`the first line of ${urlFile} is not ${webhookAddressWords}`);
  return line.trim();
}

async function textOf(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw failed(`${what} could not be read from ${path} (${codeOf(error)})`);
  }
}

function post(address: URL, body: string, ca: string | undefined): Promise<Answer> {
  return new Promise((resolve) => {
    const options: RequestOptions = {
      method: "POST",
      headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body), "user-agent": "requorum" },
      signal: AbortSignal.timeout(tryMsMax),
      agent: false,
    };
    const tls: RequestOptions = { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }) };
    const sending = address.protocol === "https:" ? requestHttps(address, { ...options, ...tls }) : requestHttp(address, options);
    sending.on("error", (error) => {
      const code = codeOf(error);
      const why = code === "ABORT_ERR" ? `no answer within ${String(tryMsMax / 1000)} s` : `the connection failed (${code})`;
      // A certificate that is wrong now is wrong in five seconds.
      resolve({ kind: /CERT|SIGNATURE|ALTNAME/.test(code) ? "refused" : "again", why });
    });
    sending.on("response", (response) => {
      // What it says beyond the status is of no use, and must not be waited for.
      response.destroy();
      const status = response.statusCode ?? 0;
      resolve({ kind: kindOf(status), why: `the answer was HTTP ${String(status)}` });
    });
    // An answer that changes the protocol (101) is neither of the two, and the signal's time ends nothing after it.
    sending.on("upgrade", (_response, socket) => {
      socket.destroy();
      resolve({ kind: "refused", why: "the answer was HTTP 101" });
    });
    sending.on("close", () => {
      resolve({ kind: "again", why: "the connection was closed without an answer" });
    });
    sending.end(body);
  });
}

function kindOf(status: number): Answer["kind"] {
  if (status >= 200 && status < 300) return "taken";
  return status === 429 || status >= 500 ? "again" : "refused";
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown error";
  if (error.name === "AbortError" || error.name === "TimeoutError") return "ABORT_ERR";
  return (error as NodeJS.ErrnoException).code ?? "unknown error";
}

function failed(detail: string): RecoveryError {
  return new RecoveryError("BACKUP_WEBHOOK_FAILED", { subject: "the webhook", detail });
}
