import { RecoveryError } from "../../../model/recovery-error.ts";
import { faultTimeoutMs, lostPower, type Fault } from "./fault.ts";

const config = "/etc/haproxy/haproxy.cfg";
const kept = `${config}.requorum-lab-original`;
/** Each changes the configuration as a person would, in ways seen in the field. */
const modes: { readonly [mode: string]: string } = {
  stop: "systemctl stop haproxy",
  "ssl-hello-chk": `cp ${config} ${kept}; sed -i 's/^    option httpchk GET .*/&\\n    option ssl-hello-chk/' ${config}; systemctl restart haproxy`,
  syntax: `cp ${config} ${kept}; echo 'backend kube-apiserver' >> ${config}; echo '    balance nonsense' >> ${config}; systemctl restart haproxy || true`,
  "missing-backend": `cp ${config} ${kept}; sed -i '0,/^    server /{/^    server /d}' ${config}; systemctl restart haproxy`,
};

export const breakHaproxyFault: Fault = {
  kind: "break-haproxy",
  summary: "breaks a machine's haproxy; healing restores its configuration and starts it",
  settings: {
    mode: "stop (default); ssl-hello-chk: a health check that marks every API server down; syntax: does not start; missing-backend: one server line is gone",
  },
  async inject(context) {
    const mode = context.settings["mode"] ?? "stop";
    const script = modes[mode];
    if (script === undefined)
      throw new RecoveryError("USAGE", { subject: "break-haproxy", detail: `it knows ${Object.keys(modes).join(", ")}` });
    await context.shell({ reason: "breaking haproxy", script, timeoutMs: faultTimeoutMs });
    return { mode };
  },
  async heal(context) {
    await context.shell({
      reason: "restoring haproxy",
      script: `[ ! -e ${kept} ] || mv ${kept} ${config}\nsystemctl reset-failed haproxy || true\nsystemctl restart haproxy`,
      timeoutMs: faultTimeoutMs,
    });
  },
  // A boot starts what was stopped; it does not mend a configuration.
  endedBecause: (look, details) => (details["mode"] === "stop" && look.hasLostPower ? lostPower : undefined),
};
