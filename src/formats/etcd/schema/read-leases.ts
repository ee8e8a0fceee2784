import { damaged } from "../../format-error.ts";
import type { BoltReader } from "../../bbolt/bolt-reader.ts";
import { bucketNames } from "./bucket-names.ts";
import { entriesOf, messageValue, uint64Value } from "./bucket-values.ts";

export interface StoredLease {
  readonly id: bigint;
  readonly ttlSeconds: bigint;
  /** At the last checkpoint; 0n when none was kept. */
  readonly remainingTtlSeconds: bigint;
}

/** The bucket `lease`, in the order of ids. Source: etcd server/lease/leasepb/lease.proto, server/storage/schema/lease.go. Throws FILE_DAMAGED. */
export function* readLeases(bolt: BoltReader): Iterable<StoredLease> {
  for (const { key, value } of entriesOf(bolt, bucketNames.lease)) {
    const id = BigInt.asIntN(64, uint64Value(bolt, "a lease's id", key));
    const what = `lease ${BigInt.asUintN(64, id).toString(16)}`;
    const lease = messageValue(bolt, what, value, (reader) => {
      const numbers = [0n, 0n, 0n, 0n];
      for (let field = reader.nextField(); field !== 0; field = reader.nextField())
        if (field <= 3) {
          reader.expect(0);
          numbers[field] = reader.int64();
        } else reader.skip();
      return { id: numbers[1] ?? 0n, ttlSeconds: numbers[2] ?? 0n, remainingTtlSeconds: numbers[3] ?? 0n };
    });
    if (lease.id !== id) throw damaged(bolt.name, undefined, `${what} calls itself another id`);
    yield lease;
  }
}
