import { uint64OfMemberId } from "../../../model/ids.ts";
import type { StoredMember } from "../schema/read-members.ts";

/** The JSON of members that etcd keeps in its backend, in conf changes and in the v2 store. */
/**
 * A member as the `members` bucket and a conf change's context hold it. By
 * hand, because ids exceed 2^53 and JSON.stringify refuses bigint.
 * Source: etcd server/etcdserver/api/membership/member.go (Member, field order and omitempty).
 */
export function memberJson(member: StoredMember): string {
  return `{"id":${uint64OfMemberId(member.id)},${raftFields(member)}${attributeFields(member)
    .map((field) => `,${field}`)
    .join("")}}`;
}

/** What the v2 store holds below `raftAttributes`. */
export function raftAttributesJson(member: StoredMember): string {
  return `{${raftFields(member)}}`;
}

function raftFields(member: StoredMember): string {
  return `"peerURLs":${goJson(member.peerUrls)}${member.isLearner ? ',"isLearner":true' : ""}`;
}
function attributeFields(member: StoredMember): readonly string[] {
  const name = member.name === "" ? [] : [`"name":${goJson(member.name)}`];
  return member.clientUrls.length === 0 ? name : [...name, `"clientURLs":${goJson(member.clientUrls)}`];
}

/** As Go's encoding/json writes it: `<`, `>`, `&`, U+2028 and U+2029 are escaped. */
export function goJson(value: string | readonly string[]): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
