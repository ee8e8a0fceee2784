import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";

export const memberListsDiffer: Rule = {
  code: "E26_MEMBER_LISTS_DIFFER",
  stage: "quorum",
  diagnose(situation) {
    const { main, list } = situation.cluster;
    if (main === undefined || list === undefined) return [];
    const idsOf = (members: readonly { readonly id: string }[]): string =>
      members
        .map(({ id }) => id)
        .sort()
        .join(" ");
    const expected = idsOf(list.members);
    const different = situation.hosts.flatMap((host) => {
      const own = host.facts.etcd.membersSerializable;
      return main.hosts.some(({ name }) => name === host.name) && own.kind === "known" && idsOf(own.value) !== expected
        ? [{ host, own }]
        : [];
    });
    if (different.length === 0) return [];
    return [
      findingOf("E26_MEMBER_LISTS_DIFFER", {
        subject: "cluster",
        severity: "warning",
        confidence: "medium",
        summary: `${different.map(({ host }) => host.name).join(", ")} reports another member list than ${list.from}.`,
        evidence: [
          evidenceOf(`${list.from}: ${expected}`, list.observation),
          ...different.map(({ host, own }) => evidenceOf(`${host.name}: ${idsOf(own.value)}`, own)),
        ],
        wouldSettle: ["PB4 once more after a few seconds: a member that only lags catches up"],
      }),
    ];
  },
};
