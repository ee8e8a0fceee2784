import { RecoveryError } from "../../../model/recovery-error.ts";
import { faultTimeoutMs, lostPower, type Fault } from "./fault.ts";

const processes = [
  "etcd",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "containerd",
  "haproxy",
  "keepalived",
  "sshd",
] as const;

/** SIGSTOP: sockets stay open and accept, nothing answers. What a machine in deep swap or a hanging disk looks like. */
export const freezeFault: Fault = {
  kind: "freeze",
  addsUp: true,
  summary: "stops a process with SIGSTOP; healing lets it go on",
  settings: { process: `one of ${processes.join(", ")} (default etcd)` },
  async inject(context) {
    const process = context.settings["process"] ?? "etcd";
    if (!processes.some((known) => known === process))
      throw new RecoveryError("USAGE", { subject: `process ${process}`, detail: `freeze knows ${processes.join(", ")}` });
    await context.shell({ reason: `freezing ${process}`, script: signalScript(process, "STOP"), timeoutMs: faultTimeoutMs });
    return { process };
  },
  async heal(context, details) {
    const process = details["process"] ?? "etcd";
    // It may have ended in this very moment: then there is nothing to do.
    await context.shell({
      reason: `letting ${process} go on`,
      script: signalScript(process, "CONT"),
      timeoutMs: faultTimeoutMs,
      acceptsFailure: true,
    });
  },
  endedBecause(look, details) {
    const process = details["process"] ?? "etcd";
    if (look.hasLostPower) return lostPower;
    // The kubelet kills a container that fails its liveness probe, also a frozen one.
    return look.stoppedPrograms.includes(process)
      ? undefined
      : `no ${process} of the machine is stopped any more: it went on, or was started anew`;
  },
};

/** SIGSTOP is seen when a system call ends; one that takes longer hangs on a disk. */
const stopSecondsMax = 5;
const awaitStopped = `left=${String(stopSecondsMax * 20)}
for pid in $pids; do
  while [ -r "/proc/$pid/status" ] && ! grep -q '^State:[[:space:]]*[TZX]' "/proc/$pid/status"; do
    left=$((left-1))
    if [ $left -lt 0 ]; then echo "process $pid did not stop within ${String(stopSecondsMax)} s" >&2; exit 1; fi
    sleep 0.05
  done
done
`;

/**
 * By the program's name in argv[0]: all Kubernetes programs of the lab are one
 * file, whose name the kernel cuts at 15 characters, and sshd writes "sshd: …"
 * there. Fails when there is no such process, or one does not stop.
 */
function signalScript(process: string, signal: "STOP" | "CONT"): string {
  return `found=1
pids=""
for directory in /proc/[0-9]*; do
  [ -r "$directory/cmdline" ] || continue
  name=$(tr '\\0' '\\n' < "$directory/cmdline" 2>/dev/null | head -n 1)
  name=\${name%%: *}
  if [ "\${name##*/}" = "${process}" ]; then kill -${signal} "\${directory#/proc/}" && found=0 && pids="$pids \${directory#/proc/}"; fi
done
if [ $found = 1 ]; then echo "no process ${process} runs on this machine" >&2; exit 1; fi
${signal === "STOP" ? awaitStopped : ""}`;
}
