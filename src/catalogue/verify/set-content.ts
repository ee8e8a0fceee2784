import type { BackupManifest, BackupPart } from "../../model/backup-set.ts";
import type { HostName, MemberId } from "../../model/ids.ts";
import type { LastSeen } from "../../model/inventory.ts";
import type { SealedFacts } from "../../model/sealed-facts.ts";
import type { CertificateReader, KeyMatcher } from "../../ports/certificates.ts";

/** A small part with its text: certificates, keys, settings. Held in memory only. */
export interface TextPart {
  readonly part: BackupPart;
  readonly text: string;
}

/** One key of the API server's encryption at rest, as far as two can be compared: no secret. */
export interface EncryptionKeyFacts {
  readonly provider: string;
  readonly name: string;
  /** sha256 of the secret, hex. */
  readonly secretId: string;
}

/** Everything that V3 compares. Nothing of it is fetched there. */
export interface SetEvidence {
  readonly manifest: BackupManifest;
  readonly texts: readonly TextPart[];
  /** All parts, those of `texts` among them. */
  readonly parts: readonly BackupPart[];
  /** Of each machine's EncryptionConfiguration; `problem`: it cannot be understood. */
  readonly encryption: readonly {
    readonly host: HostName | undefined;
    readonly path: string;
    readonly keys: readonly EncryptionKeyFacts[];
    readonly kmsNames: readonly string[];
    readonly problem: string | undefined;
  }[];
  readonly sealed: SealedFacts;
  /** Members as the snapshot itself names them; undefined: it was not told. */
  readonly snapshotMembers: readonly { readonly id: MemberId; readonly name: string }[] | undefined;
  /** In the set, and what this machine saw of the cluster before the set was made. */
  readonly lastSeen: readonly {
    readonly from: string;
    readonly facts: LastSeen;
    /** By the clock of the machine that made the set. */
    readonly isByItsClock: boolean;
  }[];
  /** Parts of kind last-seen that cannot be understood. */
  readonly unreadLastSeen: readonly string[];
  /** Why nothing was compared with what this machine saw. */
  readonly ownLookProblem?: string | undefined;
  /** For whom the configuration wants sets to be wrapped; undefined: there is no configuration at hand. */
  readonly wantedRecipients: readonly string[] | undefined;
  /** The configuration says that keys of authorities are kept elsewhere. */
  readonly externalAuthorities: boolean;
  readonly nowMs: number;
  readonly certificates: CertificateReader;
  readonly keys: KeyMatcher;
}

/** What one kind of check found. */
export interface CheckedParts {
  readonly problems: readonly string[];
  /** What was compared and agrees, in numbers. */
  readonly compared: readonly string[];
  /** What nobody can settle with the set alone. */
  readonly missing?: readonly string[];
}

/** "cp1:/etc/kubernetes/pki/ca.crt" */
export function placeOf({ host, path }: { readonly host: HostName | undefined; readonly path: string }): string {
  return host === undefined ? path : `${host}:${path}`;
}
