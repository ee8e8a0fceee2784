import type { BoltCheck } from "../../formats/bbolt/bolt-check.ts";
import { inspectDb, type DbInspection } from "../../formats/etcd/mvcc/inspect-db.ts";
import type { PrefixCount, TopKey } from "../../formats/etcd/mvcc/key-census.ts";
import type { MvccRecord } from "../../formats/etcd/mvcc-records.ts";
import { readSchema } from "../../formats/etcd/schema/read-schema.ts";
import { registryPrefixLength } from "../../formats/kubernetes/registry-prefix-length.ts";
import { RegistryPrefixFinder } from "../../formats/kubernetes/registry-prefix-finder.ts";
import type { FileInspection, FileStructure, KeySize, MetaDamage, ResourceSize } from "../../model/file-inspection.ts";
import { startChecks } from "./check-trailer.ts";
import { newHashSeed, showing, type FileContext } from "./file-context.ts";
import { metaDamageOf } from "./meta-damage.ts";
import { withState, type OpenState } from "./open-state.ts";
import { resourceNames } from "./resource-names.ts";
import { stateRemarks } from "./state-remarks.ts";

/**
 * Everything that a snapshot, a database or the database of a data dir says of
 * itself: the numbers of `etcdutl snapshot status`, the checksum that it does
 * not look at, the structure, members, and what fills it.
 */
export function inspectFile(context: FileContext, path: string, options: { readonly walDir?: string | undefined } = {}): FileInspection {
  return withState(context, { path, walDir: options.walDir }, (opened) => {
    const checks = startChecks(context, opened, { structure: true });
    const bolt = opened.stored();
    const schema = readSchema(bolt);
    const registry = new RegistryPrefixFinder();
    const onRecord = ({ key, value }: MvccRecord): void => {
      registry.see(key, value);
    };
    const found = inspectDb(bolt, {
      hashSeed: newHashSeed(context),
      onBytes: showing(context, "reading every record"),
      prefixLength: registryPrefixLength,
      onRecord,
    });
    const structure = checks.structure();
    const metaDamage = metaDamageOf(opened, structure.verdict === "good");
    const registryPrefixes = registry.prefixes();
    const nameOf = resourceNames(registryPrefixes);
    return {
      file: path,
      form: opened.form,
      fileSizeBytes: opened.fileSizeBytes,
      sha256: checks.trailer(),
      hash: found.status.hash.toString(16),
      hashDecimal: found.status.hash,
      revision: found.status.revision,
      totalKeys: found.status.totalLiveKeys,
      totalEntries: found.status.totalEntries,
      totalSizeBytes: found.status.sizeBytes,
      freeSizeBytes: structure.freePageCount * bolt.meta.pageSizeBytes,
      storageVersion: schema.storageVersion,
      schemaVersion: schema.schemaVersion,
      clusterVersion: schema.clusterVersion,
      consistentIndex: schema.consistentIndex,
      term: schema.term,
      compactRevision: found.compactRevision,
      scheduledCompactRevision: found.scheduledCompactRevision,
      members: schema.members,
      removedMembers: schema.removed.length,
      leases: schema.leaseCount,
      alarms: schema.alarms,
      auth: {
        isEnabled: schema.auth.isEnabled,
        users: schema.auth.users.map((user) => user.name),
        roles: schema.auth.roles.map((role) => role.name),
      },
      registryPrefix: registryPrefixes[0],
      byResource: found.byPrefix.map((one) => resourceSize(one, nameOf)),
      largest: found.topBySize.map(keySize),
      growers: found.topByTotalBytes.map(keySize),
      structure: structureOf(structure, metaDamage, found),
      metaDamage,
      ...(structure.verdict === "good" ? logOf(opened) : { log: undefined, logLoss: undefined }),
      unknownBuckets: schema.unknownBuckets,
      remarks: opened.dir === undefined ? [] : stateRemarks(context, opened.dir.layout, opened.database),
    };
  });
}

/** What a start would add to the database. */
function logOf(opened: OpenState): Pick<FileInspection, "log" | "logLoss"> {
  const { replay, notApplied, loss } = opened.state();
  const facts = replay ?? notApplied;
  if (facts === undefined) return { log: undefined, logLoss: loss };
  const log = {
    lastIndex: facts.throughIndex,
    recordedCommit: facts.recordedCommit,
    entries: facts.entryCount,
    revision: facts.throughRevision,
    uncertainEntries: facts.uncertain.entryCount,
    uncertainRevisions: facts.uncertain.revisionCount,
    notReplayed: facts.notReplayedCount,
  };
  return { log, logLoss: loss };
}

/** `damaged` also where only the page is that nobody reads: it may have held the last commit, which no log gives again. */
export function structureOf(
  check: BoltCheck,
  metaDamage: MetaDamage | undefined,
  records?: Pick<DbInspection, "problems" | "problemCount">,
): FileStructure {
  const meta = metaDamage === undefined || metaDamage.isInLog ? undefined : { offset: metaDamage.offset, what: metaDamage.what };
  const problems = [
    ...(meta === undefined ? [] : [meta]),
    ...check.problems.map(({ offset, what }) => ({ offset, what })),
    ...(records?.problems ?? []).map((problem) => ({ offset: undefined, what: `revision ${problem.revision}: ${problem.what}` })),
  ];
  const problemCount = check.problemCount + (records?.problemCount ?? 0) + Number(meta !== undefined);
  return { verdict: problemCount === 0 ? "good" : "damaged", problemCount, problems };
}

function resourceSize(one: PrefixCount, nameOf: (prefix: string) => string): ResourceSize {
  return {
    resource: one.isRest ? "(all others)" : nameOf(text(one.prefix)),
    objects: one.liveKeys,
    bytes: one.liveBytes,
    revisions: one.records,
    revisionBytes: one.recordBytes,
  };
}

function keySize(one: TopKey): KeySize {
  return { key: text(one.key), isLive: one.isLive, bytes: one.liveBytes, revisions: one.revisions, revisionBytes: one.totalBytes };
}

const utf8 = new TextDecoder();
function text(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}
