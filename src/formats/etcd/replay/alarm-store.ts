import { bucketNames } from "../schema/bucket-names.ts";
import { readAlarms } from "../schema/read-alarms.ts";
import { WireWriter } from "../../protobuf/wire-writer.ts";
import type { BoltOverlay } from "./bolt-overlay.ts";

export type AlarmName = "nospace" | "corrupt";
const alarmNumbers: Readonly<Record<AlarmName, number>> = { nospace: 1, corrupt: 2 };

/** The bucket `alarm` while requests are applied: an alarm of any member makes all members refuse. Source: etcd server/etcdserver/api/v3alarm/alarms.go. */
export class AlarmStore {
  private readonly overlay: BoltOverlay;
  private readonly active: Readonly<Record<AlarmName, Set<bigint>>> = { nospace: new Set(), corrupt: new Set() };

  constructor(overlay: BoltOverlay) {
    this.overlay = overlay;
    for (const { memberId, alarm } of readAlarms(overlay)) {
      if (alarm === "NOSPACE") this.active.nospace.add(BigInt(`0x${memberId}`));
      else if (alarm === "CORRUPT") this.active.corrupt.add(BigInt(`0x${memberId}`));
    }
  }

  isActive(alarm: AlarmName): boolean {
    return this.active[alarm].size > 0;
  }

  activate(memberId: bigint, alarm: AlarmName): void {
    if (this.active[alarm].has(memberId)) return;
    this.active[alarm].add(memberId);
    this.overlay.change(bucketNames.alarm).put(alarmKey(memberId, alarm), new Uint8Array(0));
  }

  deactivate(memberId: bigint, alarm: AlarmName): void {
    if (!this.active[alarm].delete(memberId)) return;
    this.overlay.change(bucketNames.alarm).delete(alarmKey(memberId, alarm));
  }
}

/** Source: etcd api/etcdserverpb/rpc.proto (AlarmMember, proto3). */
function alarmKey(memberId: bigint, alarm: AlarmName): Uint8Array {
  const writer = new WireWriter();
  if (memberId !== 0n) writer.uint64(1, memberId);
  return writer.uint32(2, alarmNumbers[alarm]).finish();
}
