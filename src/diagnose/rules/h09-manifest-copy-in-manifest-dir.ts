import type { Finding } from "../../model/finding.ts";
import type { ManifestFacts } from "../../model/inventory.ts";
import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf, type HostView } from "../situation/host-view.ts";

export const manifestCopyInManifestDir: Rule = {
  code: "H09_MANIFEST_COPY_IN_MANIFEST_DIR",
  stage: "quorum",
  diagnose: (situation) =>
    situation.hosts.flatMap((host) => {
      const { manifests } = host.facts;
      if (manifests.kind === "unknown") return [];
      return [...onePodTwice(host, manifests), ...onePortTwice(host, manifests)];
    }),
};

type Known = Extract<HostView["facts"]["manifests"], { kind: "known" }>;

function onePodTwice(host: HostView, manifests: Known): readonly Finding[] {
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
}

/** Under another name of the pod both are started, and the second etcd finds the port taken. */
function onePortTwice(host: HostView, manifests: Known): readonly Finding[] {
  // Ports that nobody wrote down are not certain enough for an error.
  const etcds = manifests.value.filter(({ etcdFlags }) => etcdFlags?.ports !== undefined && etcdFlags.isAtUsualPorts !== true);
  const portsOf = (manifest: ManifestFacts): readonly number[] => manifest.etcdFlags?.ports ?? [];
  const ports = [...new Set(etcds.flatMap(portsOf))];
  const sharing = ports.map((port) => ({ port, files: etcds.filter((manifest) => portsOf(manifest).includes(port)) }));
  const twice = sharing.find(({ files }) => files.length > 1 && new Set(files.map(({ podName }) => podName)).size > 1);
  if (twice === undefined) return [];
  const files = twice.files.map(({ fileName }) => fileName).join(", ");
  return [
    findingOf("H09_MANIFEST_COPY_IN_MANIFEST_DIR", {
      subject: `etcd at port ${String(twice.port)} on ${host.name}`,
      host: host.name,
      severity: "error",
      confidence: "certain",
      summary: `${String(twice.files.length)} files in the static-pod directory of ${host.name} start an etcd at port ${String(twice.port)}: ${files}.`,
      evidence: [evidenceOf(files, manifests)],
    }),
  ];
}

function podNamesTwice(manifests: readonly ManifestFacts[]): readonly string[] {
  const names = manifests.map((manifest) => manifest.podName).filter((name) => name !== "");
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
