import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { RecoveryError } from "../../../model/recovery-error.ts";
import type { MachinePaths } from "../lab-paths.ts";
import { bridgeName, insideNetwork } from "../network/lab-network.ts";
import { isAlive, readProcessIdentity, signalProcess, type ProcessIdentity } from "../process-identity.ts";
import { kubernetesPrograms } from "../programs/program-versions.ts";
import { runProgram } from "../run-program.ts";
import { waitUntil } from "../wait-until.ts";
import { createMachineCgroups } from "./machine-cgroups.ts";
import { readMachineInit } from "./machine-init.ts";

export interface MachineStart {
  readonly lab: string;
  readonly machine: string;
  readonly address: string;
  readonly paths: MachinePaths;
  readonly labCgroups: readonly string[];
  /** Directories with programs; the machine gets links to what they hold. */
  readonly programs: { readonly kubenodeDir: string; readonly etcdDir: string };
  readonly baseImage: string;
  /** false: /var/lib/etcd is an ordinary directory. */
  readonly hasEtcdDisk: boolean;
}

/** The shell moves itself into the groups before it becomes the machine: nothing of it is ever outside them. */
const joinCgroups = 'while [ "$1" != "--" ]; do echo $$ > "$1/cgroup.procs"; shift; done; shift; exec "$@"';
/**
 * The machine's disks are mounted in a mount namespace of its own. Were they
 * mounted in the host's, every other machine's namespace would be copied with
 * them and keep their file systems alive: one that has failed could then never
 * be unmounted for repair. lost+found goes because kubeadm takes a directory
 * that holds anything at all for an old member's.
 */
const mountAndStart = `mount -t overlay overlay -o "lowerdir=$2,upperdir=$3,workdir=$4" "$1"
if [ -n "$5" ]; then mount -o loop "$5" "$6"; rm -rf "$6/lost+found"; fi
stat -c '%d:%i' "$1" >> "$7"
shift 7
exec "$@"`;

/** Boot until the first process exists: nspawn sets up mounts and namespaces; 0.3 s idle. */
const initTimeoutMs = 30_000;
/** Boot until sshd answers: 5-8 s idle, three at once on two busy cores a minute. */
const sshTimeoutMs = 120_000;

/**
 * Starts the machine in a session of its own, so that it lives on when this
 * program ends, and returns when its first process exists. Not `ip netns
 * exec`: it remounts /sys and hides the cgroups from nspawn.
 */
export async function startMachine(start: MachineStart): Promise<ProcessIdentity> {
  const cgroups = await createMachineCgroups(start.labCgroups, start.machine);
  const nspawn = insideNetwork(start.lab, ["systemd-nspawn", ...nspawnArguments(start)]);
  const { paths } = start;
  const mounts = [
    paths.root,
    start.baseImage,
    paths.upper,
    paths.work,
    start.hasEtcdDisk ? paths.etcdImage : "",
    paths.etcdMount,
    paths.bootRoots,
  ];
  const console = openSync(paths.consoleLog, "a", 0o600);
  const child = spawn(
    "/bin/sh",
    [
      "-euc",
      joinCgroups,
      "sh",
      ...cgroups,
      "--",
      "unshare",
      "--mount",
      "--propagation",
      "private",
      "/bin/sh",
      "-euc",
      mountAndStart,
      "sh",
      ...mounts,
      nspawn.program,
      ...nspawn.args,
    ],
    {
      detached: true,
      stdio: ["ignore", console, console],
    },
  );
  child.unref();
  closeSync(console);
  const pid = child.pid;
  const supervisor = pid === undefined ? undefined : readProcessIdentity(pid);
  if (supervisor === undefined)
    throw new RecoveryError("LAB_FAILED", {
      subject: `machine ${start.machine}`,
      detail: `systemd-nspawn could not be started; see ${start.paths.consoleLog}`,
    });
  await waitUntil({ what: `the first process of machine ${start.machine}`, timeoutMs: initTimeoutMs, intervalMs: 50 }, () => {
    if (!isAlive(supervisor))
      throw new RecoveryError("LAB_FAILED", {
        subject: `machine ${start.machine}`,
        detail: `systemd-nspawn ended; see ${start.paths.consoleLog}`,
      });
    return Promise.resolve(readMachineInit(supervisor));
  });
  return supervisor;
}

function nspawnArguments(start: MachineStart): readonly string[] {
  const { paths } = start;
  const links = [
    ...kubernetesPrograms.map((name) => `${join(start.programs.kubenodeDir, "kubenode")}:/usr/bin/${name}`),
    ...["etcd", "etcdctl", "etcdutl"].map((name) => `${join(start.programs.etcdDir, name)}:/usr/local/bin/${name}`),
  ];
  return [
    "--directory",
    paths.root,
    "--boot",
    "--register=no",
    "--keep-unit",
    `--machine=rq-${start.lab}-${start.machine}`,
    `--hostname=${start.machine}`,
    `--network-bridge=${bridgeName}`,
    "--link-journal=no",
    "--resolv-conf=off",
    "--timezone=off",
    "--console=read-only",
    "--capability=all",
    "--system-call-filter=@keyring bpf perf_event_open",
    `--bind=${paths.containerd}:/var/lib/containerd`,
    `--bind=${paths.kubelet}:/var/lib/kubelet`,
    `--bind=${paths.logs}:/var/log/pods`,
    `--bind=${paths.etcdMount}:/var/lib/etcd`,
    ...links.map((link) => `--bind-ro=${link}`),
  ];
}

/** Waits until sshd says its banner on the machine's own address, as a caller on the lab's network hears it. */
export async function waitForSsh(start: Pick<MachineStart, "lab" | "machine" | "address" | "baseImage">): Promise<void> {
  const command = insideNetwork(start.lab, [join(start.baseImage, "usr/bin/busybox"), "nc", "-w", "2", start.address, "22"]);
  await waitUntil({ what: `sshd of machine ${start.machine}`, timeoutMs: sshTimeoutMs }, async () => {
    const answer = await runProgram({ reason: "looking for sshd", ...command, timeoutMs: 5_000, acceptsFailure: true });
    return answer.stdout.startsWith("SSH-2.0");
  });
}

/** nspawn needs some 100 ms to clean up after its machine; after this it is killed as well. */
const supervisorGraceMs = 5_000;

/** Pulls the plug: SIGKILL of the machine's first process takes everything in its PID namespace with it, nothing is flushed. */
export async function powerOffMachine(supervisor: ProcessIdentity | undefined): Promise<void> {
  if (supervisor === undefined) return;
  const init = readMachineInit(supervisor);
  if (init !== undefined) signalProcess(init, "SIGKILL");
  const start = performance.now();
  await waitUntil({ what: "the machine's processes are gone", timeoutMs: 30_000, intervalMs: 50 }, () => {
    if (init === undefined || performance.now() - start > supervisorGraceMs) signalProcess(supervisor, "SIGKILL");
    return Promise.resolve(!isAlive(supervisor) && (init === undefined || !isAlive(init)));
  });
}

/** Asks systemd to shut down (nspawn turns SIGTERM into an orderly power-off). Pods have their grace period: up to a minute. */
export async function shutDownMachine(supervisor: ProcessIdentity | undefined): Promise<void> {
  if (supervisor === undefined || !signalProcess(supervisor, "SIGTERM")) return;
  await waitUntil({ what: "the machine has shut down", timeoutMs: 150_000 }, () => Promise.resolve(!isAlive(supervisor)));
}
