import type { ReachObservation } from "../model/inventory.ts";

type Outcome = ReachObservation["outcome"];
const meshPorts = ["ssh", "etcd-client", "etcd-peer", "kube-apiserver"] as const;
const outcomes: readonly Outcome[] = ["open", "refused", "timeout", "unreachable", "unknown"];

export interface MeshFacts {
  readonly reach: readonly { readonly to: string; readonly port: (typeof meshPorts)[number]; readonly outcome: Outcome }[];
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
  options: { readonly self: string; readonly peers: readonly string[]; readonly ranToLimit: boolean },
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
    own: meshPorts.map((port) => ({ port, outcome: seen.get(`${options.self} ${port}`) ?? missing })),
    endpoint: seen.get("@endpoint endpoint") ?? missing,
  };
}
