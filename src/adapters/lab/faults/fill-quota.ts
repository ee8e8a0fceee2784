import { faultTimeoutMs, type Fault, type FaultContext } from "./fault.ts";
import { RecoveryError } from "../../../model/recovery-error.ts";

const etcdctl =
  "etcdctl --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/server.crt --key /etc/kubernetes/pki/etcd/server.key --endpoints https://127.0.0.1:2379";
const prefix = "/requorum-lab/fill/";
/** Filling the default quota of 2 GiB at 10-40 MB/s through three members. */
const fillTimeoutMs = 600_000;
/** 1.5 MiB is etcd's request limit. */
const valueBytes = 1_000_000;

/** Writes until etcd raises NOSPACE. The whole cluster is affected; the machine is where the writing happens. */
export const fillQuotaFault: Fault = {
  kind: "fill-quota",
  summary: "fills etcd until it raises NOSPACE and refuses writes; healing deletes, compacts, defragments and disarms",
  settings: { values: "how many values of 1 MB at most (default 2200, enough for the default quota of 2 GiB)" },
  async inject(context) {
    const values = Number(context.settings["values"] ?? "2200");
    if (!Number.isInteger(values) || values < 1 || values > 20_000)
      throw new RecoveryError("USAGE", { subject: "fill-quota", detail: "values is a number from 1 to 20000" });
    const script = `head -c ${String(valueBytes)} /dev/zero | tr '\\0' x > /run/requorum-lab-fill
n=0
while [ $n -lt ${String(values)} ]; do
  ${etcdctl} put ${prefix}$n < /run/requorum-lab-fill > /dev/null 2>/run/requorum-lab-fill.error || break
  n=$((n+1))
done
rm -f /run/requorum-lab-fill
${etcdctl} alarm list
`;
    const { stdout } = await context.shell({ reason: "filling etcd", script, timeoutMs: fillTimeoutMs });
    if (!stdout.includes("NOSPACE"))
      throw new RecoveryError("LAB_FAILED", {
        subject: `lab ${context.state.name}`,
        detail: "etcd took all values without raising NOSPACE; give more values",
      });
    return {};
  },
  async heal(context) {
    await emptyAgain(context);
  },
};

async function emptyAgain(context: FaultContext): Promise<void> {
  const endpoints = context.state.machines.filter(({ role }) => role === "control-plane").map(({ address }) => `https://${address}:2379`);
  const script = `${etcdctl} del --prefix ${prefix} > /dev/null
revision=$(${etcdctl} endpoint status -w json | sed 's/.*"revision":\\([0-9]*\\).*/\\1/')
${etcdctl} compact "$revision" --physical
${endpoints.map((endpoint) => `${etcdctl.replace("https://127.0.0.1:2379", endpoint)} --command-timeout 60s defrag || true`).join("\n")}
${etcdctl} alarm disarm
`;
  await context.shell({ reason: "emptying etcd", script, timeoutMs: fillTimeoutMs + faultTimeoutMs });
}
