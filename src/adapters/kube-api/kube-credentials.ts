import { parseDocument } from "yaml";
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
 * when it is not a kubeconfig with a certificate in it; errors of HostAccess as they are.
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
  const document = parseDocument(text);
  const malformed = (detail: string) =>
    new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject: from.subject, detail: `${from.source}: ${detail}` });
  // The parser's own message quotes the line, which may be a private key.
  if (document.errors.length > 0) throw malformed("it is not YAML");
  const root: unknown = document.toJS();
  const context = named(root, "contexts", "context", field(root, "current-context"));
  const cluster = named(root, "clusters", "cluster", field(context, "cluster"));
  const user = named(root, "users", "user", field(context, "user"));
  const pem = (entry: unknown, name: string): string => {
    const value = field(entry, name);
    if (typeof value !== "string" || value === "") throw malformed(`the current context has no ${name}`);
    return Buffer.from(value, "base64").toString("utf8");
  };
  return {
    ca: pem(cluster, "certificate-authority-data"),
    certificate: pem(user, "client-certificate-data"),
    key: pem(user, "client-key-data"),
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
