import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { ReportProgress } from "../../model/progress-event.ts";
import { labIndexMax, planAddresses, type AddressPlan, type LabShape } from "./address-plan.ts";
import { markCluster } from "./cluster/mark-cluster.ts";
import { makeCluster } from "./cluster/make-cluster.ts";
import { baseImage } from "./image/base-image.ts";
import { containerStore } from "./image/container-store.ts";
import { assertInotifyBudget } from "./inotify-budget.ts";
import type { LabPaths } from "./lab-paths.ts";
import { assertLabName, labDirectory, readLabState, takeLabIndex, writeLabState, type LabState, type MachineState } from "./lab-state.ts";
import { createLabCgroups, readHierarchies } from "./machine/machine-cgroups.ts";
import { bootMachine, makeMachine } from "./machine/make-machine.ts";
import { createNetwork } from "./network/lab-network.ts";
import type { PhaseTimer } from "./phase-timer.ts";
import { buildPrograms } from "./programs/build-programs.ts";
import { exists } from "./programs/cache-entry.ts";
import {
  defaultVersions,
  etcdModules,
  findModule,
  kubernetesModules,
  pauseModule,
  type ProgramModule,
} from "./programs/program-versions.ts";
import { renderRequorumConfig } from "./render-requorum-config.ts";
import { makeOperatorKey, registerHostKey, writeSshConfig } from "./ssh-access.ts";
import { leftoversOf } from "./take-down-lab.ts";

export interface LabRequest {
  readonly name: string;
  readonly shape: LabShape;
  readonly versions: { readonly kubernetes: string; readonly etcd: string };
}

export interface LabEnvironment {
  readonly paths: LabPaths;
  /** The tools/ folder of requorum: Go modules of the programs. */
  readonly toolsDir: string;
  readonly report: ReportProgress;
}

/** Programs, image and container store; built and cached when missing. Needs no lab. */
export async function prepareSources(
  versions: LabRequest["versions"],
  environment: LabEnvironment,
  timer: PhaseTimer,
): Promise<{ readonly versions: LabRequest["versions"]; readonly sources: LabState["sources"] }> {
  const { paths, report } = environment;
  const kubernetes = moduleOf("kubernetes", versions.kubernetes);
  const etcd = moduleOf("etcd", versions.etcd);
  const build = { toolsDir: environment.toolsDir, cacheDir: paths.cacheDir, report };
  const image = await timer.measure("base image", () => baseImage({ cacheDir: paths.cacheDir, report }));
  const [etcdDir, pauseDir, kubenodeDir] = await timer.measure(
    "programs",
    async () =>
      [await buildPrograms(etcd, build), await buildPrograms(pauseModule, build), await buildPrograms(kubernetes, build)] as const,
  );
  const exact = { kubernetes: kubernetes.version, etcd: etcd.version };
  const store = await timer.measure("container images", () =>
    containerStore({ cacheDir: paths.cacheDir, report, versions: exact, baseImage: image, kubenodeDir, etcdDir, pauseDir }),
  );
  return { versions: exact, sources: { baseImage: image, programs: { kubenodeDir, etcdDir }, containerStore: store } };
}

const modulesOf = { kubernetes: kubernetesModules, etcd: etcdModules } as const;

/** `lab`: the one that the way on makes. */
function moduleOf(what: "kubernetes" | "etcd", version: string, lab?: string): ProgramModule {
  const found = findModule(modulesOf[what], version);
  if (found !== undefined) return found;
  const title = `${what === "etcd" ? "etcd" : "Kubernetes"} ${version}`;
  const known = modulesOf[what].map((module) => module.version).join(", ");
  const name = lab === undefined ? "" : ` --name ${lab}`;
  throw new RecoveryError("USAGE", {
    subject: title,
    detail: `the lab does not know how to build ${title} (tools/ has no Go module for it); it knows ${known}`,
    remedies: [{ why: "take the usual version", command: `requorum lab up${name} --${what} ${defaultVersions[what]}` }],
  });
}

/** USAGE for a name, size or version that no lab can have: asked before anything is installed, built or made. */
export function assertLabRequest({ name, shape, versions }: LabRequest): void {
  assertLabName(name);
  // The first index stands for any: only the counts matter here.
  planAddresses(0, shape);
  moduleOf("kubernetes", versions.kubernetes, name);
  moduleOf("etcd", versions.etcd, name);
}

/**
 * Makes a lab: network, machines, cluster. What is made is recorded, or can be
 * found by the lab's name, before it is made: `takeDownLab` removes all of it
 * after a crash at any point. LAB_EXISTS when a lab of this name is there.
 */
export async function makeLab(request: LabRequest, environment: LabEnvironment, timer: PhaseTimer): Promise<LabState> {
  assertLabRequest(request);
  const { paths } = environment;
  const directory = labDirectory(paths, request.name);
  if (await exists(directory)) throw labExists(request.name, await stateInWords(paths, request.name));
  // Of another state directory, whose lab has the same network and groups: nothing of it may be touched.
  const [there] = await leftoversOf(paths, request.name);
  if (there !== undefined)
    throw labExists(request.name, `${there} is there, but no record of it in ${paths.labsDir}: another XDG_STATE_HOME may have one`);
  // The first index stands for any: only names and roles matter here.
  assertInotifyBudget(planAddresses(0, request.shape).machines);
  const { versions, sources } = await prepareSources(request.versions, environment, timer);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const index = await takeLabIndex(paths, request.name, labIndexMax);
  const plan = planAddresses(index, request.shape);
  const hierarchies = readHierarchies();
  let state: LabState = {
    apiVersion: "requorum-lab/v1",
    name: request.name,
    index,
    createdAt: new Date().toISOString(),
    versions,
    shape: request.shape,
    sources,
    cgroups: hierarchies.map((hierarchy) => join(hierarchy.ownDirectory, `requorum-lab-${request.name}`)),
    virtualAddress: plan.virtualAddress,
    gateway: plan.gateway,
    machines: plan.machines,
    faults: [],
    phase: "making",
  };
  await writeLabState(paths, state);
  await timer.measure("network and keys", async () => {
    await createLabCgroups(request.name, hierarchies);
    await createNetwork(request.name, plan.gateway);
    await makeOperatorKey(directory, request.name);
    await writeSshConfig(directory, request.name, plan.machines, sources.baseImage);
    await writeFile(join(directory, "requorum.yaml"), renderRequorumConfig(state, directory));
  });
  await timer.measure("machines' disks", async () => {
    const hostKeys = await Promise.all(
      plan.machines.map(async (machine) => ({ machine, hostKey: await makeMachine({ state, directory, plan, machine }) })),
    );
    for (const { machine, hostKey } of hostKeys) await registerHostKey(directory, machine, hostKey);
  });
  const machines = await timer.measure("machines boot", () =>
    Promise.all(plan.machines.map((machine) => bootMachine(state, directory, machine))),
  );
  state = { ...state, machines };
  await writeLabState(paths, state);
  await makeClusterOf(state, plan, timer);
  state = { ...state, phase: "up" };
  await writeLabState(paths, state);
  return state;
}

function labExists(lab: string, detail: string): RecoveryError {
  return new RecoveryError("LAB_EXISTS", {
    subject: `lab ${lab}`,
    detail,
    remedies: [
      { why: "see what there is", command: "requorum lab status" },
      { why: "take it down, or choose another name", command: `requorum lab down --name ${lab}` },
    ],
  });
}

/** Whose work is there: the caller holds the lab's lock, so no `up` of it runs. */
async function stateInWords(paths: LabPaths, lab: string): Promise<string> {
  const directory = labDirectory(paths, lab);
  const state = await readLabState(paths, lab).catch((error: unknown) => {
    if (error instanceof RecoveryError) return undefined;
    throw error;
  });
  if (state === undefined) return `${directory} is there, but no record that can be read: its \`lab up\` was killed early`;
  const machines = `${state.machines.length === 1 ? "1 machine" : `${String(state.machines.length)} machines`}, since ${state.createdAt}`;
  if (state.phase === "up") return `it is up: ${machines}, in ${directory}`;
  return `its \`lab up\` failed or was killed before it was finished: ${machines}, in ${directory}. It cannot be continued`;
}

async function makeClusterOf(state: LabState, plan: AddressPlan, timer: PhaseTimer): Promise<void> {
  const machineOf = (name: string): MachineState => {
    const machine = state.machines.find((candidate) => candidate.name === name);
    if (machine === undefined) throw new RangeError(`no machine ${name}`);
    return machine;
  };
  await makeCluster({ clusterName: state.name, plan, versions: state.versions, machineOf, timer });
  await markCluster(machineOf("cp1"), state.name);
}
