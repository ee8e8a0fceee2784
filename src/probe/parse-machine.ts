import type { MachineFacts } from "../model/inventory.ts";
import { countField, flagField, malformed, parseFields, requiredField } from "./parse-host-answer.ts";

/**
 * Pure. Texts of the sections machine, addresses and versions; `clockOffsetMs`
 * was worked out by the caller. Throws REMOTE_ANSWER_MALFORMED. Without a
 * versions text (not asked, cut) the versions are undefined.
 */
export function parseMachine(
  sections: { readonly machine: string; readonly addresses: string; readonly versions: string | undefined },
  clockOffsetMs: number,
): MachineFacts {
  const fields = parseFields(sections.machine);
  const machineId = requiredField(fields, "machine_id");
  // machine-id(5): 32 hex digits; "uninitialized" on an image that never booted.
  if (!/^[0-9a-f]{32}$/.test(machineId)) throw malformed("machine_id", `${JSON.stringify(machineId.slice(0, 40))} is not a machine id`);
  const versions = parseFields(sections.versions ?? "");
  return {
    machineId,
    bootId: requiredField(fields, "boot_id"),
    uptimeSeconds: Number(countField(fields, "uptime")),
    hostname: requiredField(fields, "hostname"),
    addresses: parseAddresses(sections.addresses),
    osRelease: requiredField(fields, "os").replaceAll('"', ""),
    clockOffsetMs,
    swapEnabled: countField(fields, "swaps") > 0n,
    kubeadmVersion: versions.get("kubeadm"),
    kubeletVersion: versions.get("kubelet")?.replace(/^Kubernetes /, ""),
    containerdVersion: containerdVersion(versions.get("containerd")),
    isLabMachine: flagField(fields, "lab"),
  };
}

/** `ip -o addr show` of iproute2: "4: eth0    inet 10.0.0.1/24 brd …". Loopback and link-local addresses are left out. */
export function parseAddresses(text: string): readonly string[] {
  const addresses: string[] = [];
  for (const line of text.split("\n")) {
    const match = /^\d+:\s+\S+\s+inet6?\s+([0-9a-fA-F.:]+)(?:\/\d+)?\s.*\bscope (\S+)/.exec(line);
    const address = match?.[1];
    if (address !== undefined && match?.[2] === "global" && !addresses.includes(address)) addresses.push(address);
  }
  return addresses;
}

/** "containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u1" -> its third word. */
function containerdVersion(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return text;
  return text.split(/\s+/)[2] ?? text;
}

/**
 * Host clock minus operator clock from one exchange: the machine's time when
 * the script began and ended, ours before and after. Half of what was not
 * spent on the machine is taken as the way there (as NTP does); the error is
 * at most half of it. The login before the script is no part of the exchange.
 */
export function clockOffsetMs(exchange: {
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
  readonly hostStartNs: string;
  readonly hostEndNs: string;
}): number {
  const start = nanoseconds(exchange.hostStartNs);
  const end = nanoseconds(exchange.hostEndNs);
  const onTheWayMs = exchange.receivedAtMs - exchange.sentAtMs - Number(end - start) / 1e6;
  return Math.round(Number(start / 1000n) / 1000 - (exchange.sentAtMs + Math.max(0, onTheWayMs) / 2));
}

function nanoseconds(text: string): bigint {
  const trimmed = text.trim();
  if (!/^[0-9]{16,20}$/.test(trimmed)) throw malformed("clock", `${JSON.stringify(trimmed.slice(0, 40))} is not a time in nanoseconds`);
  return BigInt(trimmed);
}
