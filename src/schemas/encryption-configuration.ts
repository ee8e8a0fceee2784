import * as z from "zod";
import { RecoveryError } from "../model/recovery-error.ts";
import { placeYaml } from "./yaml-places.ts";

/** A key of the API server's encryption at rest; the same shape as SealKey of src/formats/kubernetes. The secret must not be printed. */
export interface EncryptionKey {
  readonly provider: "aescbc" | "aesgcm" | "secretbox";
  readonly name: string;
  readonly secret: Uint8Array;
}

export interface EncryptionFacts {
  /** In the order of the file: the API server tries keys of the same name in that order. */
  readonly keys: readonly EncryptionKey[];
  /** KMS plugins that are named; what they sealed, only they open. */
  readonly kmsNames: readonly string[];
  /** Resources of each block: "secrets", "configmaps", "*.*". */
  readonly resources: readonly string[];
}

const keyList = z.object({ keys: z.array(z.object({ name: z.string().min(1), secret: z.string() })).min(1) });
const provider = z.object({
  aescbc: keyList.optional(),
  aesgcm: keyList.optional(),
  secretbox: keyList.optional(),
  identity: z.unknown().optional(),
  kms: z.object({ name: z.string() }).optional(),
});
const schema = z.object({
  /** EncryptionConfig is its name before Kubernetes 1.13. */
  kind: z.enum(["EncryptionConfiguration", "EncryptionConfig"]),
  apiVersion: z.string(),
  resources: z.array(z.object({ resources: z.array(z.string()).default([]), providers: z.array(provider) })).min(1),
});

const secretBytes = { aescbc: [16, 24, 32], aesgcm: [16, 24, 32], secretbox: [32] } as const;

/**
 * The file behind the API server's `--encryption-provider-config`. Source:
 * k8s.io/apiserver pkg/apis/apiserver/v1/types_encryption.go.
 * ENCRYPTION_CONFIG_INVALID with line and column; no secret is quoted.
 */
export function readEncryptionConfiguration(text: string, path: string): EncryptionFacts {
  const yaml = placeYaml(text);
  const fail = (at: readonly (string | number)[], message: string): RecoveryError => {
    const place = yaml.placeOf(at);
    return new RecoveryError("ENCRYPTION_CONFIG_INVALID", {
      subject: `file ${path}`,
      detail: `${path}:${place.line}:${place.column}: ${message}`,
    });
  };
  const syntax = yaml.syntaxProblems[0];
  // The parser's own message may quote the line, and with it a secret.
  if (syntax !== undefined)
    throw new RecoveryError("ENCRYPTION_CONFIG_INVALID", {
      subject: `file ${path}`,
      detail: `${path}:${syntax.line}:${syntax.column}: it is not YAML`,
    });
  const parsed = schema.safeParse(yaml.value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const at = (issue?.path ?? []).map((key) => (typeof key === "number" ? key : String(key)));
    throw fail(at, `not an EncryptionConfiguration: ${at.join(".") || "the file"}: ${issue?.message ?? "unexpected form"}`);
  }
  const keys: EncryptionKey[] = [];
  const kmsNames: string[] = [];
  parsed.data.resources.forEach((block, blockIndex) => {
    block.providers.forEach((entry, providerIndex) => {
      if (entry.kms !== undefined) kmsNames.push(entry.kms.name);
      for (const name of ["aescbc", "aesgcm", "secretbox"] as const) {
        entry[name]?.keys.forEach((key, keyIndex) => {
          const secret = fromBase64(key.secret);
          const at = ["resources", blockIndex, "providers", providerIndex, name, "keys", keyIndex, "secret"];
          if (secret === undefined) throw fail(at, `the secret of key ${JSON.stringify(key.name)} is not base64`);
          const lengths: readonly number[] = secretBytes[name];
          if (!lengths.includes(secret.length))
            throw fail(at, `the secret of key ${JSON.stringify(key.name)} has ${secret.length} bytes; ${name} takes ${lengths.join(", ")}`);
          keys.push({ provider: name, name: key.name, secret });
        });
      }
    });
  });
  return { keys, kmsNames, resources: parsed.data.resources.flatMap((block) => block.resources) };
}

/** Standard base64 with padding, as Go's base64.StdEncoding takes it. */
function fromBase64(text: string): Uint8Array | undefined {
  const compact = text.replace(/[\r\n]/g, "");
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined;
  return Uint8Array.from(atob(compact), (letter) => letter.charCodeAt(0));
}
