import { faultTimeoutMs, type Fault, type FaultContext } from "./fault.ts";
import { RecoveryError } from "../../../model/recovery-error.ts";

const pki = "/etc/kubernetes/pki/etcd";
const etcdctl = `etcdctl --cacert ${pki}/ca.crt --cert ${pki}/server.crt --key ${pki}/server.key --endpoints https://127.0.0.1:2379`;
const key = "/requorum-lab/fill";
/** Requests over one connection; after each batch the alarm is looked for. */
const batch = 25;
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
    // The same key again and again: every revision is kept until it is compacted. One curl per batch: an etcdctl per value would take minutes.
    const script = `umask 077
trap 'rm -f /run/requorum-lab-fill' EXIT
{ printf '{"key":"%s","value":"' "$(printf '${key}' | base64 -w0)"; head -c ${String(valueBytes)} /dev/zero | tr '\\0' x | base64 -w0; printf '"}'; } > /run/requorum-lab-fill
n=0
while [ $n -lt ${String(values)} ]; do
  curl -s -o /dev/null --max-time 60 --cacert ${pki}/ca.crt --cert ${pki}/server.crt --key ${pki}/server.key --data-binary @/run/requorum-lab-fill "https://127.0.0.1:2379/v3/kv/put?n=[1-${String(batch)}]" || true
  n=$((n+${String(batch)}))
  if ${etcdctl} alarm list | grep NOSPACE; then break; fi
done
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
  const script = `${etcdctl} del ${key} > /dev/null
revision=$(${etcdctl} endpoint status -w json | sed 's/.*"revision":\\([0-9]*\\).*/\\1/')
${etcdctl} compact "$revision" --physical
${endpoints.map((endpoint) => `${etcdctl.replace("https://127.0.0.1:2379", endpoint)} --command-timeout 60s defrag || true`).join("\n")}
${etcdctl} alarm disarm
`;
  await context.shell({ reason: "emptying etcd", script, timeoutMs: fillTimeoutMs + faultTimeoutMs });
}
