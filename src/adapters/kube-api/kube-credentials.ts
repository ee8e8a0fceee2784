import { parsedIfSure } from "../../formats/machine/host-mounts.ts";
import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { HostAccess } from "../../ports/host-access.ts";

/** PEM text. Held in memory only; never logged, never in an error. */
export interface KubeCredentials {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  /** Path of the kubeconfig on its host, for error texts. */
  readonly source: string;
}

/**
 * The credentials in the first of `candidates` that the host has. The
 * `server` in the file is not used: it is the VIP.
 * KUBE_CREDENTIALS_MISSING when there is no such file, REMOTE_ANSWER_MALFORMED
 * when it is not a kubeconfig with certificates and a key in it; errors of HostAccess as they are.
 */
export async function readKubeCredentials(
  hostAccess: HostAccess,
  host: HostName,
  options: { readonly candidates: readonly string[]; readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<KubeCredentials> {
  const { candidates, timeoutMs, signal } = options;
  const files = await hostAccess.readFirst(host, {
    reason: "read the administrator's kubeconfig",
    groups: candidates.map((path) => [path]),
    timeoutMs,
    ...(signal === undefined ? {} : { signal }),
  });
  const subject = `host ${host}`;
  const [file] = files ?? [];
  if (file === undefined)
    throw new RecoveryError("KUBE_CREDENTIALS_MISSING", { subject, detail: `none of these is there: ${candidates.join(", ")}` });
  return parseKubeconfig(new TextDecoder().decode(file.content), { source: file.path, subject });
}

/** The current context's cluster CA and the user's client certificate. Error texts never quote the file. */
export function parseKubeconfig(text: string, from: { readonly source: string; readonly subject: string }): KubeCredentials {
  const malformed = (detail: string) =>
    new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject: from.subject, detail: `${from.source}: ${detail}` });
  const root = parsedIfSure(text);
  // The parser's own message quotes the line, which may be a private key.
  if (root === undefined) throw malformed("it is not YAML of at most 64 KiB in which every key counts once");
  const context = named(root, "contexts", "context", field(root, "current-context"));
  const cluster = named(root, "clusters", "cluster", field(context, "cluster"));
  const user = named(root, "users", "user", field(context, "user"));
  const pem = (entry: unknown, name: string, label: RegExp): string => {
    const value = field(entry, name);
    if (typeof value !== "string" || value === "") throw malformed(`the current context has no ${name}`);
    const decoded = Buffer.from(value, "base64").toString("utf8");
    // Without a CA Node would trust its own, without a certificate it would send none: neither without a word.
    if (!label.test(decoded)) throw malformed(`${name} does not hold what it should, in PEM`);
    return decoded;
  };
  return {
    ca: pem(cluster, "certificate-authority-data", /-----BEGIN CERTIFICATE-----/),
    certificate: pem(user, "client-certificate-data", /-----BEGIN CERTIFICATE-----/),
    key: pem(user, "client-key-data", /-----BEGIN [A-Z ]*PRIVATE KEY-----/),
    source: from.source,
  };
}

/** `root[list]` is a list of { name, [kind]: … }: the one of this name. */
function named(root: unknown, list: string, kind: string, name: unknown): unknown {
  const entries = field(root, list);
  if (!Array.isArray(entries)) return undefined;
  return field(
    entries.find((entry: unknown) => field(entry, "name") === name),
    kind,
  );
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: unknown })[name]
    : undefined;
}
