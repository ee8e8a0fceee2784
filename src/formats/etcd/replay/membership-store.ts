import { memberIdOf, type MemberId } from "../../../model/ids.ts";
import { damaged } from "../../format-error.ts";
import { memberJson } from "../restore/member-json.ts";
import { encodeConfStateJson } from "../restore/conf-state-json.ts";
import type { ConfChange } from "../raft/raft-messages.ts";
import { bucketNames, clusterKeys, metaKeys } from "../schema/bucket-names.ts";
import { jsonValue } from "../schema/bucket-values.ts";
import { readMembers, type StoredMember } from "../schema/read-members.ts";
import { readMeta } from "../schema/read-meta.ts";
import type { BoltOverlay } from "./bolt-overlay.ts";

const utf8 = new TextEncoder();

/**
 * Members, removed members and the cluster version while entries are applied.
 * A change that etcd's validation refuses changes nothing.
 * Source: etcd server/etcdserver/api/membership/cluster.go
 * (ValidateConfigurationChange and what follows it), server/etcdserver/server.go (applyConfChange).
 */
export class MembershipStore {
  private readonly overlay: BoltOverlay;
  private readonly members = new Map<MemberId, StoredMember>();
  private readonly removed: Set<MemberId>;
  private version: string | undefined;

  constructor(overlay: BoltOverlay) {
    this.overlay = overlay;
    const { members, removed } = readMembers(overlay);
    for (const member of members) this.members.set(member.id, member);
    this.removed = new Set(removed);
    this.version = readMeta(overlay).clusterVersion;
  }

  /** `3.6.0`; undefined as long as the cluster has not agreed on one, and before 3.5. */
  get clusterVersion(): string | undefined {
    return this.version;
  }

  setClusterVersion(version: string): void {
    this.version = version;
    this.overlay.change(bucketNames.cluster).put(clusterKeys.clusterVersion, utf8.encode(version));
  }

  setDowngrade(isEnabled: boolean, version: string): void {
    const json = JSON.stringify({ "target-version": isEnabled ? version : "", enabled: isEnabled });
    this.overlay.change(bucketNames.cluster).put(clusterKeys.downgrade, utf8.encode(json));
  }

  /** What a member says about itself when it starts. Of a removed member it is stepped over. */
  setAttributes(id: bigint, name: string, clientUrls: readonly string[]): void {
    const member = this.members.get(memberIdOf(id));
    if (member !== undefined) this.save({ ...member, name, clientUrls });
  }

  /** The reason why etcd refuses the change; undefined when it was made. Throws FILE_DAMAGED for a context that is no member. */
  apply(change: ConfChange): string | undefined {
    const id = memberIdOf(change.memberId);
    if (this.removed.has(id)) return "the member was removed before";
    const known = this.members.get(id);
    const refusal = this.change(change, id, known);
    if (refusal === undefined) this.saveConfState();
    return refusal;
  }

  private change(change: ConfChange, id: MemberId, known: StoredMember | undefined): string | undefined {
    switch (change.kind) {
      case "add-node":
      case "add-learner-node": {
        const context = this.contextOf(change);
        if (context.isPromote) {
          if (known === undefined) return "no such member";
          if (!known.isLearner) return "the member is no learner";
          this.save({ ...known, isLearner: false });
          return undefined;
        }
        if (known !== undefined) return "there is a member of this id";
        if (this.hasPeerUrlOf(context.member, id)) return "there is a member with this peer URL";
        this.save({ ...context.member, id });
        return undefined;
      }
      case "remove-node":
        if (known === undefined) return "no such member";
        this.members.delete(id);
        this.removed.add(id);
        this.overlay.change(bucketNames.members).delete(utf8.encode(id));
        this.overlay.change(bucketNames.membersRemoved).put(utf8.encode(id), utf8.encode("removed"));
        return undefined;
      case "update-node": {
        if (known === undefined) return "no such member";
        const { member } = this.contextOf(change);
        if (this.hasPeerUrlOf(member, id)) return "there is a member with this peer URL";
        this.save({ ...known, peerUrls: member.peerUrls });
        return undefined;
      }
    }
  }

  private hasPeerUrlOf(member: Pick<StoredMember, "peerUrls">, exceptId: MemberId): boolean {
    return [...this.members.values()].some((one) => one.id !== exceptId && one.peerUrls.some((url) => member.peerUrls.includes(url)));
  }

  private save(member: StoredMember): void {
    this.members.set(member.id, member);
    this.overlay.change(bucketNames.members).put(utf8.encode(member.id), utf8.encode(memberJson(member)));
  }

  private saveConfState(): void {
    // 3.4 keeps none; a server that reads it is 3.5 or later.
    if (readMeta(this.overlay).confState === undefined) return;
    const idsOf = (isLearner: boolean): readonly MemberId[] =>
      [...this.members.values()].filter((one) => one.isLearner === isLearner).map((one) => one.id);
    this.overlay.change(bucketNames.meta).put(metaKeys.confState, encodeConfStateJson(idsOf(false), idsOf(true)));
  }

  private contextOf(change: ConfChange): { readonly member: Omit<StoredMember, "id">; readonly isPromote: boolean } {
    const what = `the context of a change of member ${memberIdOf(change.memberId)}`;
    const value = jsonValue(this.overlay, what, change.context);
    const texts = (field: string): readonly string[] => {
      const list = value[field] ?? [];
      if (Array.isArray(list) && list.every((one) => typeof one === "string")) return list;
      throw damaged(this.overlay.name, undefined, `${what}: ${field} is no list of URLs`);
    };
    const { name = "" } = value;
    if (typeof name !== "string") throw damaged(this.overlay.name, undefined, `${what}: the name is no text`);
    return {
      member: { name, peerUrls: texts("peerURLs"), clientUrls: texts("clientURLs"), isLearner: value["isLearner"] === true },
      isPromote: value["isPromote"] === true,
    };
  }
}
