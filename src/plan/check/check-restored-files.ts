/** What a plan that puts files of a backup set back must keep: I-G4, I-S1, I-S7, I-S11, I-S16. */
import type { ClusterModel } from "../../model/cluster-model.ts";
import type { PlannedStep } from "../../model/plan.ts";
import { momentsOf, objection, type PlanCheck, type PlanObjection } from "./plan-objection.ts";
import { countVotes } from "./replay.ts";

type RestoreStep = PlannedStep<"host.restoreFiles">;

/** Files are only restored by a plan that was asked for just that, of that set, on that machine; and such a plan does nothing else. */
export const restoresWhatWasAsked: PlanCheck = {
  invariant: "I-G4",
  check: ({ plan }) => {
    const { goal } = plan;
    return plan.steps.flatMap((step) => {
      if (goal.kind !== "restore-parts")
        return step.kind === "host.restoreFiles" ? [objection("I-G4", "nobody asked for files of a backup set", step)] : [];
      if (step.kind !== "host.restoreFiles") return [objection("I-G4", "the plan was asked for nothing but files of a backup set", step)];
      const { host, set, accepts } = step.args;
      const isAsked = host === goal.host && set === goal.set && accepts.every((doubt) => goal.accepts.includes(doubt));
      return isAsked ? [] : [objection("I-G4", "machine, set, or what is accepted are not those that were asked for", step)];
    });
  },
};

const forbiddenTops = ["dev", "proc", "sys", "run", "boot", "bin", "sbin"];

/** Each file once, at a plain path, in place of what was seen there; nothing gets rights that it must not have. */
export const restoredFilesAreSeen: PlanCheck = {
  invariant: "I-S7",
  check: (checked) =>
    momentsOf(checked, "host.restoreFiles").flatMap(({ step }) => {
      const { files, directories, host } = step.args;
      const paths = [...files, ...directories].map(({ path }) => path);
      const seen = checked.plan.start.hosts.find(({ name }) => name === host)?.files ?? [];
      const objections: PlanObjection[] = [];
      if (files.length === 0) objections.push(objection("I-S7", "the step names no file", step));
      for (const path of paths.filter((one) => !isFilePath(one)))
        objections.push(objection("I-S7", `${JSON.stringify(path)} is no path that may be restored`, step));
      if (new Set(paths).size !== paths.length) objections.push(objection("I-S7", "a path is named twice", step));
      for (const { path, was, becomes } of files) {
        const state = seen.find((file) => file.path === path)?.state;
        if (state === undefined || textOf(state) !== textOf(was))
          objections.push(objection("I-S7", `${path} was not seen on ${host} as the step says`, step));
        if (was.kind === "other") objections.push(objection("I-S7", `${path} on ${host} is nothing that is kept aside and replaced`, step));
        if (becomes.kind === "file" && (becomes.mode & 0o7000) !== 0)
          objections.push(objection("I-S7", `${path} would get set-id bits`, step));
      }
      return objections;
    }),
};

/** Two paths of the same state have the same text, whatever the order of its fields. */
function textOf(state: object): string {
  return JSON.stringify(Object.entries(state).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function isFilePath(path: string): boolean {
  const [first, ...parts] = path.split("/");
  const isPlain = first === "" && parts.every((part) => part !== "" && part !== "." && part !== "..");
  const isText = !/\p{Cc}/u.test(path);
  return isPlain && isText && parts.length >= 2 && !forbiddenTops.includes(parts[0] ?? "") && !path.startsWith("/var/lib/requorum");
}

/** Certificates and keys of another CA take a machine out of its cluster: the plan must rest on a living machine that has this one. */
export const restoredCaIsTheClusters: PlanCheck = {
  invariant: "I-S16",
  check: (checked) =>
    momentsOf(checked, "host.restoreFiles").flatMap(({ step }) => {
      const { files, authorities, accepts } = step.args;
      if (accepts.includes("OTHER_CA") || !files.some(({ kind }) => kind === "pki" || kind === "kubeconfig")) return [];
      if (authorities.length === 0) return [objection("I-S16", "nothing says of which CA the restored certificates are", step)];
      return authorities.flatMap((authority) => authorityProblems(checked.plan.start, step, authority));
    }),
};

function authorityProblems(
  start: ClusterModel,
  step: RestoreStep,
  authority: { readonly path: string; readonly tag: string },
): readonly PlanObjection[] {
  let agreeing = 0;
  const objections: PlanObjection[] = [];
  for (const host of start.hosts) {
    if (host.name === step.args.host) continue;
    const state = (host.files ?? []).find(({ path }) => path === authority.path)?.state;
    if (state === undefined || state.kind === "absent") continue;
    if (state.kind === "file" && state.tag === authority.tag) agreeing += 1;
    else objections.push(objection("I-S16", `${host.name} has another ${authority.path} than the set`, step));
  }
  if (agreeing === 0 && objections.length === 0)
    objections.push(objection("I-S16", `no other machine was seen with the ${authority.path} of the set`, step));
  return objections;
}

/** The kubelet starts etcd from a manifest that appears, and restarts it when that changes. */
export const restoredManifestStartsNoEmptyEtcd: PlanCheck = {
  invariant: "I-S11",
  check: (checked) =>
    momentsOf(checked, "host.restoreFiles").flatMap(({ step }) => {
      if (!restartsEtcd(step)) return [];
      const host = checked.plan.start.hosts.find(({ name }) => name === step.args.host);
      return host?.hasStartableEtcdData === true
        ? []
        : [objection("I-S11", `etcd's manifest on ${step.args.host} could start etcd without its data`, step)];
    }),
};

export const restartedMemberMayBeMissed: PlanCheck = {
  invariant: "I-S1",
  check: (checked) =>
    momentsOf(checked, "host.restoreFiles").flatMap(({ step, before }) => {
      const member = before.members.find(({ host }) => host === step.args.host);
      const { voters, healthy, needed } = countVotes(before.members);
      if (!restartsEtcd(step) || member?.healthy !== true || healthy === voters || healthy < needed || healthy > needed) return [];
      return [
        objection(
          "I-S1",
          `etcd on ${step.args.host} is restarted while ${String(healthy)} of ${String(voters)} voters are healthy and all of those are needed`,
          step,
        ),
      ];
    }),
};

function restartsEtcd({ args }: RestoreStep): boolean {
  return args.files.some(({ path, kind }) => kind === "static-pod" && /\/etcd\.ya?ml$/.test(path));
}
