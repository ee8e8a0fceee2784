import { runInMachine, type RunningMachine } from "../machine/machine-shell.ts";

/** The config map that says "this cluster is a lab", for whoever holds only a kubeconfig. */
export const clusterMark = { namespace: "kube-system", name: "requorum-lab" } as const;

export async function markCluster(machine: RunningMachine, lab: string): Promise<void> {
  const mark = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { ...clusterMark, labels: { "requorum.dev/lab": lab } },
    data: { lab },
  };
  await runInMachine(machine, {
    reason: "marking the cluster as a lab",
    script: `kubectl --kubeconfig /etc/kubernetes/admin.conf apply -f - <<'MARK'\n${JSON.stringify(mark)}\nMARK\n`,
    timeoutMs: 30_000,
  });
}
