import { RecoveryError } from "../../../model/recovery-error.ts";
import { faultTimeoutMs, type Fault } from "./fault.ts";

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
    // After a reboot there is nothing frozen, and nothing to do.
    await context.shell({
      reason: `letting ${process} go on`,
      script: signalScript(process, "CONT"),
      timeoutMs: faultTimeoutMs,
      acceptsFailure: true,
    });
  },
};

/** By the program's name in argv[0]: all Kubernetes programs of the lab are one file, whose name the kernel cuts at 15 characters. */
function signalScript(process: string, signal: "STOP" | "CONT"): string {
  return `found=1
for directory in /proc/[0-9]*; do
  [ -r "$directory/cmdline" ] || continue
  name=$(tr '\\0' '\\n' < "$directory/cmdline" 2>/dev/null | head -n 1)
  if [ "\${name##*/}" = "${process}" ]; then kill -${signal} "\${directory#/proc/}" && found=0; fi
done
exit $found
`;
}
