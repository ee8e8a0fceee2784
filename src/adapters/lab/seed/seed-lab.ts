import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { RecoveryError } from "../../../model/recovery-error.ts";
import type { ReportProgress } from "../../../model/progress-event.ts";
import { apiServerPort } from "../address-plan.ts";
import type { LabState } from "../lab-state.ts";
import { runInMachine } from "../machine/machine-shell.ts";
import { insideNetwork } from "../network/lab-network.ts";
import { runProgram } from "../run-program.ts";
import { waitUntil } from "../wait-until.ts";
import { planSeed } from "./seed-objects.ts";
import type { SeedJob } from "./seed-worker.ts";

/** 200-400 objects a second were seen on two busy cores; this is for 50 000. */
const seedTimeoutMs = 600_000;
/** Seven small pods with their image present: 10 s idle. */
const podsTimeoutMs = 240_000;

/** Creates the load and waits until its pods run. */
export async function seedLab(
  state: LabState,
  load: { readonly seed: number; readonly objects: number },
  report: ReportProgress,
): Promise<void> {
  const plan = planSeed(load);
  const total = plan.first.length + plan.rest.length;
  const machine = state.machines.find(({ role }) => role === "control-plane");
  if (machine === undefined)
    throw new RecoveryError("LAB_FAILED", { subject: `lab ${state.name}`, detail: "it has no control-plane machine" });
  const { stdout } = await runInMachine(machine, {
    reason: "reading the administrator's kubeconfig",
    script: "cat /etc/kubernetes/admin.conf",
    timeoutMs: 15_000,
  });
  const job: SeedJob = { host: machine.address, port: apiServerPort, ...credentialsOf(stdout), plan };
  // A program of its own beside this file: a source here, a built file in an installed package.
  const worker = fileURLToPath(new URL(`seed-worker${extname(import.meta.url)}`, import.meta.url));
  await runProgram({
    reason: "creating the load",
    ...insideNetwork(state.name, [process.execPath, worker]),
    stdin: JSON.stringify(job),
    timeoutMs: seedTimeoutMs,
    onLine: (line) => {
      if (/^\d+$/.test(line)) report({ kind: "count", text: "creating the load's objects", done: Number(line), total });
    },
  });
  await waitUntil(
    { what: `the pods of ${String(plan.deployments.length)} deployments run`, timeoutMs: podsTimeoutMs, intervalMs: 1_000 },
    async () => {
      const answer = await runInMachine(machine, {
        reason: "reading the deployments",
        script: `kubectl --kubeconfig /etc/kubernetes/admin.conf get deployments -A -o 'jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name} {.spec.replicas} {.status.readyReplicas}{"\\n"}{end}'`,
        timeoutMs: 20_000,
      });
      const ready = new Map(
        answer.stdout
          .trim()
          .split("\n")
          .map((line) => {
            const [name = "", wanted, have] = line.split(" ");
            return [name, wanted === have] as const;
          }),
      );
      report({
        kind: "count",
        text: "waiting for the load's pods",
        done: plan.deployments.filter((name) => ready.get(name) === true).length,
        total: plan.deployments.length,
      });
      return plan.deployments.every((name) => ready.get(name) === true);
    },
  );
}

/** The one cluster and user of kubeadm's admin.conf. */
function credentialsOf(kubeconfig: string): { readonly ca: string; readonly certificate: string; readonly key: string } {
  const value = parse(kubeconfig) as {
    readonly clusters?: readonly { readonly cluster?: { readonly "certificate-authority-data"?: string } }[];
    readonly users?: readonly { readonly user?: { readonly "client-certificate-data"?: string; readonly "client-key-data"?: string } }[];
  };
  const ca = value.clusters?.[0]?.cluster?.["certificate-authority-data"];
  const user = value.users?.[0]?.user;
  const certificate = user?.["client-certificate-data"];
  const key = user?.["client-key-data"];
  if (ca === undefined || certificate === undefined || key === undefined)
    throw new RecoveryError("LAB_FAILED", { subject: "admin.conf", detail: "it does not hold the certificates that kubeadm writes" });
  const decode = (text: string) => Buffer.from(text, "base64").toString("utf8");
  return { ca: decode(ca), certificate: decode(certificate), key: decode(key) };
}
