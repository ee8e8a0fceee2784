import { findingOf, type Rule } from "../rule.ts";
import { raisedAlarms } from "../situation/alarms.ts";

export const nospaceAlarm: Rule = {
  code: "E17_NOSPACE_ALARM",
  stage: "alarms",
  diagnose: (situation) =>
    raisedAlarms(situation, "NOSPACE").map((alarm) =>
      findingOf("E17_NOSPACE_ALARM", {
        subject: alarm.subject,
        host: alarm.host,
        memberId: alarm.memberId,
        severity: "critical",
        confidence: "certain",
        summary: `${alarm.subject} has used up its space quota; etcd refuses writes.`,
        evidence: alarm.evidence,
        ruledOut: [{ code: "N06_FILESYSTEM_FULL", because: "a full filesystem raises no alarm" }],
      }),
    ),
};
