import { join } from "node:path";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { FaultRequest, HealResult, Lab, LabCallOptions, LabStatus, LabUpRequest, LabUpResult, LabVersions } from "../../ports/lab.ts";
import { balancerPort } from "./address-plan.ts";
import { applyFault, endedBecause, healFaults } from "./faults/apply-fault.ts";
import { dropFileLock, fileLockHolder, takeFileLock } from "./file-lock.ts";
import { assertPlainPaths, machinePaths, type LabPaths } from "./lab-paths.ts";
import { assertLabName, labDirectory, listLabs, readLabState, type LabState } from "./lab-state.ts";
import { readMachineInit } from "./machine/machine-init.ts";
import { runInMachine } from "./machine/machine-shell.ts";
import { assertLabRequest, makeLab, prepareSources } from "./make-lab.ts";
import { PhaseTimer } from "./phase-timer.ts";
import { exists } from "./programs/cache-entry.ts";
import { ensureHostPrograms } from "./programs/host-programs.ts";
import { isAlive } from "./process-identity.ts";
import { seedLab } from "./seed/seed-lab.ts";
import { sshPaths } from "./ssh-access.ts";
import { takeDownLab } from "./take-down-lab.ts";

/** On a machine's disk from kubeadm init or join until it is wiped or reset. */
const kubeletCredentials = "etc/kubernetes/kubelet.conf";

export interface NspawnLabOptions {
  readonly paths: LabPaths;
  /** The tools/ folder of requorum. */
  readonly toolsDir: string;
}

/** The lab on this machine: systemd-nspawn machines in a network namespace, and kubeadm's cluster on them. Linux, root. */
export class NspawnLab implements Lab {
  readonly #options: NspawnLabOptions;

  constructor(options: NspawnLabOptions) {
    this.#options = options;
  }

  async prepare(versions: LabVersions, options: LabCallOptions): Promise<void> {
    assertPlainPaths(this.#options.paths);
    await ensureHostPrograms(options.report);
    await prepareSources(versions, { ...this.#options, ...options }, new PhaseTimer(options.report));
  }

  async up(request: LabUpRequest, options: LabCallOptions): Promise<LabUpResult> {
    const { name, versions, controlPlanes, workers, etcdMachines, spares } = request;
    const wanted = { name, versions, shape: { controlPlanes, workers, etcdMachines, spares } };
    assertPlainPaths(this.#options.paths);
    assertLabRequest(wanted);
    await ensureHostPrograms(options.report);
    return this.#exclusively(name, async () => {
      const timer = new PhaseTimer(options.report);
      const environment = { ...this.#options, ...options };
      const { load } = request;
      try {
        const state = await makeLab(wanted, environment, timer);
        if (load !== undefined) await timer.measure("load", () => seedLab(state, load, options.report));
      } catch (error) {
        throw withWayOut(error, name);
      }
      return { status: await this.status(name), phases: timer.phases };
    });
  }

  list(): Promise<readonly string[]> {
    return listLabs(this.#options.paths);
  }

  async status(name: string): Promise<LabStatus> {
    assertLabName(name);
    const state = await readLabState(this.#options.paths, name);
    const directory = labDirectory(this.#options.paths, name);
    const worker = await fileLockHolder(this.#lockPath(name));
    return {
      name,
      phase: state.phase,
      ...(worker !== undefined && worker.pid !== process.pid && isAlive(worker) ? { workedOnBy: worker.pid } : {}),
      versions: state.versions,
      configFile: join(directory, "requorum.yaml"),
      sshConfigFile: sshPaths(directory).config,
      controlPlaneEndpoint: `${state.virtualAddress}:${String(balancerPort)}`,
      machines: await Promise.all(
        state.machines.map(async (machine) => ({
          name: machine.name,
          address: machine.address,
          role: machine.role,
          isPoweredOn: readMachineInit(machine.supervisor) !== undefined,
          ...(machine.role === "control-plane" || machine.role === "worker"
            ? { isJoined: await exists(join(machinePaths(directory, machine.name).upper, kubeletCredentials)) }
            : {}),
        })),
      ),
      faults: state.faults
        .filter((fault) => endedBecause(state, fault) === undefined)
        .map(({ kind, machine, since }) => ({ kind, machine, since })),
    };
  }

  inject(name: string, fault: FaultRequest, options: LabCallOptions): Promise<void> {
    return this.#exclusively(name, () => applyFault(name, fault, { ...this.#options, ...options }));
  }

  heal(name: string, match: { readonly fault?: string; readonly machine?: string }, options: LabCallOptions): Promise<HealResult> {
    return this.#exclusively(name, () => healFaults(name, match, { ...this.#options, ...options }));
  }

  async runOnConsole(
    name: string,
    machine: string,
    request: { readonly reason: string; readonly script: string; readonly timeoutMs: number },
  ): Promise<string> {
    const state: LabState = await readLabState(this.#options.paths, name);
    const found = state.machines.find((candidate) => candidate.name === machine);
    if (found === undefined)
      throw new RecoveryError("USAGE", {
        subject: `machine ${machine}`,
        detail: `lab ${name} has ${state.machines.map((known) => known.name).join(", ")}`,
      });
    return (await runInMachine(found, request)).stdout;
  }

  down(name: string, options: LabCallOptions): Promise<void> {
    return this.#exclusively(name, async () => {
      const state = await readLabState(this.#options.paths, name).catch(() => undefined); // absent or damaged: looking has to do
      const what = state?.phase === "making" ? ", which was never finished" : "";
      options.report({ kind: "phase", text: `taking down lab ${name}${what}` });
      await takeDownLab(this.#options.paths, name);
    });
  }

  #lockPath(name: string): string {
    return join(this.#options.paths.labsDir, `.lock-${name}`);
  }

  /** One program at a time changes a lab. A lock of a killed program is taken over. */
  async #exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
    assertLabName(name);
    const path = this.#lockPath(name);
    // The second attempt gets what the first found to be left over from a dead program.
    if (!(await takeFileLock(path)) && !(await takeFileLock(path))) {
      const holder = await fileLockHolder(path);
      throw new RecoveryError("LAB_FAILED", {
        subject: `lab ${name}`,
        detail: `process ${String(holder?.pid ?? "unknown")} is working on it; wait until it has ended`,
      });
    }
    try {
      return await work();
    } finally {
      await dropFileLock(path);
    }
  }
}

/** What a failed `up` made stays, so that it can be looked at; the error says how to remove it. */
function withWayOut(error: unknown, name: string): unknown {
  if (!(error instanceof RecoveryError) || (error.code !== "LAB_FAILED" && error.code !== "TIMED_OUT_WAITING")) return error;
  const { code, subject, detail, retry } = error;
  return new RecoveryError(code, {
    subject,
    detail,
    retry,
    cause: error,
    remedies: [...error.remedies, { why: "remove what was made so far, then try again", command: `requorum lab down --name ${name}` }],
  });
}
