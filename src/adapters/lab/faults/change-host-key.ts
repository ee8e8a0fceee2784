import { registerHostKey } from "../ssh-access.ts";
import { faultTimeoutMs, type Fault } from "./fault.ts";

const key = "/etc/ssh/ssh_host_ed25519_key";

export const changeHostKeyFault: Fault = {
  kind: "change-host-key",
  summary: "the machine presents another SSH host key than the known one; healing registers the new key",
  settings: {},
  async inject(context) {
    await context.shell({
      reason: "changing the host key",
      script: `rm -f ${key} ${key}.pub\nssh-keygen -q -t ed25519 -N '' -C host -f ${key}\nsystemctl restart ssh`,
      timeoutMs: faultTimeoutMs,
    });
    return {};
  },
  async heal(context) {
    const { stdout } = await context.shell({ reason: "reading the host key", script: `cat ${key}.pub`, timeoutMs: faultTimeoutMs });
    await registerHostKey(context.labDir, context.machine, stdout.trim());
  },
};
