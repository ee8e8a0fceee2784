import { findingOf, type Rule } from "../rule.ts";
import { listEvidence } from "../situation/situation.ts";

export const membersEasyToConfuse: Rule = {
  code: "H01_MEMBERS_EASY_TO_CONFUSE",
  stage: "quorum",
  diagnose(situation) {
    const names = (situation.members ?? []).map((view) => view.member.name).filter((name) => name !== "");
    const twice = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
    return twice.map((name) => {
      const same = (situation.members ?? []).filter((view) => view.member.name === name);
      return findingOf("H01_MEMBERS_EASY_TO_CONFUSE", {
        subject: `members named ${name}`,
        severity: "warning",
        confidence: "certain",
        summary: `${String(same.length)} members carry the name ${name}; whoever removes by name may hit the living one.`,
        evidence: listEvidence(situation, same.map((view) => `${view.member.id} at ${view.member.peerUrls.join(", ")}`).join("; ")),
      });
    });
  },
};
