import type { BackupManifest } from "../../model/backup-set.ts";
import type { FileCheck } from "../../model/file-inspection.ts";
import type { SnapshotDescription } from "../../model/snapshot-description.ts";
import { counted, judged, unknown, type LevelResult } from "./level-result.ts";

/** What was read of the set's content, with the key. */
export interface StructureEvidence {
  readonly manifest: BackupManifest;
  readonly partCount: number;
  readonly partBytes: bigint;
  /** Parts whose content is not what was stored, with the reason. */
  readonly damagedParts: readonly string[];
  /** undefined: the set has no snapshot, or it could not be read. */
  readonly snapshot: SnapshotEvidence | undefined;
}

/** By the file engine, from the bytes that the set gives. */
export interface SnapshotEvidence {
  readonly check: FileCheck;
  /** undefined: too damaged to be counted. */
  readonly description: SnapshotDescription | undefined;
}

/**
 * V2: every chunk opens and every part is whole; the database's pages, buckets
 * and records are in order, every object decodes, and it holds what the
 * manifest says.
 */
export function judgeStructure(evidence: StructureEvidence): LevelResult {
  const { manifest, snapshot } = evidence;
  const problems = [...evidence.damagedParts];
  if (snapshot === undefined) problems.push("the set has no snapshot of etcd that could be read");
  else problems.push(...checkProblems(snapshot.check), ...countProblems(manifest, snapshot));
  const unjudged = snapshot?.check.checks.filter(({ verdict }) => verdict === "unjudged") ?? [];
  if (problems.length === 0 && unjudged.length > 0) return unknown(unjudged.map(({ name, detail }) => `snapshot, ${name}: ${detail}`));
  return judged(problems, [
    `${counted(evidence.partCount, "part")} with ${String(evidence.partBytes)} bytes opened, each with the sha256 of what was read from its machine`,
    ...(snapshot?.check.checks.filter(({ verdict }) => verdict === "good").map(({ name, detail }) => `${name}: ${detail}`) ?? []),
    `revision ${String(manifest.snapshot.revision)}, hashkv ${String(manifest.snapshot.hashKv)} and ${counted(manifest.snapshot.totalKeys, "key")}, as when the set was made`,
  ]);
}

function checkProblems(check: FileCheck): readonly string[] {
  if (check.verdict !== "damaged") return [];
  const named = check.checks
    .filter(({ verdict }) => verdict === "damaged")
    .flatMap(({ name, detail, problems }) => [
      `snapshot, ${name}: ${detail}`,
      ...problems.slice(0, problemsShown).map(({ what }) => `snapshot, ${name}: ${what}`),
    ]);
  return named.length > 0 ? named : [`snapshot: the check ended with ${check.verdict}`];
}

const problemsShown = 5;

function countProblems({ snapshot: said }: BackupManifest, { check, description: found }: SnapshotEvidence): readonly string[] {
  if (found === undefined) return check.verdict !== "damaged" ? ["snapshot: its records could not be counted"] : [];
  const differing = (what: string, actual: bigint | number, stated: bigint | number): readonly string[] =>
    BigInt(actual) === BigInt(stated) ? [] : [`snapshot: ${what} is ${String(actual)}, the manifest says ${String(stated)}`];
  return [
    ...differing("the revision", found.revision, said.revision),
    ...differing(`hashkv at revision ${String(found.revision)}`, found.hashKv, said.hashKv),
    // etcd says -1 of what was never compacted.
    ...differing("the compact revision", found.compactRevision < 0n ? 0n : found.compactRevision, said.compactRevision),
    ...differing("the number of keys", found.totalKeys, said.totalKeys),
    ...objectProblems(found.objects, said.objects),
  ];
}

/** What differs between two counts of objects, in sentences; empty: nothing. */
export function objectProblems(
  found: BackupManifest["snapshot"]["objects"],
  stated: BackupManifest["snapshot"]["objects"],
): readonly string[] {
  const foundOf = new Map(found.map(({ resource, count }) => [resource, count]));
  const statedOf = new Map(stated.map(({ resource, count }) => [resource, count]));
  return [...new Set([...foundOf.keys(), ...statedOf.keys()])].sort().flatMap((resource) => {
    const [actual, wanted] = [foundOf.get(resource) ?? 0, statedOf.get(resource) ?? 0];
    return actual === wanted ? [] : [`snapshot: ${counted(actual, "object")} of ${resource}, the manifest says ${String(wanted)}`];
  });
}
