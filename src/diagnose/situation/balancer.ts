import type { LoadBalancerFacts } from "../../model/inventory.ts";
import type { HostView } from "./host-view.ts";
import type { Situation } from "./situation.ts";

export interface HaproxyOnHost {
  readonly host: HostView;
  readonly haproxy: NonNullable<LoadBalancerFacts["haproxy"]>;
}
export interface KeepalivedOnHost {
  readonly host: HostView;
  readonly keepalived: NonNullable<LoadBalancerFacts["keepalived"]>;
}

/** Only what was read; machines whose configuration is unknown are left out. */
export function haproxyInstances(situation: Situation): readonly HaproxyOnHost[] {
  return situation.hosts.flatMap((host) => {
    const facts = host.facts.loadBalancer;
    return facts.kind === "known" && facts.value.haproxy !== undefined ? [{ host, haproxy: facts.value.haproxy }] : [];
  });
}

export function keepalivedInstances(situation: Situation): readonly KeepalivedOnHost[] {
  return situation.hosts.flatMap((host) => {
    const facts = host.facts.loadBalancer;
    return facts.kind === "known" && facts.value.keepalived !== undefined ? [{ host, keepalived: facts.value.keepalived }] : [];
  });
}
