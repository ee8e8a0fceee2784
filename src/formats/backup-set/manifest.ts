import type { BackupManifest, BackupMark, BackupPartKind, StoredObjectRef, WrappedDataKey } from "../../model/backup-set.ts";
import { clusterNameForm, clusterNameWords } from "../../model/cluster-config.ts";
import { asBackupSetId, asClusterId, asHostName, asMemberId, type BackupSetId } from "../../model/ids.ts";
import type { RecoveryError } from "../../model/recovery-error.ts";
import { utf8 } from "./byte-text.ts";
import { JsonFields, jsonOfBytes } from "./json-fields.ts";
import { setDamaged, setUnsupported } from "./set-errors.ts";
import { backupApiVersion } from "./signed-document.ts";

export const backupPartKinds: readonly BackupPartKind[] = [
  "snapshot",
  "pki",
  "encryption-config",
  "static-pod",
  "kubelet",
  "container-runtime",
  "load-balancer",
  "kubeconfig",
  "cluster-record",
  "last-seen",
];
const markCodes: readonly BackupMark["code"][] = [
  "NO_QUORUM",
  "MEMBER_UNHEALTHY",
  "MEMBERS_DISAGREE",
  "OFFLINE_COPY",
  "MACHINE_UNREACHED",
  "PART_MISSING",
  "FILES_LEFT_OUT",
  "API_DOWN",
  "OLDER_THAN_LAST_SEEN",
  "OTHER_CLUSTER_ID",
  "CHANGED_WHILE_TAKEN",
  "CLOCK_WENT_BACK",
];

/** Counts beyond these are no manifest of ours: lists of a reader must end. */
const machinesMax = 10_000;
const packsMax = 1_000_000;
const recipientsMax = 1_000;
/** 256 MiB of index are sets of some 100 GiB. */
export const indexBytesMax = 256 * 1024 * 1024;
/** Writers begin a new pack at 16 MiB; another writer may choose more. */
export const packBytesMax = 1024 * 1024 * 1024;
export const setPartsMax = 1_000_000;

/** The payload of a signed manifest. BACKUP_SET_DAMAGED, BACKUP_SET_UNSUPPORTED. `id`: the one that the object's name says. */
export function parseManifest(payload: string, id: BackupSetId): BackupManifest {
  const failure = (where: string, what: string) => setDamaged(id, where === "" ? "manifest" : `manifest: ${where}`, what);
  const fields = new JsonFields(jsonOfBytes(utf8(payload), failure), "", failure);
  if (fields.text("apiVersion") !== backupApiVersion) throw setUnsupported(id, `its manifest is of ${fields.text("apiVersion")}`);
  fields.oneOf("kind", ["BackupManifest"]);
  const said = fields.branded("id", asBackupSetId);
  if (said !== id) throw failure("id", `it is the manifest of ${said}, under the name of ${id}`);
  const createdAt = fields.matching("createdAt", /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,12}Z$/, "a time, ISO 8601 in UTC");
  return {
    apiVersion: backupApiVersion,
    kind: "BackupManifest",
    id,
    createdAt,
    program: fields.text("program"),
    createdBy: fields.text("createdBy"),
    cluster: readCluster(fields.object("cluster")),
    snapshot: readSnapshot(fields.object("snapshot")),
    contents: fields.objects("contents", machinesMax, (entry) => ({
      kind: entry.oneOf("kind", backupPartKinds, unknownKind(id)),
      host: entry.optionalBranded("host", asHostName),
      count: entry.count("count", setPartsMax),
    })),
    marks: fields.objects("marks", machinesMax, (entry) => ({
      code: entry.oneOf("code", markCodes, (word) =>
        setUnsupported(id, `it has a mark ${JSON.stringify(word)} that this version does not know`),
      ),
      because: entry.text("because"),
    })),
    key: readKey(fields.object("key")),
    index: readObjectRef(fields.object("index"), indexBytesMax),
    packs: fields.objects("packs", packsMax, (entry) => readObjectRef(entry, packBytesMax)),
  };
}

/** A kind of part that a later version may have begun to collect: the set is not damaged by that. */
export function unknownKind(id: BackupSetId): (word: string) => RecoveryError {
  return (word) => setUnsupported(id, `it has parts of a kind ${JSON.stringify(word)} that this version does not know`);
}

function readCluster(fields: JsonFields): BackupManifest["cluster"] {
  return {
    name: fields.matching("name", clusterNameForm, clusterNameWords),
    platform: fields.text("platform"),
    etcdTopology: fields.oneOf("etcdTopology", ["stacked", "external"]),
    clusterId: fields.optionalBranded("clusterId", asClusterId),
    kubernetesVersion: fields.optionalText("kubernetesVersion"),
    etcdVersion: fields.optionalText("etcdVersion"),
    members: fields.objects("members", machinesMax, (entry) => ({
      id: entry.branded("id", asMemberId),
      name: entry.text("name"),
      isLearner: entry.flag("isLearner"),
      peerUrls: entry.texts("peerUrls", 100),
    })),
  };
}

function readSnapshot(fields: JsonFields): BackupManifest["snapshot"] {
  return {
    form: fields.oneOf("form", ["stream", "data-dir"]),
    sourceHost: fields.branded("sourceHost", asHostName),
    sourceMember: fields.optionalBranded("sourceMember", asMemberId),
    sizeBytes: fields.bigint("sizeBytes"),
    sha256: fields.has("sha256") ? fields.sha256("sha256") : undefined,
    revision: fields.bigint("revision"),
    totalKeys: fields.count("totalKeys"),
    hashKv: fields.count("hashKv", 0xffff_ffff),
    compactRevision: fields.bigint("compactRevision"),
    objects: fields.objects("objects", setPartsMax, (entry) => ({ resource: entry.text("resource"), count: entry.count("count") })),
  };
}

function readKey(fields: JsonFields): WrappedDataKey {
  return {
    keyId: fields.matching("keyId", /^[0-9a-f]{16}$/, "16 hex digits"),
    wrapped: fields.objects("wrapped", recipientsMax, (entry) => ({
      for: entry.oneOf("for", ["recipients", "passphrase"]),
      recipients: entry.texts("recipients", recipientsMax),
      age: entry.text("age", 1024 * 1024),
    })),
  };
}

function readObjectRef(fields: JsonFields, sizeBytesMax: number): StoredObjectRef {
  return { sha256: fields.sha256("sha256"), sizeBytes: fields.count("sizeBytes", sizeBytesMax) };
}
