import { joinStateOf } from "../../model/join-under-way.ts";
import type { HostView } from "./host-view.ts";

/** Why a member that never started may be one on its way in; undefined: its machine was looked at, and nobody joins there. */
export interface JoinDoubt {
  readonly words: string;
  readonly wouldSettle: string;
}

/**
 * A member without a name is as much a join of this minute as one that died
 * long ago: the list alone cannot tell them apart, only its machine can.
 */
export function joinDoubt(host: HostView | undefined): JoinDoubt | undefined {
  if (host === undefined)
    return {
      words: "its machine is not in the configuration, so nobody looked at it",
      wouldSettle:
        "PB7 on its machine: write that into the configuration with `roles: [spare]`; if there is no such machine (a mistyped address), then say so with --attest-lost and its name there",
    };
  if (host.facts.ssh.kind !== "known" || host.etcd === "unknown")
    return { words: `${host.name} was not looked at`, wouldSettle: `PB7 on ${host.name}: whether its etcd is starting just now` };
  if (host.etcd !== "stopped")
    return { words: `etcd: ${host.etcd}`, wouldSettle: "another look in a minute: its etcd runs and may be starting just now" };
  switch (joinStateOf(host.facts)) {
    case "running":
      return { words: `kubeadm runs on ${host.name}`, wouldSettle: "another look when kubeadm has ended" };
    case "recent":
      return {
        words: `Kubernetes' files on ${host.name} are young: a join may be under way`,
        wouldSettle: "another look in 20 minutes: no join goes on for longer",
      };
    case undefined:
      return { words: `whether a join is under way on ${host.name} is not known`, wouldSettle: `PB9 on ${host.name}` };
    case "none":
      return undefined;
  }
}
