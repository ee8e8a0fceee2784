import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { LabRole, MachinePlan } from "./address-plan.ts";

/**
 * inotify instances are counted per user for the whole kernel (inotify(7)), so
 * machines of a lab share one limit with everything that root runs. Beyond it
 * systemd, containerd and kubelet fail in ways that name nothing. The lab never
 * changes the host's limit.
 */

/** Counted on running machines with Kubernetes 1.34: systemd 5, dbus 1, containerd 1, kubelet 7, kube-proxy 1, API server 6, controller manager 2, or 7 on the leader. */
const perMachine: { readonly [R in LabRole]: number } = { "control-plane": 23, worker: 16, etcd: 6, spare: 7 };
/** The leader's controller manager, pods of the load, kubectl and what starts in between. */
const reserve = 7;

export function inotifyInstancesNeeded(machines: readonly MachinePlan[]): number {
  return machines.reduce((sum, { role }) => sum + perMachine[role], reserve);
}

/** LAB_UNSUPPORTED when the machines would not fit below the kernel's limit. */
export function assertInotifyBudget(machines: readonly MachinePlan[]): void {
  const limit = Number(readFileSync("/proc/sys/fs/inotify/max_user_instances", "utf8"));
  const used = countInotifyInstances();
  const needed = inotifyInstancesNeeded(machines);
  if (used + needed <= limit) return;
  throw new RecoveryError("LAB_UNSUPPORTED", {
    subject: "fs.inotify.max_user_instances",
    detail: `the kernel allows ${String(limit)} inotify instances per user; ${String(used)} are in use and this lab needs about ${String(needed)}. Nothing was made`,
    remedies: [
      { why: "see whether another lab can be taken down", command: "requorum lab status" },
      { why: "or raise the limit of this machine yourself", command: "sysctl -w fs.inotify.max_user_instances=1024" },
    ],
  });
}

/** Descriptors that are inotify instances, over all processes. One shared by two processes counts twice: on the safe side. */
function countInotifyInstances(): number {
  let count = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const directory = `/proc/${pid}/fd`;
    for (const descriptor of namesIn(directory)) if (targetOf(`${directory}/${descriptor}`) === "anon_inode:inotify") count++;
  }
  return count;
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // the process has ended
  }
}

function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // closed since it was listed
  }
}
