import { RecoveryError } from "../../model/recovery-error.ts";
import type { StepArgs } from "../../model/step.ts";
import { changeOnHost, lookMs } from "../ask/run-on-host.ts";
import { readApiBackends, withApiBackends } from "../observe/haproxy-backends.ts";
import { apiServerPort } from "../observe/look-at-host.ts";
import { observeModel } from "../observe/observe-model.ts";
import type { StepContext, StepHandler } from "../step-handler.ts";

type Args = StepArgs["loadBalancer.setBackends"];

const path = "/etc/haproxy/haproxy.cfg";
/** haproxy files are some KiB; one of this size is something else. */
const fileBytesMax = 262_144;

/**
 * $1 run, $2 sha256 of the file that the new one was made from. The new file
 * lies beside the old one only for the rename; it is checked before, and the
 * old one is kept. haproxy's own reload keeps established connections.
 */
const installScript = `set -eu
file=/etc/haproxy/haproxy.cfg
[ "$(sha256sum < "$file" | cut -c 1-64)" = "$2" ] || { echo "$file was changed by somebody else" >&2; exit 4; }
kept=/var/lib/requorum/aside/$1/etc/haproxy
umask 077
mkdir -p "$kept"
haproxy -c -q -f "$REQUORUM_INPUT"
[ -e "$kept/haproxy.cfg" ] || cp -p "$file" "$kept/haproxy.cfg"
new=$(mktemp /etc/haproxy/.requorum.XXXXXX)
cat "$REQUORUM_INPUT" > "$new"
chown --reference="$file" "$new"
chmod --reference="$file" "$new"
sync "$new"
mv -T "$new" "$file"
systemctl reload-or-restart haproxy.service
sleep 1
systemctl is-active -q haproxy.service || { echo "haproxy does not run after the reload" >&2; exit 5; }
`;

/** L07: edited by replacing server lines, checked, renamed, reloaded. */
export const loadBalancerSetBackendsHandler: StepHandler<"loadBalancer.setBackends"> = {
  settleMs: 0,
  observe: (args, context) => observeModel(context, { hosts: [args.host] }),
  perform: async (args, context) => {
    const bytes = await context.ports.hostAccess.readFile(args.host, path, {
      bytesMax: fileBytesMax,
      timeoutMs: lookMs,
      signal: context.signal,
    });
    const text = new TextDecoder().decode(bytes);
    const edited = editedText(text, args);
    if (edited === text) return;
    await changeOnHost(context, args.host, {
      reason: "set the balancer's API backends",
      script: installScript,
      args: [context.run, context.ports.hashing.sha256Hex(bytes)],
      input: new TextEncoder().encode(edited),
      timeoutMs: 60_000,
    });
    await recordKept(context, args);
  },
};

function editedText(text: string, args: Args): string {
  const edited = withApiBackends(text, args.backends, apiServerPort);
  if (edited !== undefined) return edited;
  const count = readApiBackends(text, apiServerPort).length;
  throw new RecoveryError("STEP_BLOCKED", {
    subject: `host ${args.host}`,
    detail: `${path}: ${count === 0 ? "no backend leads to API servers" : "more than one backend leads to API servers"}, so it is not clear what to edit. Nothing was changed; edit it by hand and resume`,
  });
}

async function recordKept(context: StepContext, args: Args): Promise<void> {
  await context.recordFact(
    "moved-aside",
    `${args.host}: the former haproxy.cfg is /var/lib/requorum/aside/${context.run}/etc/haproxy/haproxy.cfg`,
  );
}
