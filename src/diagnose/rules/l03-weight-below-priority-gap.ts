import { findingOf, type Rule } from "../rule.ts";
import { keepalivedInstances, type KeepalivedOnHost } from "../situation/balancer.ts";
import { evidenceOf } from "../situation/host-view.ts";
import type { Situation } from "../situation/situation.ts";

export const weightBelowPriorityGap: Rule = {
  code: "L03_WEIGHT_BELOW_PRIORITY_GAP",
  stage: "path",
  diagnose(situation) {
    const instances = keepalivedInstances(situation).filter(({ keepalived }) => keepalived.priority !== undefined);
    return instances.flatMap((instance) => findingsOf(situation, instance, instances));
  },
};

/**
 * A failed check must bring the instance below the next one, or the address
 * cannot move (keepalived.conf(5), vrrp_script weight). 255 means address
 * owner: that priority never changes.
 */
function findingsOf(
  situation: Situation,
  instance: KeepalivedOnHost,
  all: readonly KeepalivedOnHost[],
): readonly ReturnType<typeof findingOf>[] {
  const { host, keepalived } = instance;
  const priority = keepalived.priority ?? 0;
  const below = all.filter(({ keepalived: other }) => (other.priority ?? 0) < priority).map(({ keepalived: other }) => other.priority ?? 0);
  if (below.length === 0) return [];
  const next = Math.max(...below);
  return keepalived.scripts.flatMap((script) => {
    const weight = Math.abs(script.weight ?? 0);
    if (weight === 0 || (priority !== 255 && priority - weight < next)) return [];
    return [
      findingOf("L03_WEIGHT_BELOW_PRIORITY_GAP", {
        subject: `host ${host.name}`,
        host: host.name,
        severity: holdsVip(situation, host.name) ? "error" : "warning",
        confidence: all.length === situation.hosts.filter((candidate) => candidate.shouldBalance).length ? "certain" : "medium",
        summary: `A failed check on ${host.name} lowers its priority from ${String(priority)} to ${String(priority === 255 ? 255 : priority - weight)}, not below the next one (${String(next)}): the address cannot move.`,
        evidence: [
          evidenceOf(
            `${keepalived.path}:${String(script.line)}: vrrp_script ${script.name}, weight ${String(script.weight)}`,
            host.facts.loadBalancer,
          ),
        ],
      }),
    ];
  });
}

/** Already in the way: the holder's API server or balancer is broken now. */
function holdsVip(situation: Situation, name: string): boolean {
  const host = situation.hosts.find((candidate) => candidate.name === name);
  const facts = host?.facts.loadBalancer;
  if (host === undefined || facts?.kind !== "known" || !facts.value.holdsVip) return false;
  const { readyz } = host.facts.apiServer;
  return readyz.kind === "known" ? readyz.value.httpStatus !== 200 : readyz.reason === "refused";
}
