import type { StepSpec } from "../../model/step.ts";
import { fails, holds, unknown, whenKnown } from "../../model/verdict.ts";
import { memberWords, withMemberList } from "./member-verdicts.ts";

/**
 * I-S8, I-S9. Needs: members (with isHealthy), clusterId, snapshots. A
 * snapshot stands in the model only when its sha256 trailer was checked.
 */
export const etcdSaveSnapshot: StepSpec<"etcd.saveSnapshot"> = {
  risk: "read-only",
  attemptsMax: 3,
  pre: (model, args) =>
    withMemberList(model, (members) => {
      const source = members.find((member) => member.id === args.memberId);
      if (source === undefined) return fails(`member ${args.memberId} is not registered`);
      if (source.isLearner) return fails(`member ${memberWords(source)} is a learner: a snapshot comes from a voter`);
      return whenKnown(source.isHealthy, `whether member ${memberWords(source)} is healthy`, (is) =>
        is ? holds : fails(`member ${memberWords(source)} does not answer a linearizable read`),
      );
    }),
  post: (model, args) => {
    const snapshot = model.snapshots.find((candidate) => candidate.artifact === args.artifact);
    if (snapshot === undefined) return fails(`there is no verified snapshot ${args.artifact} yet`);
    if (snapshot.sourceMember !== args.memberId)
      return fails(`${args.artifact} comes from member ${snapshot.sourceMember}, not ${args.memberId}`);
    if (snapshot.revision < args.minRevision) {
      return fails(`${args.artifact} has revision ${String(snapshot.revision)}, the plan saw ${String(args.minRevision)}`);
    }
    if (model.clusterId === undefined) return unknown("the cluster id, to compare the snapshot's with");
    return snapshot.clusterId === model.clusterId
      ? holds
      : fails(`${args.artifact} is of cluster ${snapshot.clusterId}, not ${model.clusterId}`);
  },
  effect: (model, args) => {
    if (model.clusterId === undefined) return model;
    const snapshot = {
      artifact: args.artifact,
      sha256: "",
      revision: args.minRevision,
      clusterId: model.clusterId,
      sourceMember: args.memberId,
    };
    return { ...model, snapshots: [...model.snapshots.filter((other) => other.artifact !== args.artifact), snapshot] };
  },
  describe: (args) =>
    `Save a snapshot of etcd from member ${args.memberId} on ${args.host} to this machine as ${args.artifact} and verify it`,
  host: (args) => args.host,
  // 400 MB at lab speed take 4 s; a real network is slower.
  expectedSeconds: () => 10,
};
