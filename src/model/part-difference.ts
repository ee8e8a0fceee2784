import type { FileState, RestorableKind } from "./restored-file.ts";

/** One file of a set beside what lies at its place. Never a key, a token or any other secret. */
export interface PartDifference {
  readonly path: string;
  readonly kind: RestorableKind;
  readonly change: "same" | "differs" | "missing" | "only-on-machine" | "not-replaceable" | "unknown";
  /** "a file, 600, 0:0" in parts; undefined: not known, or not in the set. */
  readonly now: FileState | undefined;
  readonly becomes: FileState | undefined;
  /** Do content and owner or mode differ? Only of what differs. */
  readonly contentDiffers: boolean;
  readonly certificates: { readonly now: readonly CertificateLine[]; readonly becomes: readonly CertificateLine[] };
  /** sha256 of the public half of a key, hex. */
  readonly publicKey: { readonly now: string | undefined; readonly becomes: string | undefined };
  /** Configuration without secrets in both forms; undefined: its kind, or what stands in it, may be secret. */
  readonly text: { readonly now: string; readonly becomes: string } | undefined;
  /** Where links lead to. */
  readonly target: { readonly now: string | undefined; readonly becomes: string | undefined };
}

export interface CertificateLine {
  readonly subject: string;
  readonly issuer: string;
  readonly serial: string | undefined;
  readonly notAfter: string;
  /** sha256 of the public key, hex. */
  readonly publicKeyId: string | undefined;
}
