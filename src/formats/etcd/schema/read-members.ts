import { damaged, unsupported } from "../../format-error.ts";
import { memberIdOf, type MemberId } from "../../../model/ids.ts";
import type { BoltReader } from "../../bbolt/bolt-reader.ts";
import { bucketNames } from "./bucket-names.ts";
import { entriesOf, jsonValue, textValue } from "./bucket-values.ts";
import { uint64Of } from "./exact-json.ts";

export interface StoredMember {
  readonly id: MemberId;
  /** Empty for a member that was added and never started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export interface StoredMembership {
  readonly members: readonly StoredMember[];
  /** Ids that were removed; they never come back. */
  readonly removed: readonly MemberId[];
}

/** raft is not run with more than a dozen members; far more are not what etcd wrote. Removed ones add up over years. */
const maxMembers = 1_000;
const maxRemoved = 100_000;

/** The buckets `members` and `members_removed`. Source: etcd server/storage/schema/membership.go. Throws FILE_DAMAGED, FILE_UNSUPPORTED. */
export function readMembers(bolt: BoltReader): StoredMembership {
  const members: StoredMember[] = [];
  for (const { key, value } of entriesOf(bolt, bucketNames.members)) {
    if (members.length === maxMembers) throw unsupported(bolt.name, undefined, `more than ${maxMembers} members`);
    members.push(readMember(bolt, idOfKey(bolt, key), value));
  }
  const removed: MemberId[] = [];
  for (const { key } of entriesOf(bolt, bucketNames.membersRemoved)) {
    if (removed.length === maxRemoved) throw unsupported(bolt.name, undefined, `more than ${maxRemoved} removed members`);
    removed.push(memberIdOf(idOfKey(bolt, key)));
  }
  return { members, removed };
}

function idOfKey(bolt: BoltReader, key: Uint8Array): bigint {
  const text = textValue(bolt, "a member's id", key);
  if (!/^[0-9a-f]{1,16}$/.test(text)) throw damaged(bolt.name, undefined, `${JSON.stringify(text.slice(0, 32))} is no member id`);
  return BigInt(`0x${text}`);
}

function readMember(bolt: BoltReader, id: bigint, bytes: Uint8Array): StoredMember {
  const what = `member ${id.toString(16)}`;
  const value = jsonValue(bolt, what, bytes);
  const stated = value["id"];
  if (stated !== undefined && uint64Of(stated) !== id) throw damaged(bolt.name, undefined, `${what} calls itself another id`);
  const { name = "", isLearner = false } = value;
  if (typeof name !== "string" || typeof isLearner !== "boolean")
    throw damaged(bolt.name, undefined, `${what}: name or isLearner of a wrong type`);
  const urls = (field: string): readonly string[] => {
    const list = value[field] ?? [];
    if (!Array.isArray(list) || !list.every((one) => typeof one === "string"))
      throw damaged(bolt.name, undefined, `${what}: ${field} is no list of URLs`);
    return list;
  };
  return { id: memberIdOf(id), name, peerUrls: urls("peerURLs"), clientUrls: urls("clientURLs"), isLearner };
}
