/**
 * The one place where secrets are taken out of text. It works on forms, not
 * on knowledge: private keys, bearer tokens, bootstrap tokens, certificate
 * keys and values of fields that are named like secrets. What it cannot
 * promise: a secret of no special form in a field of no special name.
 * Each form is read in time that grows with the text and not with its square:
 * what is given here may be one line of many MiB that somebody else wrote.
 */
const mark = "[removed: secret]";

/**
 * Names of fields whose value is never shown, also with words before them
 * (DB_PASSWORD, ansible_become_pass). `certificate-key` is kubeadm's;
 * `secretRef` and `token-file` are references and stay; etcd's
 * `initial-cluster-token`, `clusterToken` in our documents, keeps clusters apart and is no secret.
 */
const secretNames =
  "(?:password|passwd|passphrase|secret[_-]?key|secret[_-]?access[_-]?key|client[_-]?secret|api[_-]?key|access[_-]?token|refresh[_-]?token|bearer[_-]?token|certificate[_-]?key|private[_-]?key|client-key-data|[_-]pass|(?<!initial-cluster-|(?<![A-Za-z0-9_-])cluster)token|pwd)(?:[_-]?base64|[_-]?b64)?";

/** Public certificates stay readable on purpose; only private material goes. A block cut off in the middle counts too. */
const pemKey = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----(?! \[removed)[\s\S]*?(?:-----END \1-----|$)/g;
/** Words of base64url and dots, in which a JSON web token may stand. */
const dottedWord = /[\w.-]+/g;
/** haproxy writes a space in a header as `\\ `. */
const bearer = /\b(bearer[\s\\]+)[A-Za-z0-9._~+/=-]{8,}/gi;
const basicLogin = /(authorization\b[\s"':\\]*\bbasic[\s\\]+)[A-Za-z0-9+/=_-]{4,}/gi;
/** curl's, as in the scripts of keepalived. */
const userArgument = /((?:^|\s)(?:-u|--user|--proxy-user)[\s=]+[^\s:="'][^\s:"']*:)(?!\[removed)[^\s"']+/g;
const ageKey = /\bAGE-SECRET-KEY-1[A-Z0-9]+/g;
/** kubeadm: bootstrap tokens are `[a-z0-9]{6}.[a-z0-9]{16}` (cmd/kubeadm bootstraptoken/v1). The id alone is not secret; it stays. */
const bootstrapToken = /\b([a-z0-9]{6})\.[a-z0-9]{16}\b/g;
/** A kubeadm certificate key is 64 hex digits, like every sha256; so only next to its name. */
const certificateKey = /(certificate[\s_-]?key[\s\S]{0,40}?)\b[0-9a-f]{64}\b/gi;
const namedQuoted = new RegExp(`((?:${secretNames})["']?\\s*[:=]\\s*)(["'])(?!\\[removed)(?:\\\\.|(?!\\2)[^\\\\\\n])+\\2`, "gi");
const namedPlain = new RegExp(
  `((?:${secretNames})\\s*[:=]\\s*)(?!["'\\[{]|\\[removed|(?:none|not|no|unknown|valid|expired|missing)(?=[\\s.,;:)]|$))[^\\s"',;}\\]]{4,}`,
  "gi",
);
const namedArgument = new RegExp(`(--[A-Za-z0-9_-]{0,40}(?:${secretNames})\\s+)(?![-\\[<])[^\\s"']{4,}`, "gi");
const keyData = /(\b(?:client-key-data|key-data)["']?\s*:\s*["']?)[A-Za-z0-9+/=]{16,}/gi;
/** keepalived.conf: `auth_pass` and its value, without a colon. */
const keepalivedPassword = /(\bauth_pass\s+)(?!\[removed)[^\s:=]\S*/gi;
/** EncryptionConfiguration: the keys of encryption at rest, base64 of 16 to 32 bytes. */
const encryptionSecret = /((?:^|[\s{,"'-])secret["']?\s*:\s*["']?)(?!\[removed)[A-Za-z0-9+/]{16,}={0,2}/gi;
/** haproxy.cfg: `stats auth user:password`, and user lists. */
const haproxyLogin = /(\bstats\s+auth\s+[^\s:]+:)(?!\[removed)\S+/gi;
const haproxyUser = /(\buser\s+\S+\s+(?:insecure-)?password\s+)(?!\[removed)\S+/gi;
/** A header's name and value without a colon, as haproxy's `http-check send hdr` and `set-header` take them. */
const headerLogin = /(\bX-[A-Za-z-]{0,30}(?:Token|Key|Secret|Auth)[\s\\]+)(?!\[removed)[^\s:;,'"]{6,}/gi;
/** ~/.docker/config.json: base64 of user:password. */
const registryLogin = /(["']auth["']\s*:\s*["'])(?!\[removed)[A-Za-z0-9+/=]{8,}/gi;
/** user:password@ in URLs. */
const urlPassword = /(:\/\/[^\s/:@]+:)[^\s/@]+(@)/g;

/** The same text without secrets. Idempotent. */
export function redactText(text: string): string {
  return text
    .replace(pemKey, (_all, label: string) => `-----BEGIN ${label}----- ${mark}`)
    .replace(dottedWord, withoutWebTokens)
    .replace(bearer, `$1${mark}`)
    .replace(basicLogin, `$1${mark}`)
    .replace(userArgument, `$1${mark}`)
    .replace(ageKey, mark)
    .replace(bootstrapToken, `$1.${mark}`)
    .replace(certificateKey, `$1${mark}`)
    .replace(keyData, `$1${mark}`)
    .replace(encryptionSecret, `$1${mark}`)
    .replace(haproxyLogin, `$1${mark}`)
    .replace(haproxyUser, `$1${mark}`)
    .replace(headerLogin, `$1${mark}`)
    .replace(registryLogin, `$1${mark}`)
    .replace(namedQuoted, `$1$2${mark}$2`)
    .replace(namedPlain, `$1${mark}`)
    .replace(namedArgument, `$1${mark}`)
    .replace(keepalivedPassword, `$1${mark}`)
    .replace(urlPassword, `$1${mark}$2`);
}

/** RFC 7519: three base64url parts; the first of a JSON object starts with eyJ. Service-account tokens have this form. */
function withoutWebTokens(word: string): string {
  if (!word.includes("eyJ")) return word;
  const parts = word.split(".");
  const shown: string[] = [];
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at] ?? "";
    const start = part.search(/(?<!\w)eyJ/);
    const isToken = start >= 0 && part.length - start >= 11 && (parts[at + 1] ?? "").length >= 8 && at + 2 < parts.length;
    shown.push(isToken ? `${part.slice(0, start)}${mark}` : part);
    if (isToken) at += 2;
  }
  return shown.join(".");
}

const wholeSecretName = new RegExp(`^(?:[A-Za-z0-9_-]*(?:${secretNames})|secret)$`, "i");

/**
 * The same document with every text in it redacted, and the values of fields
 * named like secrets removed whole. Takes plain data: objects, arrays, texts,
 * numbers, bigints, booleans, null.
 */
export function redactDocument<T>(value: T): T {
  return redacted(value) as T;
}

function redacted(value: unknown): unknown {
  if (typeof value === "string") return redactText(value);
  if (Array.isArray(value)) return value.map(redacted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]): [string, unknown] =>
      wholeSecretName.test(name) ? [name, removedWhole(inner)] : [name, redacted(inner)],
    ),
  );
}

/** Every text in it is the secret, or part of it; numbers and flags say nothing. */
function removedWhole(value: unknown): unknown {
  if (typeof value === "string") return value === "" ? value : mark;
  if (Array.isArray(value)) return value.map(removedWhole);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]): [string, unknown] => [name, removedWhole(inner)]));
}
