import { bucketNames } from "../schema/bucket-names.ts";
import { messageValue } from "../schema/bucket-values.ts";
import { WireWriter } from "../../protobuf/wire-writer.ts";
import type { BoltOverlay, BucketOverlay } from "./bolt-overlay.ts";

/** Source: etcd server/lease/lease.go (MaxLeaseTTL). */
const ttlSecondsMax = 9_000_000_000n;

/** The bucket `lease` while requests are applied. Source: etcd server/lease/lessor.go. */
export class LeaseStore {
  private readonly overlay: BoltOverlay;
  private readonly bucket: BucketOverlay;

  constructor(overlay: BoltOverlay) {
    this.overlay = overlay;
    this.bucket = overlay.change(bucketNames.lease);
  }

  has(id: bigint): boolean {
    return this.bucket.get(leaseKey(id)) !== undefined;
  }

  /** The reason why not, or undefined. The server's smallest TTL is not known here; a server that starts raises what is below it. */
  grant(id: bigint, ttlSeconds: bigint): string | undefined {
    if (id === 0n) return "requested lease not found";
    if (ttlSeconds > ttlSecondsMax) return "too large lease TTL";
    if (this.has(id)) return "lease already exists";
    this.bucket.put(leaseKey(id), encodeLease(id, ttlSeconds, 0n));
    return undefined;
  }

  remove(id: bigint): void {
    this.bucket.delete(leaseKey(id));
  }

  /** A lease that is not there is stepped over, as etcd does. */
  checkpoint(id: bigint, remainingTtlSeconds: bigint): void {
    const stored = this.bucket.get(leaseKey(id));
    if (stored === undefined) return;
    const ttlSeconds = messageValue(this.overlay, `lease ${BigInt.asUintN(64, id).toString(16)}`, stored, (reader) => {
      let ttl = 0n;
      for (let field = reader.nextField(); field !== 0; field = reader.nextField())
        if (field === 2) {
          reader.expect(0);
          ttl = reader.int64();
        } else reader.skip();
      return ttl;
    });
    this.bucket.put(leaseKey(id), encodeLease(id, ttlSeconds, remainingTtlSeconds));
  }
}

export function leaseKey(id: bigint): Uint8Array {
  const key = new Uint8Array(8);
  new DataView(key.buffer).setBigInt64(0, BigInt.asIntN(64, id));
  return key;
}

/** Source: etcd server/lease/leasepb/lease.proto (proto3). */
function encodeLease(id: bigint, ttlSeconds: bigint, remainingTtlSeconds: bigint): Uint8Array {
  const writer = new WireWriter().int64(1, id);
  if (ttlSeconds !== 0n) writer.int64(2, ttlSeconds);
  if (remainingTtlSeconds !== 0n) writer.int64(3, remainingTtlSeconds);
  return writer.finish();
}
