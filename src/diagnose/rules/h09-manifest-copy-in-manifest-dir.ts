import type { ManifestFacts } from "../../model/inventory.ts";
import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";

export const manifestCopyInManifestDir: Rule = {
  code: "H09_MANIFEST_COPY_IN_MANIFEST_DIR",
  stage: "quorum",
  diagnose: (situation) =>
    situation.hosts.flatMap((host) => {
      const { manifests } = host.facts;
      if (manifests.kind === "unknown") return [];
      return podNamesTwice(manifests.value).map((podName) => {
        const files = manifests.value.filter((manifest) => manifest.podName === podName).map((manifest) => manifest.fileName);
        return findingOf("H09_MANIFEST_COPY_IN_MANIFEST_DIR", {
          subject: `pod ${podName} on ${host.name}`,
          host: host.name,
          severity: "error",
          confidence: "certain",
          summary: `${String(files.length)} files in the static-pod directory of ${host.name} name the pod ${podName}: ${files.join(", ")}.`,
          evidence: [evidenceOf(files.join(", "), manifests)],
        });
      });
    }),
};

function podNamesTwice(manifests: readonly ManifestFacts[]): readonly string[] {
  const names = manifests.map((manifest) => manifest.podName).filter((name) => name !== "");
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
