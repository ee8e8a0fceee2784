import type { Evidence } from "../../model/finding.ts";
import type { HostName, MemberId } from "../../model/ids.ts";
import { valueOf } from "../../model/observation.ts";
import { evidenceOf } from "./host-view.ts";
import { memberLabel, type Situation } from "./situation.ts";

export interface RaisedAlarm {
  readonly memberId: MemberId;
  readonly subject: string;
  readonly host: HostName | undefined;
  readonly evidence: readonly Evidence[];
}

/** Alarms of one kind, once per member, with everyone who reports them. */
export function raisedAlarms(situation: Situation, kind: "NOSPACE" | "CORRUPT"): readonly RaisedAlarm[] {
  const ids = new Set<MemberId>();
  for (const host of situation.hosts) {
    for (const alarm of valueOf(host.facts.etcd.alarms) ?? []) if (alarm.alarm === kind) ids.add(alarm.memberId);
  }
  return [...ids].map((memberId) => {
    const view = situation.members?.find(({ member }) => member.id === memberId);
    const reporters = situation.hosts.filter((host) =>
      (valueOf(host.facts.etcd.alarms) ?? []).some((alarm) => alarm.alarm === kind && alarm.memberId === memberId),
    );
    return {
      memberId,
      subject: view === undefined ? `member ${memberId}` : memberLabel(view),
      host: view?.host?.name,
      evidence: reporters.map((host) => evidenceOf(`${host.name} reports alarm ${kind} for ${memberId}`, host.facts.etcd.alarms)),
    };
  });
}

/** etcd could not name the member: no majority of equal hashes (etcd-corrupt). */
export function namesNoMember(alarm: RaisedAlarm): boolean {
  return /^0+$/.test(alarm.memberId);
}
