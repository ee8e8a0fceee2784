import { mkdir, open, readFile, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { LabRole, LabShape } from "./address-plan.ts";
import type { LabPaths } from "./lab-paths.ts";
import type { ProcessIdentity } from "./process-identity.ts";

/** One machine as recorded; whether it runs is found out by looking at the processes. */
export interface MachineState {
  readonly name: string;
  readonly address: string;
  readonly role: LabRole;
  /** The nspawn that runs it; absent before the first start. */
  readonly supervisor?: ProcessIdentity;
}

/** A fault that was injected and not healed. */
export interface ActiveFault {
  readonly kind: string;
  readonly machine: string;
  readonly since: string;
  /** The machine's first process at that time: tells whether it has been switched off or booted since. Absent when the machine was off. */
  readonly boot?: ProcessIdentity;
  /** What the way back needs. */
  readonly details: { readonly [key: string]: string };
}

export interface LabState {
  readonly apiVersion: "requorum-lab/v1";
  readonly name: string;
  /** Decides the address range; unique among the labs of this machine. */
  readonly index: number;
  readonly createdAt: string;
  readonly versions: { readonly kubernetes: string; readonly etcd: string };
  readonly shape: LabShape;
  /** Caches that machines are made of; a wiped machine is made of the same. */
  readonly sources: {
    readonly baseImage: string;
    readonly programs: { readonly kubenodeDir: string; readonly etcdDir: string };
    readonly containerStore: string;
  };
  /** The lab's own group in every cgroup hierarchy. */
  readonly cgroups: readonly string[];
  readonly virtualAddress: string;
  readonly gateway: string;
  readonly machines: readonly MachineState[];
  readonly faults: readonly ActiveFault[];
  /** "up" only after everything answered. */
  readonly phase: "making" | "up";
}

const fileName = "lab.json";

export function labDirectory(paths: LabPaths, lab: string): string {
  return join(paths.labsDir, lab);
}

/** Letters, digits and dashes: the name becomes part of interface names (15 characters) and paths. */
export function assertLabName(lab: string): void {
  if (!/^[a-z][a-z0-9-]{0,7}$/.test(lab)) {
    throw new RecoveryError("USAGE", {
      subject: `lab ${JSON.stringify(lab)}`,
      detail: "a lab's name is a small letter followed by at most seven small letters, digits or dashes",
    });
  }
}

/** LAB_NOT_FOUND when there is none; LOCAL_FILE_FAILED when its file is damaged. */
export async function readLabState(paths: LabPaths, lab: string): Promise<LabState> {
  const file = join(labDirectory(paths, lab), fileName);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new RecoveryError("LAB_NOT_FOUND", { subject: `lab ${lab}`, detail: `${file} does not exist`, cause });
  }
  return parseLabState(text, file);
}

/** Checks what everything else relies on; the rest was written by us. */
export function parseLabState(text: string, file: string): LabState {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RecoveryError("LOCAL_FILE_FAILED", {
      subject: `file ${file}`,
      detail: `${file} is not JSON; take the lab down, which works without it`,
      cause,
    });
  }
  const state = value as Partial<LabState>;
  if (
    state.apiVersion !== "requorum-lab/v1" ||
    typeof state.name !== "string" ||
    !Array.isArray(state.machines) ||
    !Array.isArray(state.cgroups)
  ) {
    throw new RecoveryError("LOCAL_FILE_FAILED", { subject: `file ${file}`, detail: `${file} is not a lab's state of this version` });
  }
  return value as LabState;
}

/** New file, sync, rename: a reader sees the old state or the new one. */
export async function writeLabState(paths: LabPaths, state: LabState): Promise<void> {
  const directory = labDirectory(paths, state.name);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const temporary = join(directory, `${fileName}.new`);
  const file = await open(temporary, "w", 0o600);
  await file.writeFile(`${JSON.stringify(state, null, 2)}\n`);
  await file.sync();
  await file.close();
  await rename(temporary, join(directory, fileName));
}

export async function listLabs(paths: LabPaths): Promise<readonly string[]> {
  const entries = await readdir(paths.labsDir, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => entry.name)
    .sort();
}

/**
 * Takes the lowest index that no lab on this machine has, by making a file
 * that only one program can make. Freed by `freeLabIndex`.
 */
export async function takeLabIndex(paths: LabPaths, lab: string, indexMax: number): Promise<number> {
  await mkdir(paths.labsDir, { recursive: true });
  for (let index = 0; index <= indexMax; index++) {
    const claim = join(paths.labsDir, `.index-${String(index)}`);
    const holder = (await readFile(claim, "utf8").catch(() => "")).trim();
    // A claim whose lab directory is gone is left over from a program that was killed between the two.
    if (holder !== "" && holder !== lab && !(await listLabs(paths)).includes(holder)) await rm(claim, { force: true });
    if (holder === lab) return index;
    try {
      const file = await open(claim, "wx");
      await file.writeFile(`${lab}\n`);
      await file.close();
      return index;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  throw new RecoveryError("LAB_FAILED", { subject: `lab ${lab}`, detail: `${String(indexMax + 1)} labs exist already; take one down` });
}

export async function freeLabIndex(paths: LabPaths, lab: string): Promise<void> {
  for (const name of await readdir(paths.labsDir).catch(() => [])) {
    if (!name.startsWith(".index-")) continue;
    const claim = join(paths.labsDir, name);
    if ((await readFile(claim, "utf8").catch(() => "")).trim() === lab) await rm(claim, { force: true });
  }
}
