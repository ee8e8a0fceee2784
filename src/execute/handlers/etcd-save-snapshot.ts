import { SnapshotTrailer, type TrailerVerdict } from "../../formats/etcd/snapshot-trailer.ts";
import type { ModelSnapshot } from "../../model/cluster-model.ts";
import { asClusterId, asMemberId } from "../../model/ids.ts";
import type { EtcdStatus } from "../../model/inventory.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { StepArgs } from "../../model/step.ts";
import type { EtcdClient } from "../../ports/etcd-client.ts";
import { assertPlannedCluster, etcdCall, withEtcdOnce } from "../ask/ask-etcd.ts";
import { jsonOf, textAt } from "../ask/json-value.ts";
import { streamSnapshot } from "../ask/stream-snapshot.ts";
import { observeModel } from "../observe/observe-model.ts";
import type { StepContext, StepHandler } from "../step-handler.ts";
import { recordBaseline } from "../verify/baseline.ts";
import { readArtifactText, writeArtifactText } from "./artifact-text.ts";

type Args = StepArgs["etcd.saveSnapshot"];

/** I-S8, I-S9: the copy that every later step relies on. It counts only after its checksum was computed from what is on the disk. */
export const etcdSaveSnapshotHandler: StepHandler<"etcd.saveSnapshot"> = {
  settleMs: 0,
  observe: async (args, context) => {
    const [model, snapshot] = await Promise.all([observeModel(context, { etcd: true }), readSnapshot(args, context)]);
    return { ...model, snapshots: snapshot === undefined ? [] : [snapshot] };
  },
  perform: async (args, context) => {
    await withEtcdOnce(context, args.host, async (client) => {
      const before = await statusOf(client, args, context);
      if (before.revision < args.minRevision)
        throw bad(args, `member ${args.memberId} is at revision ${before.revision}, the plan saw ${args.minRevision}`);
      const verdict = await stream(client, args, context, before);
      const after = await statusOf(client, args, context);
      // Recorded at the revision that the snapshot has for certain.
      const { keys } = await recordBaseline(context, client, before.revision);
      const record = {
        apiVersion: "requorum/v1",
        kind: "Snapshot",
        artifact: args.artifact,
        sizeBytes: verdict.sizeBytes.toString(),
        sha256: verdict.sha256,
        revision: before.revision.toString(),
        revisionAfter: after.revision.toString(),
        clusterId: before.clusterId,
        memberId: before.memberId,
        raftTerm: before.raftTerm.toString(),
        etcdVersion: before.version,
        host: args.host,
        takenAt: context.ports.clock.nowIso(),
        keys,
      };
      await writeArtifactText(context, sidecarOf(args), `${JSON.stringify(record, undefined, 1)}\n`);
      await context.recordFact(
        "snapshot",
        `${args.artifact}: revision ${record.revision}, ${record.sizeBytes} bytes, sha256 ${record.sha256}, ${keys} keys, from member ${record.memberId} (${args.host}) of cluster ${record.clusterId}`,
      );
    });
  },
};

async function statusOf(client: EtcdClient, args: Args, context: StepContext): Promise<EtcdStatus> {
  const status = await client.status(etcdCall(context));
  assertPlannedCluster(context, args.host, status);
  if (status.memberId !== args.memberId)
    throw bad(args, `etcd on ${args.host} is member ${status.memberId}, the plan means ${args.memberId}`);
  if (status.isLearner) throw bad(args, `member ${args.memberId} is a learner`);
  return status;
}

async function stream(
  client: EtcdClient,
  args: Args,
  context: StepContext,
  status: EtcdStatus,
): Promise<TrailerVerdict & { readonly kind: "good" }> {
  const { hashing, runs } = context.ports;
  const writer = await runs.writeArtifact(context.run, args.artifact);
  try {
    const verdict = await streamSnapshot(client, {
      hashing,
      dbSizeBytes: status.dbSizeBytes,
      signal: context.signal,
      write: (chunk) => writer.write(chunk),
      onBytes: (done) => {
        context.report({ kind: "bytes", text: `snapshot of member ${args.memberId}`, done, total: status.dbSizeBytes, step: context.step });
      },
    });
    if (verdict.kind === "bad") throw bad(args, verdict.because);
    await writer.commit();
    return verdict;
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** From the disk: the sidecar's claims and a checksum that is computed again. undefined: no whole, verified snapshot of that name. */
async function readSnapshot(args: Args, context: StepContext): Promise<ModelSnapshot | undefined> {
  const { runs, hashing } = context.ports;
  const sidecar = jsonOf((await readArtifactText(context, sidecarOf(args))) ?? "");
  const stat = await runs.statArtifact(context.run, args.artifact);
  const [sha256, revision, clusterId, memberId] = ["sha256", "revision", "clusterId", "memberId"].map((field) => textAt(sidecar, field));
  if (stat === undefined || sha256 === undefined || revision === undefined || clusterId === undefined || memberId === undefined)
    return undefined;
  const trailer = new SnapshotTrailer(hashing.startSha256());
  for await (const chunk of runs.openArtifact(context.run, args.artifact)) {
    context.signal.throwIfAborted();
    trailer.update(chunk);
  }
  const verdict = trailer.finish();
  if (verdict.kind === "bad" || verdict.sha256 !== sha256) return undefined;
  return {
    artifact: args.artifact,
    sha256,
    revision: BigInt(revision),
    clusterId: asClusterId(clusterId),
    sourceMember: asMemberId(memberId),
  };
}

function sidecarOf(args: Args): string {
  return `${args.artifact}.json`;
}

function bad(args: Args, detail: string): RecoveryError {
  return new RecoveryError("SNAPSHOT_BAD", { subject: `snapshot ${args.artifact}`, detail: `${detail}. It was not kept` });
}
