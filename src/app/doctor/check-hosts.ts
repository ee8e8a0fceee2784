import type { ClusterConfig, HostConfig } from "../../model/cluster-config.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { HostAccess } from "../../ports/host-access.ts";
import type { DoctorRow } from "./doctor-row.ts";

/** One small script; a machine that needs longer is not ready to be repaired from. */
const hostMsMax = 10_000;
/** etcd and certificates bear seconds; a report whose times are off by more than this misleads. */
const clockOffsetMsMax = 2000;
/** Leader elections need the machines closer than that; the workstation may be farther away, but every call then takes long. */
const roundTripMsMax = 500;

/** Can every configured machine be logged in to as root, with a host key that is known, and do the clocks agree? */
export async function checkHosts(
  ports: { readonly hostAccess: HostAccess; readonly clock: Clock },
  config: ClusterConfig,
  signal?: AbortSignal,
): Promise<readonly DoctorRow[]> {
  return Promise.all(config.hosts.map((host) => hostRow(ports, host, signal)));
}

async function hostRow(
  { hostAccess, clock }: { readonly hostAccess: HostAccess; readonly clock: Clock },
  host: HostConfig,
  signal: AbortSignal | undefined,
): Promise<DoctorRow> {
  const check = `host ${host.name}`;
  const asked = { timeoutMs: hostMsMax, ...(signal === undefined ? {} : { signal }) };
  try {
    const roundTripMs = await hostAccess.ping(host.name, asked);
    const before = clock.nowMs();
    const { stdout } = await hostAccess.run(host.name, {
      ...asked,
      reason: "look whether this machine can be worked on",
      script: 'echo "$(id -u) $(date +%s%3N)"',
      changesThings: false,
      outputBytesMax: 4096,
    });
    const after = clock.nowMs();
    const [uid, milliseconds] = stdout.trim().split(" ");
    if (uid !== "0") return { check, state: "fail", detail: `logged in, but not root (uid ${uid ?? "unknown"})` };
    const theirs = Number(milliseconds);
    const reached = `SSH ${roundTripMs.toFixed(1)} ms, root, host key known`;
    if (!/^[0-9]{10,}$/.test(milliseconds ?? "")) return { check, state: "warn", detail: `${reached}; its clock could not be read` };
    return clockedRow(check, reached, { theirs, before, after, roundTripMs });
  } catch (error) {
    if (!(error instanceof RecoveryError) || error.code === "INTERRUPTED") throw error;
    const remedy = error.remedies[0] ?? { why: "what it means", command: `requorum explain ${error.code}` };
    // A machine that does not answer may be what is wrong with the cluster, and not with this workstation.
    return { check, state: error.retry === "transient" ? "unknown" : "fail", detail: `${error.code}: ${error.detail}`, remedy };
  }
}

/** The machine looked at its clock somewhere between `before` and `after`: only what lies outside is certainly off. */
function clockedRow(
  check: string,
  reached: string,
  times: { readonly theirs: number; readonly before: number; readonly after: number; readonly roundTripMs: number },
): DoctorRow {
  const offsetMs = times.theirs < times.before ? times.theirs - times.before : times.theirs > times.after ? times.theirs - times.after : 0;
  if (Math.abs(offsetMs) > clockOffsetMsMax) {
    return {
      check,
      state: "warn",
      detail: `${reached}; its clock is ${(Math.abs(offsetMs) / 1000).toFixed(1)} s ${offsetMs < 0 ? "behind" : "ahead of"} this machine's`,
    };
  }
  if (times.roundTripMs > roundTripMsMax) return { check, state: "warn", detail: `${reached}; so far away that everything will take long` };
  return { check, state: "ok", detail: `${reached}, clock within ${(clockOffsetMsMax / 1000).toFixed(0)} s` };
}
