/**
 * Addresses and names inside one lab, from its index. Pure. Labs have a network
 * namespace each; different ranges all the same, so that no two labs can be
 * mistaken for each other in a log or a known_hosts file.
 */
import { RecoveryError } from "../../model/recovery-error.ts";

export type LabRole = "control-plane" | "worker" | "etcd" | "spare";

export interface MachinePlan {
  readonly name: string;
  readonly address: string;
  readonly role: LabRole;
}

/** What a lab is made of. */
export interface LabShape {
  readonly controlPlanes: 1 | 3 | 5;
  readonly workers: number;
  /** 0: stacked etcd. */
  readonly etcdMachines: 0 | 1 | 3 | 5;
  readonly spares: number;
}

export interface AddressPlan {
  readonly gateway: string;
  readonly virtualAddress: string;
  readonly machines: readonly MachinePlan[];
}

/** Labs at one time on one machine; also the third octet's range. */
export const labIndexMax = 49;
/** Per role, below its first octet's successor. */
const machinesOfOneRoleMax = 9;
const firstOctet: { readonly [R in LabRole]: number } = { "control-plane": 11, etcd: 21, worker: 31, spare: 41 };
const namePrefix: { readonly [R in LabRole]: string } = { "control-plane": "cp", etcd: "etcd", worker: "worker", spare: "spare" };
/** Host parts that a machine can ever have: every machine knows the pod route of each. */
export const machineOctets: { readonly first: number; readonly last: number } = { first: 11, last: 69 };
/** haproxy's port on every control-plane machine; the API servers themselves listen on 6443. */
export const balancerPort = 8443;
export const apiServerPort = 6443;

/** USAGE for a count of machines that a lab cannot have. */
export function planAddresses(labIndex: number, shape: LabShape): AddressPlan {
  if (!Number.isInteger(labIndex) || labIndex < 0 || labIndex > labIndexMax)
    throw new RangeError(`lab index ${String(labIndex)} is not in 0..${String(labIndexMax)}`);
  const counts: { readonly [R in LabRole]: number } = {
    "control-plane": shape.controlPlanes,
    etcd: shape.etcdMachines,
    worker: shape.workers,
    spare: shape.spares,
  };
  const machines: MachinePlan[] = [];
  for (const role of ["control-plane", "etcd", "worker", "spare"] as const) {
    const count = counts[role];
    if (!Number.isInteger(count) || count < 0 || count > machinesOfOneRoleMax)
      throw new RecoveryError("USAGE", {
        subject: `${String(count)} ${role} machines`,
        detail: `a lab has at most ${String(machinesOfOneRoleMax)} machines of one role; nothing was made`,
        remedies: [{ why: "see what a lab can be made of", command: "requorum help lab up" }],
      });
    for (let ordinal = 1; ordinal <= count; ordinal++) {
      machines.push({
        name: `${namePrefix[role]}${String(ordinal)}`,
        address: machineAddress(labIndex, firstOctet[role] + ordinal - 1),
        role,
      });
    }
  }
  return { gateway: machineAddress(labIndex, 1), virtualAddress: machineAddress(labIndex, 10), machines };
}

export function machineAddress(labIndex: number, octet: number): string {
  return `10.${String(150 + labIndex)}.0.${String(octet)}`;
}

/** Of this lab's network, for a machine: neither the gateway's nor the virtual one. */
export function isMachineAddress(labIndex: number, address: string): boolean {
  for (let octet = machineOctets.first; octet <= machineOctets.last; octet++) if (address === machineAddress(labIndex, octet)) return true;
  return false;
}

/** The pod range of the machine with this address: its own /24, named after its host part. */
export function podRange(address: string): string {
  const [, second, , last] = address.split(".");
  return `10.${String(Number(second) - 50)}.${String(last)}.0/24`;
}

/** The lowest address for a machine that takes over from another under a new address; undefined when all are taken. */
export function freeReplacementAddress(labIndex: number, taken: readonly string[]): string | undefined {
  for (let octet = 51; octet <= machineOctets.last; octet++) {
    const address = machineAddress(labIndex, octet);
    if (!taken.includes(address)) return address;
  }
  return undefined;
}
