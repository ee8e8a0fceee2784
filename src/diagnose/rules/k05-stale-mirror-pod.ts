import { findingOf, type Rule } from "../rule.ts";
import { hostOfUrl } from "../situation/addresses.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { addressStanding } from "../situation/loss.ts";
import { hostNamed } from "../situation/situation.ts";

export const staleMirrorPod: Rule = {
  code: "K05_STALE_MIRROR_POD",
  stage: "stale-objects",
  diagnose(situation) {
    const { kubernetes } = situation.inventory;
    if (kubernetes.kind === "unknown" || situation.cluster.list?.isLinearizable !== true) return [];
    return kubernetes.value.etcdMirrorPods
      .filter((pod) => pod.advertiseUrl !== "" && addressStanding(situation, hostOfUrl(pod.advertiseUrl)) === "gone")
      .map((pod) =>
        findingOf("K05_STALE_MIRROR_POD", {
          subject: `pod ${pod.name}`,
          host: hostNamed(situation, pod.node)?.name,
          severity: "info",
          confidence: "high",
          summary: `The record of pod ${pod.name} still advertises ${pod.advertiseUrl}, which is no living member's.`,
          evidence: [evidenceOf(`pod ${pod.name} on Node ${pod.node}, phase ${pod.phase}`, kubernetes)],
        }),
      );
  },
};
