import type { ReachObservation } from "../model/inventory.ts";
import { memberAlias } from "./member-addresses.ts";

type Outcome = ReachObservation["outcome"];
const meshPorts = ["ssh", "etcd-client", "etcd-peer", "kube-apiserver"] as const;
const outcomes: readonly Outcome[] = ["open", "refused", "timeout", "unreachable", "unknown"];

export interface MeshFacts {
  readonly reach: readonly { readonly to: string; readonly port: (typeof meshPorts)[number]; readonly outcome: Outcome }[];
  /**
   * Whatever answered at a member's own address (memberAlias), even to refuse.
   * Silence there is left out: the configuration has another address for the machine.
   */
  readonly members: readonly { readonly member: number; readonly port: (typeof meshPorts)[number]; readonly outcome: "open" | "refused" }[];
  /** The machine's own ports, as it sees them itself. */
  readonly own: readonly { readonly port: (typeof meshPorts)[number]; readonly outcome: Outcome }[];
  /** Of the control-plane endpoint, by TCP only. */
  readonly endpoint: Outcome;
}

/**
 * Pure. Lines "NAME PORT OUTCOME". `ranToLimit`: the script cut off what had
 * not answered, so a missing line is a timeout; otherwise it is unknown.
 */
export function parseMesh(
  text: string,
  options: { readonly self: string; readonly peers: readonly string[]; readonly members: number; readonly ranToLimit: boolean },
): MeshFacts {
  const seen = new Map<string, Outcome>();
  for (const line of text.split("\n")) {
    const [name, port, word] = line.split(" ");
    const outcome = outcomes.find((candidate) => candidate === word);
    if (outcome !== undefined) seen.set(`${name ?? ""} ${port ?? ""}`, outcome);
  }
  const missing: Outcome = options.ranToLimit ? "timeout" : "unknown";
  return {
    reach: options.peers.flatMap((to) => meshPorts.map((port) => ({ to, port, outcome: seen.get(`${to} ${port}`) ?? missing }))),
    members: Array.from({ length: options.members }, (_, member) => member).flatMap((member) =>
      meshPorts.flatMap((port) => {
        const outcome = seen.get(`${memberAlias(member)} ${port}`);
        return outcome === "open" || outcome === "refused" ? [{ member, port, outcome }] : [];
      }),
    ),
    own: meshPorts.map((port) => ({ port, outcome: seen.get(`${options.self} ${port}`) ?? missing })),
    endpoint: seen.get("@endpoint endpoint") ?? missing,
  };
}
