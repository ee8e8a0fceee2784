import { RecoveryError } from "../../../model/recovery-error.ts";
import { faultTimeoutMs, type Fault } from "./fault.ts";

/**
 * The kernel has one wall clock for all machines of the lab, and programs that
 * are linked statically (Kubernetes, etcd) read it directly: they keep the true
 * time. Everything else that starts on the machine from now on (ssh logins,
 * `date`, openssl, curl) sees the shifted time. Not a whole machine's skew.
 */
export const clockSkewFault: Fault = {
  kind: "clock-skew",
  summary: "shifts the time that dynamically linked programs of a machine see (not Kubernetes' and etcd's own); healing takes it back",
  settings: { offset: "like +90s or -2h (default +300s)" },
  async inject(context) {
    const offset = context.settings["offset"] ?? "+300s";
    if (!/^[+-]\d{1,9}[smhd]$/.test(offset))
      throw new RecoveryError("USAGE", { subject: `offset ${offset}`, detail: "an offset is a sign, a number and one of s, m, h, d" });
    const script = `library=$(ls /usr/lib/*/faketime/libfaketime.so.1)
echo '${offset}' > /etc/faketimerc
echo "$library" > /etc/ld.so.preload
systemctl restart ssh
`;
    await context.shell({ reason: "shifting the clock", script, timeoutMs: faultTimeoutMs });
    return {};
  },
  async heal(context) {
    await context.shell({
      reason: "setting the clock right",
      script: "rm -f /etc/ld.so.preload /etc/faketimerc\nsystemctl restart ssh",
      timeoutMs: faultTimeoutMs,
    });
  },
};
