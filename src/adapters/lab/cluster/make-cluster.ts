import { createHash, randomBytes, X509Certificate } from "node:crypto";
import type { AddressPlan, MachinePlan } from "../address-plan.ts";
import { runInMachine, type RunningMachine } from "../machine/machine-shell.ts";
import type { PhaseTimer } from "../phase-timer.ts";
import { waitUntil } from "../wait-until.ts";
import { containerRuntimeWait } from "./container-runtime-wait.ts";
import { makeExternalEtcd } from "./make-external-etcd.ts";
import { renderInitConfig, renderJoinConfig, type JoinSecrets } from "./render-kubeadm-config.ts";

export interface ClusterInput {
  readonly clusterName: string;
  readonly plan: AddressPlan;
  readonly versions: { readonly kubernetes: string; readonly etcd: string };
  readonly machineOf: (name: string) => RunningMachine;
  readonly timer: PhaseTimer;
}

/** `kubeadm init` takes 8 s and a join 16 s on an idle machine; kubeadm's own waits end after 4-5 min. */
const kubeadmTimeoutMs = 420_000;
/** From the last join until every node is Ready: the kubelets' next status update. */
const readyTimeoutMs = 240_000;

/** kubeadm init on the first control-plane machine, join on the others one after the other, then workers. Returns when all nodes are Ready. */
export async function makeCluster(input: ClusterInput): Promise<void> {
  const { plan, timer } = input;
  const secrets = makeJoinSecrets();
  const controlPlanes = plan.machines.filter(({ role }) => role === "control-plane");
  const workers = plan.machines.filter(({ role }) => role === "worker");
  const [first, ...others] = controlPlanes;
  if (first === undefined) throw new RangeError("a lab has at least one control-plane machine");
  if (plan.machines.some(({ role }) => role === "etcd")) await timer.measure("etcd machines", () => makeExternalEtcd(input));
  await timer.measure(`kubeadm init on ${first.name}`, () =>
    runKubeadm(input.machineOf(first.name), "init --upload-certs", renderInitConfig({ ...input, ...secrets, machine: first })),
  );
  const caCertHash = await readCaCertHash(input.machineOf(first.name));
  const join = (machine: MachinePlan) =>
    runKubeadm(input.machineOf(machine.name), "join", renderJoinConfig({ ...secrets, machine, plan, caCertHash }));
  // One after the other: a member is added to etcd only when all are healthy.
  for (const machine of others) await timer.measure(`kubeadm join of ${machine.name}`, () => join(machine));
  if (workers.length > 0) await timer.measure("kubeadm join of workers", () => Promise.all(workers.map(join)));
  const names = [...controlPlanes, ...workers].map(({ name }) => name);
  await timer.measure("nodes Ready", () => waitForReadyNodes(input.machineOf(first.name), names));
}

export function makeJoinSecrets(): JoinSecrets {
  const hex = randomBytes(11).toString("hex");
  return { token: `${hex.slice(0, 6)}.${hex.slice(6, 22)}`, certificateKey: randomBytes(32).toString("hex") };
}

/** The configuration holds the join secrets: over stdin into a private file that is removed whatever happens. */
async function runKubeadm(machine: RunningMachine, verb: string, config: string): Promise<void> {
  await runInMachine(machine, {
    reason: `kubeadm ${verb}`,
    script: `umask 077
trap 'rm -f /run/requorum-kubeadm.json' EXIT
cat > /run/requorum-kubeadm.json <<'KUBEADM'
${config}
KUBEADM
${containerRuntimeWait}kubeadm ${verb} --config /run/requorum-kubeadm.json
`,
    timeoutMs: kubeadmTimeoutMs,
  });
}

/** kubeadm's pin of the cluster CA: sha256 of its SubjectPublicKeyInfo. */
async function readCaCertHash(machine: RunningMachine): Promise<string> {
  const { stdout } = await runInMachine(machine, {
    reason: "reading the cluster CA",
    script: "cat /etc/kubernetes/pki/ca.crt",
    timeoutMs: 15_000,
  });
  const key = new X509Certificate(stdout).publicKey.export({ type: "spki", format: "der" });
  return `sha256:${createHash("sha256").update(key).digest("hex")}`;
}

async function waitForReadyNodes(machine: RunningMachine, names: readonly string[]): Promise<void> {
  await waitUntil({ what: `nodes ${names.join(", ")} are Ready`, timeoutMs: readyTimeoutMs, intervalMs: 500 }, async () => {
    const { stdout } = await runInMachine(machine, {
      reason: "reading the nodes",
      script: `kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes -o 'jsonpath={range .items[*]}{.metadata.name}={.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}'`,
      timeoutMs: 20_000,
    });
    const ready = stdout.split("\n");
    return names.every((name) => ready.includes(`${name}=True`));
  });
}
