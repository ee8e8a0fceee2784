import { balancerPort } from "./address-plan.ts";
import type { LabState } from "./lab-state.ts";
import { sshPaths } from "./ssh-access.ts";

/** The requorum.yaml with which requorum treats the lab as any other cluster. */
export function renderRequorumConfig(state: LabState, labDir: string): string {
  const hosts = state.machines.map(
    ({ name, address, role }) =>
      `  - name: ${name}\n    address: ${address}\n    roles: [${role === "control-plane" ? "control-plane, etcd, load-balancer" : role}]`,
  );
  return `# Written by requorum lab up.
apiVersion: requorum/v1
cluster: ${state.name}
platform: kubeadm
etcdTopology: ${state.shape.etcdMachines === 0 ? "stacked" : "external"}
controlPlaneEndpoint: ${state.virtualAddress}:${String(balancerPort)}
loadBalancer: keepalived-haproxy
ssh:
  configFile: ${sshPaths(labDir).config}
hosts:
${hosts.join("\n")}
`;
}
