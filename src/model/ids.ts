/**
 * Branded identifiers. They are plain strings at run time; the brand keeps a
 * host name from being passed where a member id is wanted. Casting happens
 * only in the `as…` functions here, which check the form.
 */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** An etcd member id, lower-case hex without leading zeros, as etcdctl prints it. */
export type MemberId = Branded<"MemberId">;
/** An etcd cluster id, lower-case hex without leading zeros. */
export type ClusterId = Branded<"ClusterId">;
/** The name of a machine, as configured; unique within one cluster's configuration. */
export type HostName = Branded<"HostName">;
/** `YYYYMMDD-HHMMSS-xxxx`: sorts by time, names one execution of one plan. */
export type RunId = Branded<"RunId">;
/** sha256 over the canonical text of a plan, 64 hex digits. */
export type PlanDigest = Branded<"PlanDigest">;
/** `s01`, `s02`, …: names a step within its plan. */
export type StepId = Branded<"StepId">;
/** `YYYYMMDD-HHMMSS-xxxxxx` (UTC): sorts by time, names one backup set wherever its copies lie. */
export type BackupSetId = Branded<"BackupSetId">;
/** etcd's cluster-wide counter of changes. */
export type Revision = bigint;

function check(value: string, form: RegExp, what: string): void {
  if (!form.test(value)) throw new TypeError(`${JSON.stringify(value)} is not ${what}`);
}

export function asMemberId(value: string): MemberId {
  check(value, /^[0-9a-f]{1,16}$/, "a member id (1-16 hex digits)");
  return value as MemberId;
}
export function asClusterId(value: string): ClusterId {
  check(value, /^[0-9a-f]{1,16}$/, "a cluster id (1-16 hex digits)");
  return value as ClusterId;
}
export function asHostName(value: string): HostName {
  check(value, /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/, "a host name");
  return value as HostName;
}
export function asRunId(value: string): RunId {
  check(value, /^[0-9]{8}-[0-9]{6}-[0-9a-z]{4}$/, "a run id (YYYYMMDD-HHMMSS-xxxx)");
  return value as RunId;
}
export function asPlanDigest(value: string): PlanDigest {
  check(value, /^[0-9a-f]{64}$/, "a plan digest (64 hex digits)");
  return value as PlanDigest;
}
export function asStepId(value: string): StepId {
  check(value, /^s[0-9]{2,3}$/, "a step id (s01, s02, …)");
  return value as StepId;
}
export function asBackupSetId(value: string): BackupSetId {
  check(value, /^[0-9]{8}-[0-9]{6}-[0-9a-z]{6}$/, "a backup set id (YYYYMMDD-HHMMSS-xxxxxx)");
  return value as BackupSetId;
}

/** A uint64 id as etcd sends it, printed the way etcdctl prints it. */
export function memberIdOf(id: bigint): MemberId {
  return asMemberId(BigInt.asUintN(64, id).toString(16));
}
export function clusterIdOf(id: bigint): ClusterId {
  return asClusterId(BigInt.asUintN(64, id).toString(16));
}
/** The uint64 that etcd's API wants. */
export function uint64OfMemberId(id: MemberId): bigint {
  return BigInt(`0x${id}`);
}
