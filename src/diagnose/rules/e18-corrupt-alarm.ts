import { findingOf, type Rule } from "../rule.ts";
import { namesNoMember, raisedAlarms } from "../situation/alarms.ts";

export const corruptAlarm: Rule = {
  code: "E18_CORRUPT_ALARM",
  stage: "alarms",
  diagnose: (situation) =>
    raisedAlarms(situation, "CORRUPT")
      .filter((alarm) => !namesNoMember(alarm))
      .map((alarm) =>
        findingOf("E18_CORRUPT_ALARM", {
          subject: alarm.subject,
          host: alarm.host,
          memberId: alarm.memberId,
          severity: "critical",
          confidence: "high",
          summary: `etcd found that the data of ${alarm.subject} differs from the others'.`,
          evidence: alarm.evidence,
          ruledOut: [{ code: "E19_CORRUPT_WITHOUT_MAJORITY", because: "the alarm names one member" }],
          wouldSettle: ["PB6: the key hash of all members at one revision"],
        }),
      ),
};
