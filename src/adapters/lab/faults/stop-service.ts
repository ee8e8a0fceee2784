import { RecoveryError } from "../../../model/recovery-error.ts";
import { faultTimeoutMs, lostPower, type Fault } from "./fault.ts";

const services = ["kubelet", "containerd", "haproxy", "keepalived", "ssh", "etcd"] as const;

export const stopServiceFault: Fault = {
  kind: "stop-service",
  addsUp: true,
  summary: "stops a systemd service; healing starts it",
  settings: { service: `one of ${services.join(", ")} (default kubelet)` },
  async inject(context) {
    const service = context.settings["service"] ?? "kubelet";
    if (!services.some((known) => known === service))
      throw new RecoveryError("USAGE", { subject: `service ${service}`, detail: `stop-service knows ${services.join(", ")}` });
    // Debian starts ssh by its service; a socket unit, where there is one, would start it again.
    await context.shell({ reason: `stopping ${service}`, script: `systemctl stop ${service}`, timeoutMs: faultTimeoutMs });
    return { service };
  },
  async heal(context, details) {
    await context.shell({
      reason: "starting the service",
      script: `systemctl start ${details["service"] ?? "kubelet"}`,
      timeoutMs: faultTimeoutMs,
    });
  },
  // All of them are enabled: a boot starts them.
  endedBecause: (look) => (look.hasLostPower ? lostPower : undefined),
};
