import { checkBolt } from "../../formats/bbolt/check-bolt.ts";
import { inspectRecords } from "../../formats/etcd/mvcc/inspect-db.ts";
import { hashKv } from "../../formats/etcd/mvcc/hash-kv.ts";
import { RecordBits } from "../../formats/etcd/mvcc/record-bits.ts";
import type { MvccRecord } from "../../formats/etcd/mvcc-records.ts";
import { openMvcc } from "../../formats/etcd/mvcc/open-mvcc.ts";
import { readSchema } from "../../formats/etcd/schema/read-schema.ts";
import { registryPrefixLength } from "../../formats/kubernetes/registry-prefix-length.ts";
import { RegistryPrefixFinder } from "../../formats/kubernetes/registry-prefix-finder.ts";
import { clusterIdOf } from "../../model/ids.ts";
import type { SnapshotDescription } from "../../model/snapshot-description.ts";
import { newHashSeed, showing, type FileContext } from "./file-context.ts";
import { structureOf } from "./inspect-file.ts";
import { metaDamageOf } from "./meta-damage.ts";
import { withState } from "./open-state.ts";
import { resourceNames } from "./resource-names.ts";

export interface DescribeSnapshotRequest {
  readonly path: string;
  /** Of a data dir whose member kept its log elsewhere. */
  readonly walDir?: string | undefined;
  /** By whose rules the hash is made, "3.6.16"; left out: those of the version that the file says. */
  readonly etcdVersion: string | undefined;
}

/** The first problems are enough to say that it is damaged; `snapshot check` has all. */
const problemsShown = 5;

/**
 * What a start from this file or data dir would serve: its log is replayed.
 * A snapshot's sha256 is not looked at: who streamed it compared it as it came.
 * Throws as `withState`.
 */
export function describeSnapshot(context: FileContext, request: DescribeSnapshotRequest): SnapshotDescription {
  return withState(context, { path: request.path, walDir: request.walDir }, (opened) => {
    const beside = opened.startChecks({ sha256: false, structure: true });
    // Where nothing goes on beside it comes first: what is damaged is then told before it is read.
    const here = beside === undefined ? checkBolt(opened.database, { onBytes: showing(context, "checking the structure") }) : undefined;
    const { bolt, loss } = opened.state();
    const logged = opened.dir?.log()?.metadata?.clusterId;
    const records = openMvcc(bolt);
    const schema = readSchema(bolt);
    const registry = new RegistryPrefixFinder();
    const live = new RecordBits();
    const census = inspectRecords(records, {
      hashSeed: newHashSeed(context),
      topKeys: 0,
      live,
      prefixLength: registryPrefixLength,
      onBytes: showing(context, "counting the objects"),
      onRecord: ({ key, value }: MvccRecord) => {
        registry.see(key, value);
      },
    });
    const version = request.etcdVersion ?? schema.schemaVersion;
    const hash = hashKv(records, 0n, { version, live, hashSeed: newHashSeed(context), onBytes: showing(context, "hashing every record") });
    const showStructure = showing(context, "checking the structure");
    const structure = here ?? beside?.wait(showStructure)?.structure ?? checkBolt(opened.database, { onBytes: showStructure });
    const found = structureOf(structure, metaDamageOf(opened, structure.verdict === "good"));
    const nameOf = resourceNames(registry.prefixes());
    return {
      form: opened.form,
      revision: hash.revision,
      compactRevision: hash.compactRevision,
      totalKeys: census.liveKeys,
      hashKv: hash.hash,
      etcdVersion: version,
      objects: census.byPrefix
        .filter((one) => one.liveKeys > 0)
        .map((one) => ({ resource: one.isRest ? "(all others)" : pathForm(nameOf(text(one.prefix))), count: one.liveKeys }))
        .sort((one, other) => (one.resource < other.resource ? -1 : 1)),
      members: schema.members,
      problems: found.problems.slice(0, problemsShown).map(({ what }) => what),
      logLoss: loss,
      ...(logged === undefined ? {} : { clusterId: clusterIdOf(logged) }),
    };
  });
}

/** "deployments.apps" is "apps/deployments"; what is a prefix of keys stays one. */
function pathForm(name: string): string {
  const dot = name.indexOf(".");
  return name.startsWith("/") || name.includes(" ") || dot < 0 ? name : `${name.slice(dot + 1)}/${name.slice(0, dot)}`;
}

const utf8 = new TextDecoder();
function text(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}
