import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { isJoinComing } from "../situation/loss.ts";

export const certificateKeyExpired: Rule = {
  code: "A04_CERTIFICATE_KEY_EXPIRED",
  stage: "quorum",
  diagnose(situation) {
    const { kubernetes, config } = situation.inventory;
    if (config.platform !== "kubeadm" || kubernetes.kind === "unknown" || !isJoinComing(situation)) return [];
    const left = kubernetes.value.certificateKeySecondsLeft;
    const isUnread = kubernetes.value.gaps?.some((gap) => gap.record === "certificateKeySecondsLeft") === true;
    if (isUnread || (left !== undefined && left > 0)) return [];
    return [
      findingOf("A04_CERTIFICATE_KEY_EXPIRED", {
        subject: "cluster",
        severity: "info",
        confidence: "certain",
        summary: "The certificates uploaded for control-plane joins have expired; the coming join makes new ones.",
        evidence: [evidenceOf("no valid kubeadm-certs", kubernetes)],
      }),
    ];
  },
};
