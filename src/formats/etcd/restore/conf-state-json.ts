import { uint64OfMemberId, type MemberId } from "../../../model/ids.ts";
import { byValue } from "./member-ids.ts";

/** What `meta` holds under `confState` since 3.5. Source: go.etcd.io/raft raftpb (ConfState, its JSON tags), etcd server/storage/schema/confstate.go. */
export function encodeConfStateJson(voters: readonly MemberId[], learners: readonly MemberId[]): Uint8Array {
  const list = (ids: readonly MemberId[]): string =>
    `[${ids
      .map((id) => uint64OfMemberId(id))
      .sort(byValue)
      .join(",")}]`;
  const learnersField = learners.length === 0 ? "" : `"learners":${list(learners)},`;
  return new TextEncoder().encode(`{"voters":${list(voters)},${learnersField}"auto_leave":false}`);
}
