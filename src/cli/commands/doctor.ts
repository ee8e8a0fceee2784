import { NodeWorkstation } from "../../adapters/system/node-workstation.ts";
import { checkWorkstation } from "../../app/doctor/check-workstation.ts";
import type { DoctorRow } from "../../app/doctor/doctor-row.ts";
import { observeOnce } from "../../app/observe-cluster.ts";
import type { HostFacts, Inventory } from "../../model/inventory.ts";
import { valueOf } from "../../model/observation.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { doctorPage, type DoctorCheck, type DoctorDocument } from "../../render/doctor.ts";
import type { CommandModule } from "../command-spec.ts";
import { onChosenCluster } from "../chosen-cluster.ts";
import type { CliContext } from "../cli-context.ts";
import { printResult } from "../print-result.ts";
import { withCluster } from "../with-cluster.ts";

/** Certificates and leases tolerate seconds; a report whose times are off by more misleads. */
const clockOffsetMsMax = 2000;

export const command: CommandModule = {
  async run({ cli }) {
    const rows = await checkWorkstation(new NodeWorkstation(), { stateDirectory: cli.directories.state });
    const checks = [...rows.map(checkOfRow), ...(await clusterChecks(cli))].map((check) => ({
      ...check,
      remedy: check.remedy === undefined ? undefined : { ...check.remedy, command: onChosenCluster(check.remedy.command, cli.global) },
    }));
    const document: DoctorDocument = {
      apiVersion: "requorum/v1",
      kind: "Doctor",
      isReady: checks.every((check) => check.state !== "problem"),
      checks,
    };
    printResult(cli, document, () => doctorPage(document));
    return document.isReady ? "done" : "findings";
  },
};

/** What could not be found out is shown as a warning: it is not good, and it is no proof of trouble. */
function checkOfRow(row: DoctorRow): DoctorCheck {
  const states = { ok: "ok", warn: "warning", fail: "problem", unknown: "warning" } as const;
  const { remedy } = row;
  return {
    name: row.check,
    state: states[row.state],
    detail: `${row.state === "unknown" ? "not known: " : ""}${row.detail}${remedy !== undefined && remedy.command === undefined ? `; ${remedy.why}` : ""}`,
    remedy: remedy?.command === undefined ? undefined : { why: remedy.why, command: remedy.command },
  };
}

/** A configuration that is missing or wrong is a finding of doctor, not its end. */
async function clusterChecks(cli: CliContext): Promise<readonly DoctorCheck[]> {
  const checks: DoctorCheck[] = [];
  try {
    await withCluster(cli, { isQuiet: true }, async ({ app, cluster }) => {
      checks.push({
        name: "configuration",
        state: "ok",
        detail: `${cluster.configFile}: cluster ${app.config.cluster}, ${String(app.config.hosts.length)} machines`,
        remedy: undefined,
      });
      const { inventory } = await observeOnce(app, { depth: "status", memory: "wanted" });
      checks.push(...inventory.hosts.flatMap((host) => hostChecks(inventory, host)));
      return "done";
    });
  } catch (error) {
    if (!(error instanceof RecoveryError) || cli.signal.aborted) throw error;
    const remedy = error.remedies.find((candidate) => candidate.command !== undefined);
    checks.push({
      name: "configuration",
      state: "problem",
      detail: `${error.subject}: ${error.detail}`,
      remedy: remedy?.command === undefined ? undefined : { why: remedy.why, command: remedy.command },
    });
  }
  return checks;
}

function hostChecks(inventory: Inventory, host: HostFacts): readonly DoctorCheck[] {
  if (host.ssh.kind === "unknown")
    return [
      {
        name: host.name,
        state: "problem",
        detail: `SSH: ${host.ssh.detail}${host.sshErrorCode === undefined ? "" : ` [${host.sshErrorCode}]`}`,
        remedy: host.sshErrorCode === undefined ? undefined : { why: "what it means", command: `requorum explain ${host.sshErrorCode}` },
      },
    ];
  const machine = valueOf(host.machine);
  const isMember = inventory.config.hosts.some(
    (config) => config.name === host.name && (config.roles.includes("control-plane") || config.roles.includes("etcd")),
  );
  const parts = [
    `SSH ${host.ssh.value.roundTripMs.toFixed(0)} ms`,
    ...(isMember ? [host.etcd.status.kind === "known" ? "etcd answers" : `etcd: ${host.etcd.status.detail}`] : []),
  ];
  const offset = machine?.clockOffsetMs;
  const isOff = offset !== undefined && Math.abs(offset) > clockOffsetMsMax;
  const words = [
    ...parts,
    machine === undefined
      ? `machine: ${host.machine.kind === "unknown" ? host.machine.detail : ""}`
      : `clock ${isOff ? "is off by" : "within"} ${String(Math.abs(Math.round(offset ?? 0)))} ms`,
  ].join(", ");
  const isWhole = machine !== undefined && !isOff && (!isMember || host.etcd.status.kind === "known");
  return [{ name: host.name, state: isWhole ? "ok" : "warning", detail: words, remedy: undefined }];
}
