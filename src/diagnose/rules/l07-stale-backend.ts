import { findingOf, type Rule } from "../rule.ts";
import { haproxyInstances } from "../situation/balancer.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { addressStanding, apiServerHosts } from "../situation/loss.ts";
import type { Situation } from "../situation/situation.ts";

export const staleBackend: Rule = {
  code: "L07_STALE_BACKEND",
  stage: "path",
  diagnose: (situation) =>
    haproxyInstances(situation).flatMap(({ host, haproxy }) => {
      // Without any backend that leads to a known machine the file balances something else, or DNS names that were not resolved.
      if (haproxy.backends.length === 0) return [];
      const foreign = haproxy.backends.filter((backend) => isForeign(situation, backend.address));
      const missing = apiServerHosts(situation).filter(
        (candidate) =>
          isReady(candidate.facts.apiServer.readyz) &&
          !haproxy.backends.some(
            (backend) => candidate.addresses.includes(backend.address) || backend.address === (candidate.name as string),
          ),
      );
      if (foreign.length + missing.length === 0) return [];
      return [
        findingOf("L07_STALE_BACKEND", {
          subject: `haproxy on ${host.name}`,
          host: host.name,
          severity: "warning",
          confidence: "high",
          summary: `The backend list of haproxy on ${host.name} does not match the API servers.`,
          evidence: [
            ...foreign.map((backend) =>
              evidenceOf(
                `${haproxy.path}:${String(backend.line)}: ${backend.name} ${backend.address} is no control-plane machine of this cluster`,
                host.facts.loadBalancer,
              ),
            ),
            ...missing.map((candidate) =>
              evidenceOf(
                `${haproxy.path}: ${candidate.name} (${candidate.config.address}) is ready and not in the list`,
                host.facts.loadBalancer,
              ),
            ),
          ],
          ruledOut: [{ code: "N02_NODE_DOWN_TEMPORARILY", because: "a backend that is only down for now is not counted here" }],
        }),
      ];
    }),
};

/** A configured control-plane machine keeps its place in the list, also while it is lost: it is joined again there. */
function isForeign(situation: Situation, address: string): boolean {
  if (addressStanding(situation, address) !== "gone") return false;
  return !situation.hosts.some(
    (host) => host.shouldRunApiServer && (host.addresses.includes(address) || (host.name as string) === address),
  );
}

function isReady(readyz: Situation["hosts"][number]["facts"]["apiServer"]["readyz"]): boolean {
  return readyz.kind === "known" && readyz.value.httpStatus === 200;
}
