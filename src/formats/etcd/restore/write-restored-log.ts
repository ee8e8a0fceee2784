import { uint64OfMemberId, type ClusterId } from "../../../model/ids.ts";
import { encodeConfChange } from "../raft/encode-raft.ts";
import type { ConfState } from "../raft/raft-messages.ts";
import { encodeSnapFile, snapName } from "../snap/snap-file.ts";
import { WalWriter } from "../wal/wal-writer.ts";
import { memberJson } from "./member-json.ts";
import type { RestoredMember, RestorePlan } from "./restore-plan.ts";
import { v2StoreJson } from "./v2-store-json.ts";

/** One whole small file of a data dir. */
export interface RestoredFile {
  /** Below the data dir, with `/`. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Where the database belongs. */
export const databasePath = "member/snap/db";

/**
 * Everything of one member's data dir but its database: a log whose first
 * entries are the members that the cluster begins with, and the raft snapshot
 * behind them, so that no etcd asks for older entries. The member must be one of the plan.
 * Source: etcd etcdutl/snapshot/v3_snapshot.go (saveWALAndSnap).
 */
export function restoredLogFiles(plan: RestorePlan, member: RestoredMember): readonly RestoredFile[] {
  const ids = plan.members.map(({ id }) => uint64OfMemberId(id));
  const confState: ConfState = { voters: ids, learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
  const stored = plan.members.map((one) => ({ ...one, isLearner: false, clientUrls: [] }));
  const chunks: Uint8Array[] = [];
  let segmentName = "";
  const wal = new WalWriter({
    metadata: { memberId: uint64OfMemberId(member.id), clusterId: uint64OfClusterId(plan.clusterId) },
    openSegment: (name) => {
      segmentName = name;
      return { write: (bytes) => void chunks.push(bytes) };
    },
  });
  for (const [index, one] of stored.entries()) {
    const context = new TextEncoder().encode(memberJson(one));
    const data = encodeConfChange({ kind: "add-node", id: 0n, memberId: uint64OfMemberId(one.id), context });
    wal.entry({ kind: "conf-change", term: plan.term, index: BigInt(index + 1), data });
  }
  wal.state({ term: plan.term, vote: ids[0] ?? 0n, commit: plan.index });
  wal.snapshot({ index: plan.index, term: plan.term, confState });
  // The v2 store knows a member's name only once it has started.
  const data = new TextEncoder().encode(v2StoreJson(stored, undefined));
  const snapshot = { index: plan.index, term: plan.term, confState, data };
  return [
    { path: `member/wal/${segmentName}`, bytes: joined(chunks) },
    { path: `member/snap/${snapName(snapshot)}`, bytes: encodeSnapFile(snapshot) },
  ];
}

function uint64OfClusterId(id: ClusterId): bigint {
  return BigInt(`0x${id}`);
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
