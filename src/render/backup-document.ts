import type { ScheduleSummary } from "../model/backup-schedule.ts";
import type { BackupManifest, BackupMark, BackupPart, BackupPartKind, ProofLevel, ProvenStanding } from "../model/backup-set.ts";
import type { SeenSet } from "../model/seen-sets.ts";

/** What is shown of one set, in a list and alone. */
export interface BackupSetSummary {
  readonly id: string;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly program: string;
  readonly cluster: string;
  readonly clusterId: string | undefined;
  readonly kubernetesVersion: string | undefined;
  readonly etcdVersion: string | undefined;
  readonly form: "stream" | "data-dir";
  readonly sourceHost: string;
  readonly sourceMember: string | undefined;
  readonly revision: bigint;
  readonly compactRevision: bigint;
  readonly totalKeys: number;
  readonly hashKv: number;
  readonly snapshotBytes: bigint;
  /** Of all packs that it needs; sets share them. */
  readonly storedBytes: bigint;
  readonly keyId: string;
  readonly marks: readonly BackupMark[];
}

/** What was proven of a set, and what it is worth by that. */
export interface BackupProofSummary {
  /** The highest level that holds, with all before it; undefined: not even the first. */
  readonly level: ProofLevel | undefined;
  readonly at: string;
  /** 0 to 100: how likely a restore works. */
  readonly score: number;
  /** What was taken off the score, and why. */
  readonly because: readonly string[];
  /** How long it took in the sandbox from the first byte until etcd, and the API, answered. */
  readonly expectedRto: { readonly etcdSeconds: number; readonly apiSeconds: number | undefined } | undefined;
}

export interface BackupCreatedDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "BackupCreated";
  readonly store: string;
  readonly tookSeconds: number;
  readonly set: BackupSetSummary;
  /** Of other sets of the store. */
  readonly remarks: readonly string[];
}

export interface BackupListDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "BackupList";
  readonly cluster: string;
  readonly store: string;
  /** Of this machine: what other machines put into `backup.signers` to trust its sets; undefined: it signed nothing yet. */
  readonly publicKey: string | undefined;
  /** Of this machine; undefined: nothing is scheduled here. */
  readonly schedule: ScheduleSummary | undefined;
  /** Was the newest when this machine last looked, and is gone. */
  readonly lost: SeenSet | undefined;
  /** false: nothing of a store is there. */
  readonly isStore: boolean;
  /** What else is not as it should be, of the store as a whole. */
  readonly remarks: readonly string[];
  readonly sets: readonly ListedBackup[];
}

export type ListedBackup =
  | {
      readonly state: "trusted" | "untrusted";
      /** Of an untrusted one `unknown`. */
      readonly standing: ProvenStanding;
      /** Why it is not trusted, or why it fails or is not known; "" otherwise. */
      readonly because: string;
      /** undefined: it is dated in the future. */
      readonly ageSeconds: number | undefined;
      readonly set: BackupSetSummary;
      readonly proof: BackupProofSummary | undefined;
    }
  | { readonly state: "damaged"; readonly because: string; readonly object: string };

export interface BackupSetDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "BackupSet";
  readonly store: string;
  readonly state: "trusted" | "untrusted";
  /** As in the list, and so is why. */
  readonly standing: ProvenStanding;
  readonly because: string;
  /** undefined: it is dated in the future. */
  readonly ageSeconds: number | undefined;
  readonly manifestSha256: string;
  readonly signers: readonly string[];
  readonly set: BackupSetSummary;
  readonly members: BackupManifest["cluster"]["members"];
  readonly contents: readonly { readonly kind: BackupPartKind; readonly host: string | undefined; readonly count: number }[];
  readonly objects: readonly { readonly resource: string; readonly count: number }[];
  /** Who can open it. */
  readonly recipients: readonly string[];
  readonly opensWithPassphrase: boolean;
  readonly packs: number;
  readonly proof: BackupProofSummary | undefined;
  /** Of the machine that was asked for, in order of their paths; undefined: none was. */
  readonly files: readonly SetFile[] | undefined;
}

export interface SetFile extends Pick<BackupPart, "kind" | "path" | "type" | "target" | "sizeBytes"> {
  readonly host: string;
  /** "0600" */
  readonly mode: string;
  readonly modifiedAt: string;
}

export function setSummary(manifest: BackupManifest): BackupSetSummary {
  const { cluster, snapshot } = manifest;
  return {
    id: manifest.id,
    createdAt: manifest.createdAt,
    createdBy: manifest.createdBy,
    program: manifest.program,
    cluster: cluster.name,
    clusterId: cluster.clusterId,
    kubernetesVersion: cluster.kubernetesVersion,
    etcdVersion: cluster.etcdVersion,
    form: snapshot.form,
    sourceHost: snapshot.sourceHost,
    sourceMember: snapshot.sourceMember,
    revision: snapshot.revision,
    compactRevision: snapshot.compactRevision,
    totalKeys: snapshot.totalKeys,
    hashKv: snapshot.hashKv,
    snapshotBytes: snapshot.sizeBytes,
    storedBytes: manifest.packs.reduce((sum, pack) => sum + BigInt(pack.sizeBytes), 0n),
    keyId: manifest.key.keyId,
    marks: manifest.marks,
  };
}

/** Everything that the manifest says, without a key; and the files that were asked for. */
export function setDocument(
  manifest: BackupManifest,
  {
    files,
    ...seen
  }: Pick<BackupSetDocument, "store" | "state" | "standing" | "because" | "ageSeconds" | "manifestSha256" | "signers" | "proof"> & {
    readonly files: readonly BackupPart[] | undefined;
  },
): BackupSetDocument {
  return {
    apiVersion: "requorum/v1",
    kind: "BackupSet",
    ...seen,
    files: files?.map(({ kind, host, path, type, target, sizeBytes, mode, modifiedAt }) => ({
      kind,
      host: host ?? "",
      path,
      type,
      target,
      sizeBytes,
      mode: mode.toString(8).padStart(4, "0"),
      modifiedAt: new Date(modifiedAt * 1000).toISOString(),
    })),
    set: setSummary(manifest),
    members: manifest.cluster.members,
    contents: manifest.contents,
    objects: manifest.snapshot.objects,
    recipients: [...new Set(manifest.key.wrapped.flatMap((one) => one.recipients))],
    opensWithPassphrase: manifest.key.wrapped.some((one) => one.for === "passphrase"),
    packs: manifest.packs.length,
  };
}
