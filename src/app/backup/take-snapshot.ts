import { judgeTrailer, trailerBytes } from "../../formats/etcd/snapshot-trailer.ts";
import type { BackupPartHead, SetWriter } from "../../catalogue/set-writer.ts";
import type { SourceCandidate } from "../../catalogue/source/judge-source.ts";
import type { BackupMark } from "../../model/backup-set.ts";
import { isAtOrBelow } from "../../model/host-path.ts";
import type { HostName } from "../../model/ids.ts";
import type { Inventory, MemberFacts } from "../../model/inventory.ts";
import { valueOf } from "../../model/observation.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { EtcdClient } from "../../ports/etcd-client.ts";
import type { SpoolDirectory } from "../../ports/file-spool.ts";
import type { SealedDirectory } from "../../ports/sealed-spool.ts";
import { assertSpoolRoom } from "../files/assert-spool-room.ts";
import { assertSnapshotSize, assertStatedSize } from "../../execute/ask/stream-snapshot.ts";
import { fetchRemoteSource } from "../files/fetch-remote-source.ts";
import type { CreateBackupContext } from "./backup-context.ts";

/** etcd's data, in the set and in the sealed spool. */
export interface TakenSnapshot {
  readonly form: "stream" | "data-dir";
  /** Its name in the spool. */
  readonly path: string;
  readonly sizeBytes: bigint;
  /** Of a stream's content. */
  readonly sha256: string | undefined;
  readonly marks: readonly BackupMark[];
}

interface Taking {
  readonly writer: SetWriter;
  readonly spool: SealedDirectory;
}

/** Dialling reads etcd's certificates over SSH first; a member list is there within milliseconds. */
const callTimeoutMs = 10_000;
/** A member that sends nothing for this long has stopped sending; a slow disk still gives a page now and then. */
const idleTimeoutMs = 30_000;
const reportEveryBytes = 4n * 1024n * 1024n;
const snapshotName = "snapshot.db";

/** The member's stream goes into the set and the spool at once. SNAPSHOT_BAD, and what etcd, store and disk throw; then the writer is to be aborted. */
export async function takeStream(
  context: CreateBackupContext,
  { writer, spool }: Taking,
  source: SourceCandidate & { readonly members: readonly MemberFacts[] },
): Promise<TakenSnapshot> {
  const call = { timeoutMs: callTimeoutMs, signal: context.signal };
  const { dbSizeBytes } = source.status;
  assertStatedSize(source.host, dbSizeBytes);
  if (!spool.holdsInMemory(Number(dbSizeBytes)))
    await assertSpoolRoom(spool, `a sealed copy of the snapshot of ${source.host} takes up to`, dbSizeBytes);
  const client = await context.ports.etcd.dial(source.host, call);
  try {
    const copy = await spool.create(snapshotName, Number(dbSizeBytes));
    const { part, trailer } = await writer.addWithTrailer(
      clusterPart("snapshot", snapshotName, context.ports.clock.nowMs()),
      teed(context, { client, total: dbSizeBytes, append: (bytes) => copy.append(bytes) }),
      { signal: context.signal, trailerBytes },
    );
    await copy.close();
    // Of what was stored, not of what came: a piece that changed between the two is met here, too.
    const verdict = judgeTrailer({
      sizeBytes: BigInt(part.sizeBytes),
      trailer: trailer.bytes,
      contentSha256: () => trailer.sha256Before,
    });
    if (verdict.kind === "bad")
      throw new RecoveryError("SNAPSHOT_BAD", {
        subject: `member ${source.status.memberId}`,
        detail: `from ${source.host}: ${verdict.because}`,
      });
    return {
      form: "stream",
      path: snapshotName,
      sizeBytes: verdict.sizeBytes,
      sha256: verdict.sha256,
      marks: await changedMeanwhile(client, source, call),
    };
  } finally {
    await client.close();
  }
}

async function* teed(
  context: CreateBackupContext,
  to: {
    readonly client: EtcdClient;
    readonly total: bigint;
    readonly append: (bytes: Uint8Array) => Promise<void>;
  },
): AsyncIterable<Uint8Array> {
  const { client, total, append } = to;
  let [done, reported] = [0n, 0n];
  const { endsAtMs, signal } = context;
  const withinMs = endsAtMs === undefined ? undefined : endsAtMs - context.ports.clock.monotonicMs();
  for await (const chunk of client.snapshot({ idleTimeoutMs, expectedBytes: Number(total), withinMs, signal })) {
    await append(chunk);
    yield chunk;
    done += BigInt(chunk.length);
    assertSnapshotSize(client.host, { sentBytes: done, dbSizeBytes: total });
    if (done - reported < reportEveryBytes) continue;
    reported = done;
    context.report({ kind: "bytes", text: `snapshot of the member on ${client.host}`, done, total });
  }
}

/** The parts belong together only while the membership stays what it was. */
async function changedMeanwhile(
  client: EtcdClient,
  source: SourceCandidate & { readonly members: readonly MemberFacts[] },
  call: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<readonly BackupMark[]> {
  try {
    const { header, members } = await client.memberList({ linearizable: false }, call);
    if (header.clusterId === source.status.clusterId && listText(members) === listText(source.members)) return [];
    return [{ code: "CHANGED_WHILE_TAKEN", because: "the members of etcd are not those that they were when the set was begun" }];
  } catch (error) {
    call.signal.throwIfAborted();
    if (!(error instanceof RecoveryError)) throw error;
    return [
      {
        code: "CHANGED_WHILE_TAKEN",
        because: `whether the members changed meanwhile is not known: ${source.host} does not say it any more: ${error.detail} (${error.code})`,
      },
    ];
  }
}

function listText(members: readonly MemberFacts[]): string {
  return members
    .map(({ id, name, peerUrls, isLearner }) => [id, name, [...peerUrls].sort().join(","), String(isLearner)].join(" "))
    .sort()
    .join("\n");
}

/**
 * The data dir of a stopped member: first into the spool, compared at both
 * ends, then into the set. FILE_IN_USE, FILE_CHANGED, NOT_BUILT_YET for a log
 * that lies elsewhere, and what reaching the machine throws.
 */
export async function takeDataDir(
  context: CreateBackupContext,
  { writer, spool }: Taking,
  source: { readonly host: HostName; readonly inventory: Inventory },
): Promise<TakenSnapshot> {
  const { host } = source;
  const dataDir = context.config.paths.etcdDataDir;
  assertLogInside(source, dataDir);
  const copies: { readonly name: string; readonly path: string; modifiedAt: number; sizeBytes: number }[] = [];
  const base = `ssh://${host}`;
  const into = dataDir.replace(/^\/+/, "");
  const asSpool: SpoolDirectory = {
    path: base,
    freeBytes: () => spool.freeBytes(),
    create: async (path) => {
      const name = `${base}/${path}`;
      const file = await spool.create(name);
      const copy = { name, path: `/${path}`, modifiedAt: 0, sizeBytes: 0 };
      copies.push(copy);
      return {
        append: async (bytes) => {
          copy.sizeBytes += bytes.length;
          await file.append(bytes);
        },
        close: async (modifiedAt) => {
          copy.modifiedAt = modifiedAt;
          await file.close();
        },
        discard: () => file.discard(),
      };
    },
    remove: () => spool.remove(),
  };
  const fetching = {
    access: context.ports.hostAccess,
    host,
    spool: asSpool,
    hashing: context.ports.hashing,
    report: context.report,
    signal: context.signal,
  };
  const path = await fetchRemoteSource(
    fetching,
    { name: `${base}${dataDir}`, user: undefined, host, port: undefined, path: dataDir },
    into,
  );
  for (const copy of copies) {
    context.report({ kind: "phase", text: `storing ${copy.path} of ${host}`, host });
    const head = { ...clusterPart("snapshot", copy.path, 0), host, mode: 0o600, modifiedAt: copy.modifiedAt };
    await writer.addPart(head, spool.read(copy.name), context.signal);
  }
  const sizeBytes = copies.reduce((sum, copy) => sum + BigInt(copy.sizeBytes), 0n);
  return { form: "data-dir", path, sizeBytes, sha256: undefined, marks: [] };
}

function assertLogInside({ host, inventory }: { readonly host: HostName; readonly inventory: Inventory }, dataDir: string): void {
  const manifests = inventory.hosts.find((facts) => facts.name === host)?.manifests;
  for (const { etcdFlags } of (manifests === undefined ? undefined : valueOf(manifests)) ?? []) {
    const place = etcdFlags?.walPlace;
    const isInside = place?.kind !== "path" || isAtOrBelow(place.path, dataDir);
    if (etcdFlags?.walDir !== undefined && etcdFlags.walDir !== "" && !isInside)
      throw new RecoveryError("NOT_BUILT_YET", {
        subject: `host ${host}`,
        detail: `etcd keeps its log in ${place.path}, outside its data dir; an offline copy of such a member is not built yet`,
      });
  }
}

/** A part of the cluster, under a plain name. */
export function clusterPart(kind: BackupPartHead["kind"], name: string, nowMs: number): BackupPartHead {
  return {
    kind,
    host: undefined,
    path: name,
    type: "file",
    target: undefined,
    mode: 0,
    uid: 0,
    gid: 0,
    modifiedAt: Math.floor(nowMs / 1000),
  };
}
