import { findingOf, type Rule } from "../rule.ts";
import { namesNoMember, raisedAlarms } from "../situation/alarms.ts";

export const corruptWithoutMajority: Rule = {
  code: "E19_CORRUPT_WITHOUT_MAJORITY",
  stage: "alarms",
  diagnose: (situation) =>
    raisedAlarms(situation, "CORRUPT")
      .filter(namesNoMember)
      .map((alarm) =>
        findingOf("E19_CORRUPT_WITHOUT_MAJORITY", {
          subject: "cluster",
          severity: "critical",
          confidence: "high",
          summary: "The members' data differs, and etcd cannot tell which is right.",
          evidence: alarm.evidence,
          wouldSettle: ["PB6, and a person who compares the histories"],
        }),
      ),
};
