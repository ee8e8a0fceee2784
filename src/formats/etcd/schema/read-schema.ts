import { notRecognised } from "../../format-error.ts";
import type { BoltReader } from "../../bbolt/bolt-reader.ts";
import { bucketNames } from "./bucket-names.ts";
import { readAlarms, type StoredAlarm } from "./read-alarms.ts";
import { readAuth, type StoredAuth } from "./read-auth.ts";
import { readLeases } from "./read-leases.ts";
import { readMembers, type StoredMembership } from "./read-members.ts";
import { readMeta, type StoredMeta } from "./read-meta.ts";

/** What a database of etcd 3.4 to 3.7 holds beside the keys. */
export interface EtcdSchema extends StoredMeta, StoredMembership {
  readonly alarms: readonly StoredAlarm[];
  readonly auth: StoredAuth;
  /** `readLeases` gives them one by one. */
  readonly leaseCount: number;
  /** Names of buckets that etcd 3.4 to 3.7 do not have. */
  readonly unknownBuckets: readonly string[];
}

/** Names of unknown buckets that are listed. */
const maxUnknownBuckets = 100;

/**
 * Everything but the keys. Throws FILE_NOT_RECOGNISED when the file has no
 * bucket `meta` or `key` (another program's bbolt file), FILE_DAMAGED,
 * FILE_UNSUPPORTED.
 */
export function readSchema(bolt: BoltReader): EtcdSchema {
  if (bolt.root.bucket(bucketNames.key) === undefined || bolt.root.bucket(bucketNames.meta) === undefined)
    throw notRecognised(bolt.name, "an etcd database", "it is a bbolt file without the buckets `key` and `meta`, so another program's");
  let leaseCount = 0;
  const leases = readLeases(bolt)[Symbol.iterator]();
  while (leases.next().done !== true) leaseCount += 1;
  return {
    ...readMeta(bolt),
    ...readMembers(bolt),
    alarms: readAlarms(bolt),
    auth: readAuth(bolt),
    leaseCount,
    unknownBuckets: unknownBucketsOf(bolt),
  };
}

function unknownBucketsOf(bolt: BoltReader): readonly string[] {
  const known = new Set(Object.values(bucketNames).map(printable));
  const unknown: string[] = [];
  for (const name of bolt.root.bucketNames()) {
    const text = printable(name);
    if (!known.has(text) && unknown.length < maxUnknownBuckets) unknown.push(text);
  }
  return unknown;
}

/** Names are bytes; what is not ASCII is shown as an escape. */
function printable(name: Uint8Array): string {
  return Array.from(name.subarray(0, 64), (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`,
  ).join("");
}
