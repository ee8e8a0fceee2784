import { fileURLToPath } from "node:url";
import { NspawnLab } from "../../adapters/lab/nspawn-lab.ts";
import { FileLastSeenStore } from "../../adapters/local-fs/file-last-seen-store.ts";
import { errnoOf, toRecoveryError } from "../../adapters/local-fs/to-recovery-error.ts";
import type { ExitName } from "../../model/error-catalogue.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { HealResult, LabStatus, LabUpResult } from "../../ports/lab.ts";
import { bad, command as commandBlock, gap, good, heading, line, table, type Page } from "../../render/page.ts";
import { shellWord } from "../../model/shell-word.ts";
import {
  listArgument,
  listOption,
  textArgument,
  textOption,
  type CommandModule,
  type Invocation,
  type ProgramExit,
} from "../command-spec.ts";
import { labSsh } from "./lab-ssh.ts";
import { printResult } from "../print-result.ts";
import { ProgressDisplay } from "../terminal/progress-display.ts";

const defaultName = "lab";
const defaultObjects = 300;

/** All verbs of the lab: they differ in one call each. */
export const command: CommandModule = {
  async run(invocation) {
    const { cli } = invocation;
    const lab = new NspawnLab({
      paths: { cacheDir: cli.directories.cache, labsDir: `${cli.directories.state}/labs` },
      toolsDir: fileURLToPath(new URL("../../../tools", import.meta.url)),
    });
    const display = new ProgressDisplay(cli.terminal, { isQuiet: false });
    try {
      return await runVerb(invocation, lab, display);
    } catch (error) {
      throw ofFile(error);
    } finally {
      display.stop();
    }
  },
};

/** What the system says about a file of this machine is no bug: a state directory that cannot be written, a full disk. */
function ofFile(error: unknown): unknown {
  if (!(error instanceof Error) || errnoOf(error) === undefined || !("path" in error) || typeof error.path !== "string") return error;
  return toRecoveryError(error, error.path, "do what the lab needs there");
}

async function runVerb(invocation: Invocation, lab: NspawnLab, display: ProgressDisplay): Promise<ExitName | ProgramExit> {
  const { report } = display;
  const name = textOption(invocation, "name") ?? defaultName;
  const machine = textArgument(invocation, "machine");
  switch (invocation.verb) {
    case "lab up":
      return up(invocation, lab, display, name);
    case "lab status":
      return status(invocation, lab);
    case "lab break":
      await lab.inject(
        name,
        { kind: textArgument(invocation, "fault") ?? "", ...(machine === undefined ? {} : { machine }), settings: settingsOf(invocation) },
        { report },
      );
      display.stop();
      printState(invocation, await lab.status(name));
      return "done";
    case "lab heal": {
      const fault = textArgument(invocation, "fault");
      const result = await lab.heal(
        name,
        { ...(fault === undefined ? {} : { fault }), ...(machine === undefined ? {} : { machine }) },
        { report },
      );
      display.stop();
      const state = await lab.status(name);
      printResult(invocation.cli, { ...labDocument(state), ...result }, () => [
        ...healLines(result),
        ...labPage(state),
        ...offLines(state),
      ]);
      return "done";
    }
    case "lab ssh":
      return labSsh(await lab.status(name), machine ?? "", listArgument(invocation, "command"), invocation.cli.signal);
    case "lab down":
      await lab.down(name, { report });
      // Facts about a cluster that is gone would be held against the next lab of this name (K01).
      await new FileLastSeenStore({ stateDirectory: invocation.cli.directories.state }).forget(name);
      display.stop();
      printResult(invocation.cli, { apiVersion: "requorum/v1", kind: "LabDown", name }, () => [
        line(`lab ${name} is gone, with everything that it made`),
      ]);
      return "done";
    default:
      throw new RecoveryError("NOT_BUILT_YET", { subject: invocation.verb, detail: `${invocation.verb} is not a verb of the lab` });
  }
}

async function up(invocation: Invocation, lab: NspawnLab, display: ProgressDisplay, name: string): Promise<ExitName> {
  const controlPlanes = count(invocation, "control-planes", 3);
  const etcdMachines = count(invocation, "etcd-machines", 0);
  if (controlPlanes !== 1 && controlPlanes !== 3 && controlPlanes !== 5) throw wrongOption(invocation, "--control-planes", "1, 3 or 5");
  if (etcdMachines !== 0 && etcdMachines !== 1 && etcdMachines !== 3 && etcdMachines !== 5)
    throw wrongOption(invocation, "--etcd-machines", "0, 1, 3 or 5");
  const result = await lab.up(
    {
      name,
      controlPlanes,
      etcdMachines,
      workers: count(invocation, "workers", 0),
      spares: count(invocation, "spares", 0),
      versions: { kubernetes: textOption(invocation, "kubernetes") ?? "1.34", etcd: textOption(invocation, "etcd") ?? "3.6" },
      load: { seed: count(invocation, "seed", 1), objects: count(invocation, "objects", defaultObjects) },
    },
    { report: display.report },
  );
  display.stop();
  printResult(invocation.cli, { ...labDocument(result.status), phases: result.phases }, () => upPage(result));
  return "done";
}

/** Without --name: all labs of this machine. */
async function status(invocation: Invocation, lab: NspawnLab): Promise<ExitName> {
  const name = textOption(invocation, "name");
  if (name !== undefined) {
    printState(invocation, await lab.status(name));
    return "done";
  }
  const found = await Promise.all((await lab.list()).map((one) => statusOrProblem(lab, one)));
  const labs = found.flatMap((one) => (one.kind === "status" ? [one.status] : []));
  const unreadable = found.flatMap((one) => (one.kind === "problem" ? [{ name: one.name, problem: one.problem }] : []));
  printResult(invocation.cli, { apiVersion: "requorum/v1", kind: "Labs", labs: labs.map(labDocument), unreadable }, () =>
    found.length === 0
      ? [line("no lab on this machine"), commandBlock("requorum lab up", "make one")]
      : [
          ...labs.flatMap((one) => [...labPage(one), gap]),
          ...unreadable.flatMap(({ name: one, problem }) => [
            line([bad(`lab ${one}: `), problem]),
            commandBlock(`requorum lab down --name ${one}`, "take away what there is of it"),
            gap,
          ]),
        ],
  );
  return "done";
}

type StatusOrProblem =
  { readonly kind: "status"; readonly status: LabStatus } | { readonly kind: "problem"; readonly name: string; readonly problem: string };

/** One lab whose making was killed early, or whose record is damaged, must not hide the others. */
async function statusOrProblem(lab: NspawnLab, name: string): Promise<StatusOrProblem> {
  try {
    return { kind: "status", status: await lab.status(name) };
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    return { kind: "problem", name, problem: error.detail };
  }
}

function printState(invocation: Invocation, state: LabStatus): void {
  printResult(invocation.cli, labDocument(state), () => labPage(state));
}

/** What `lab heal` did; that it did nothing is said, not left to be seen from the table. */
function healLines({ healed, ended }: HealResult): Page {
  if (healed.length + ended.length === 0)
    return [line("nothing to heal: no such fault is active (a wiped disk is none that could be taken back)"), gap];
  return [
    ...healed.map(({ kind, machine }) => line([good("healed "), `${kind} on ${machine}`])),
    ...ended.map(({ kind, machine, because }) => line(`nothing to heal of ${kind} on ${machine}: ${because}`)),
    gap,
  ];
}

function doing({ phase, workedOnBy }: LabStatus): string {
  if (workedOnBy !== undefined) return ` (process ${String(workedOnBy)} is ${phase === "up" ? "changing" : "making"} it)`;
  return phase === "up" ? "" : " (was never finished; take it down)";
}

/** Off without a fault that says so: it shut itself down, or was left off when it was wiped. */
function offLines(state: LabStatus): Page {
  return state.machines
    .filter(({ name, isPoweredOn }) => !isPoweredOn && !state.faults.some((fault) => fault.machine === name && fault.kind === "power-off"))
    .map(({ name }) => commandBlock(`requorum lab break power-on ${name} --name ${state.name}`, `switch ${name} on`));
}

function labDocument(state: LabStatus): object {
  const { configFile, sshConfigFile, ...rest } = state;
  return { apiVersion: "requorum/v1", kind: "Lab", ...rest, config: configFile, sshConfig: sshConfigFile };
}

function labPage(state: LabStatus): Page {
  return [
    heading(`lab ${state.name}: Kubernetes ${state.versions.kubernetes}, etcd ${state.versions.etcd}${doing(state)}`),
    table(
      [{ title: "machine" }, { title: "address" }, { title: "role" }, { title: "power" }, { title: "broken by", isFlexible: true }],
      state.machines.map((machine) => [
        machine.name,
        machine.address,
        machine.role,
        machine.isPoweredOn ? good("on") : bad("off"),
        [
          ...state.faults.filter((fault) => fault.machine === machine.name).map((fault) => fault.kind),
          // A wipe is no fault that holds: what it leaves is a machine that is not in the cluster until it is joined again.
          ...(machine.isJoined === false ? ["wiped or new: not joined to the cluster"] : []),
        ].join(", "),
      ]),
    ),
    line(`clients use ${state.controlPlaneEndpoint}`, 2),
    commandBlock(`requorum status --config ${shellWord(state.configFile)}`, "look at it as an operator"),
  ];
}

function upPage(result: LabUpResult): Page {
  const total = result.phases.reduce((sum, phase) => sum + phase.durationMs, 0);
  const seconds = (durationMs: number) => `${(durationMs / 1000).toFixed(1)} s`;
  return [
    ...labPage(result.status),
    gap,
    table(
      [{ title: "phase" }, { title: "took", align: "right" }],
      [...result.phases.map((phase) => [phase.name, seconds(phase.durationMs)]), ["together", seconds(total)]],
    ),
  ];
}

function wrongOption(invocation: Invocation, option: string, detail: string): RecoveryError {
  const remedies = [{ why: "see what it takes", command: `requorum help ${invocation.verb}` }];
  return new RecoveryError("USAGE", { subject: `option ${option}`, detail, remedies });
}

function count(invocation: Invocation, option: string, fallback: number): number {
  const text = textOption(invocation, option);
  if (text === undefined) return fallback;
  if (!/^\d{1,6}$/.test(text))
    throw wrongOption(invocation, `--${option}`, `${JSON.stringify(text)} is not a whole number of at most six digits`);
  return Number(text);
}

function settingsOf(invocation: Invocation): { readonly [name: string]: string } {
  return Object.fromEntries(
    listOption(invocation, "set").map((setting) => {
      const at = setting.indexOf("=");
      if (at < 1) throw wrongOption(invocation, `--set ${setting}`, "it is NAME=VALUE");
      return [setting.slice(0, at), setting.slice(at + 1)];
    }),
  );
}
