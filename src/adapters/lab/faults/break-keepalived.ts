import { RecoveryError } from "../../../model/recovery-error.ts";
import { faultTimeoutMs, lostPower, type Fault } from "./fault.ts";

const config = "/etc/keepalived/keepalived.conf";
const kept = `${config}.requorum-lab-original`;
const modes: { readonly [mode: string]: string } = {
  stop: "systemctl stop keepalived",
  // A weight smaller than the gap between priorities never moves the address.
  weight: `cp ${config} ${kept}; sed -i 's/^    rise 2$/    rise 2\\n    weight -2/; s/priority .*/priority 150/' ${config}; systemctl restart keepalived`,
  "router-id": `cp ${config} ${kept}; sed -i 's/virtual_router_id .*/virtual_router_id 99/' ${config}; systemctl restart keepalived`,
};

export const breakKeepalivedFault: Fault = {
  kind: "break-keepalived",
  summary: "breaks a machine's keepalived; healing restores its configuration and starts it",
  settings: {
    mode: "stop (default); weight: the health script can no longer move the address; router-id: it no longer hears its peers, two machines hold the address",
  },
  async inject(context) {
    const mode = context.settings["mode"] ?? "stop";
    const script = modes[mode];
    if (script === undefined)
      throw new RecoveryError("USAGE", { subject: "break-keepalived", detail: `it knows ${Object.keys(modes).join(", ")}` });
    await context.shell({ reason: "breaking keepalived", script, timeoutMs: faultTimeoutMs });
    return { mode };
  },
  async heal(context) {
    await context.shell({
      reason: "restoring keepalived",
      script: `[ ! -e ${kept} ] || mv ${kept} ${config}\nsystemctl restart keepalived`,
      timeoutMs: faultTimeoutMs,
    });
  },
  // A boot starts what was stopped; it does not mend a configuration.
  endedBecause: (look, details) => (details["mode"] === "stop" && look.hasLostPower ? lostPower : undefined),
};
