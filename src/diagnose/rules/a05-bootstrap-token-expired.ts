import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { isJoinComing } from "../situation/loss.ts";

export const bootstrapTokenExpired: Rule = {
  code: "A05_BOOTSTRAP_TOKEN_EXPIRED",
  stage: "quorum",
  diagnose(situation) {
    const { kubernetes, config } = situation.inventory;
    if (config.platform !== "kubeadm" || kubernetes.kind === "unknown" || !isJoinComing(situation)) return [];
    const left = kubernetes.value.bootstrapTokenSecondsLeft;
    const isUnread = kubernetes.value.gaps?.some((gap) => gap.record === "bootstrapTokenSecondsLeft") === true;
    if (isUnread || (left !== undefined && left > 0)) return [];
    return [
      findingOf("A05_BOOTSTRAP_TOKEN_EXPIRED", {
        subject: "cluster",
        severity: "info",
        confidence: "certain",
        summary: "There is no valid bootstrap token; the coming join makes a fresh one.",
        evidence: [evidenceOf("no valid bootstrap token", kubernetes)],
      }),
    ];
  },
};
