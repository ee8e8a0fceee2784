import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { apiServerHosts } from "../situation/loss.ts";
import { stoppedMembers } from "./e02-member-stopped.ts";

export const serviceStopped: Rule = {
  code: "E02_SERVICE_STOPPED",
  stage: "quorum",
  diagnose(situation) {
    const controlPlane = apiServerHosts(situation);
    const withStoppedMember = stoppedMembers(situation).map(({ host }) => host);
    return situation.hosts.flatMap((host) => {
      const { services } = host.facts;
      // On a machine without Kubernetes state nothing is meant to run; a stopped member says it already.
      if (services.kind === "unknown" || host.hasKubernetesState === false || withStoppedMember.includes(host)) return [];
      if (!controlPlane.includes(host) && !host.config.roles.includes("worker")) return [];
      return services.value
        .filter(
          (service) =>
            (service.unit === "kubelet" || service.unit === "containerd") &&
            (service.activeState === "inactive" || service.activeState === "failed"),
        )
        .map((service) =>
          findingOf("E02_SERVICE_STOPPED", {
            subject: `${service.unit} on ${host.name}`,
            host: host.name,
            severity: "warning",
            confidence: "certain",
            summary: `${service.unit} on ${host.name} is ${service.activeState}: nothing would restart what runs there.`,
            evidence: [evidenceOf(`unit ${service.unit} is ${service.activeState}${service.isEnabled ? "" : ", not enabled"}`, services)],
          }),
        );
    });
  },
};
