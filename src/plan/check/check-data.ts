/** I-S7 to I-S9, I-S16: nothing is deleted, and what matters is copied first. */
import { momentsOf, objection, type PlanCheck, type PlanObjection } from "./plan-objection.ts";

export const dataIsMovedNotDeleted: PlanCheck = {
  invariant: "I-S7",
  check: (checked) =>
    momentsOf(checked, "host.moveStateAside").flatMap(({ step, before }) => {
      const { host, paths } = step.args;
      const objections: PlanObjection[] = [];
      if (paths.length === 0) objections.push(objection("I-S7", "the step names no path", step));
      objections.push(
        ...paths
          .filter((path) => !isSafePath(path))
          .map((path) => objection("I-S7", `${path} is not a path that may be moved aside`, step)),
      );
      const member = before.members.find((candidate) => candidate.host === host);
      if (member !== undefined)
        objections.push(objection("I-S7", `member ${member.name} on ${host} is still registered: its data is not out of use`, step));
      return objections;
    }),
};

/** Absolute, plain, at least two levels deep, and not where things are moved to. */
function isSafePath(path: string): boolean {
  const parts = path.split("/").slice(1);
  const isPlain = path.startsWith("/") && parts.every((part) => part !== "" && part !== "." && part !== "..");
  const isBroad = parts.length < 2 || ["/var/lib", "/var/log", "/var/run", "/usr/lib", "/usr/bin", "/etc/ssh"].includes(path);
  return isPlain && !isBroad && !path.startsWith("/var/lib/requorum");
}

export const copyBeforeDestruction: PlanCheck = {
  invariant: "I-S8",
  check: ({ plan, moments }) =>
    moments.flatMap(({ step, before }) => {
      if (step.risk !== "destructive" && step.kind !== "etcd.removeMember") return [];
      const copy = before.copies.find((candidate) => candidate.step === step.copyBy);
      if (copy === undefined) return [objection("I-S8", "no snapshot that was saved before covers the step", step)];
      const isRemoved = plan.steps.some((other) => other.kind === "etcd.removeMember" && other.args.memberId === copy.memberId);
      return isRemoved ? [objection("I-S8", `the snapshot comes from member ${copy.memberId}, which the plan removes`, step)] : [];
    }),
};

export const snapshotIsVerifiable: PlanCheck = {
  invariant: "I-S9",
  check: (checked) =>
    momentsOf(checked, "etcd.saveSnapshot").flatMap(({ step, before }) => {
      const { host, memberId, artifact, minRevision } = step.args;
      const source = before.members.find((member) => member.id === memberId);
      const { revisionAtLeast, clusterId } = checked.plan.fingerprint;
      return [
        ...(source?.host === host && source.votes && source.healthy
          ? []
          : [objection("I-S9", `member ${memberId} on ${host} is not a healthy voter`, step)]),
        ...(minRevision >= revisionAtLeast && minRevision > 0n
          ? []
          : [
              objection(
                "I-S9",
                `the snapshot may be older (revision ${String(minRevision)}) than what was seen (${String(revisionAtLeast)})`,
                step,
              ),
            ]),
        ...(clusterId === undefined ? [objection("I-S9", "there is no cluster id to compare the snapshot with", step)] : []),
        ...(/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(artifact)
          ? []
          : [objection("I-S9", `${JSON.stringify(artifact)} is not a plain file name`, step)]),
      ];
    }),
};

/** The machine whose PKI is moved aside must not be the last one that has it. */
export const caStaysSomewhere: PlanCheck = {
  invariant: "I-S16",
  check: (checked) =>
    momentsOf(checked, "host.moveStateAside").flatMap(({ step, after }) => {
      const keeper = checked.plan.start.hosts.find(
        (host) =>
          host.isReachable === true && host.hasKubernetesState === true && host.apiServer === "ready" && !after.cleared.includes(host.name),
      );
      return keeper === undefined
        ? [objection("I-S16", `no other machine is known to keep the cluster's CA when ${step.args.host} is cleared`, step)]
        : [];
    }),
};
