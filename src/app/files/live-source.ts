import { assertStatedSize, streamSnapshot } from "../../execute/ask/stream-snapshot.ts";
import { runsEtcd, type ClusterConfig } from "../../model/cluster-config.ts";
import type { HostName } from "../../model/ids.ts";
import type { EtcdStatus } from "../../model/inventory.ts";
import type { ReportProgress } from "../../model/progress-event.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { shellWord } from "../../model/shell-word.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EtcdClient, EtcdDialer } from "../../ports/etcd-client.ts";
import type { SpoolDirectory } from "../../ports/file-spool.ts";
import type { Hashing } from "../../ports/hashing.ts";
import { assertSpoolRoom } from "./assert-spool-room.ts";
import { withRest } from "./discarded.ts";
import type { LiveSource } from "./parse-live-source.ts";

export interface LiveContext {
  readonly etcd: EtcdDialer;
  readonly config: ClusterConfig;
  readonly spool: SpoolDirectory;
  readonly hashing: Hashing;
  readonly clock: Clock;
  readonly report: ReportProgress;
  readonly signal: AbortSignal;
}

/** etcd answers within milliseconds; dialling reads its certificates over SSH first. */
const askTimeoutMs = 10_000;

/**
 * Streams a snapshot into the spool and gives the path of the copy, whose
 * sha256 was compared with the one that etcd sent. Without a host only a voter
 * that answers a linearizable read is taken: what it has is what the cluster
 * has. With one, that member's own state is wanted, whatever the others say.
 * Throws USAGE, SNAPSHOT_BAD, LOCAL_DISK_FULL, and what reaching etcd throws.
 */
export async function fetchLiveSource(context: LiveContext, source: LiveSource, into: string): Promise<string> {
  const hosts = hostsOf(context.config, source);
  const refusals: RecoveryError[] = [];
  const answered: HostName[] = [];
  for (const host of hosts) {
    context.report({ kind: "phase", text: `asking etcd on ${host}`, host });
    try {
      return await fromHost(context, source, { host, into, answered });
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof RecoveryError) || error.code === "LOCAL_DISK_FULL" || error.code === "LOCAL_FILE_FAILED") throw error;
      refusals.push(error);
    }
  }
  const [first] = refusals;
  if (first === undefined || refusals.length === 1) throw first ?? noMember(source, context.config);
  throw new RecoveryError(first.code, {
    subject: `source ${source.name}`,
    detail: `no member gave a snapshot. ${refusals.map((error) => `${error.subject}: ${error.detail} (${error.code})`).join("; ")}`,
    remedies: [
      { why: "see which members answer", command: "requorum status" },
      // Not one that is down: only who gave its status can give its own state, too.
      ...answered.map((host) => ({
        why: `without a quorum, take the own state of the member on ${host}, which answered`,
        command: `requorum snapshot inspect live://${host}`,
      })),
      ...(answered.length === 0
        ? [
            {
              why: "no etcd answered; read the data dir of a stopped member",
              command: `requorum snapshot inspect ${shellWord(`ssh://${hosts[0] ?? "HOST"}${context.config.paths.etcdDataDir}`)}`,
            },
          ]
        : []),
    ],
  });
}

function hostsOf(config: ClusterConfig, source: LiveSource): readonly HostName[] {
  const hosts = config.hosts.filter((host) => runsEtcd(host, config)).map((host) => host.name);
  if (source.host === undefined) return hosts;
  const found = hosts.find((host) => host === source.host);
  if (found !== undefined) return [found];
  throw new RecoveryError("USAGE", {
    subject: `source ${source.name}`,
    detail: `the configuration has etcd on ${hosts.join(", ")}, not on ${JSON.stringify(source.host)}`,
  });
}

async function fromHost(
  context: LiveContext,
  source: LiveSource,
  { host, into, answered }: { readonly host: HostName; readonly into: string; readonly answered: HostName[] },
): Promise<string> {
  const call = { timeoutMs: askTimeoutMs, signal: context.signal };
  const client = await context.etcd.dial(host, call);
  try {
    const status = await client.status(call);
    if (source.host === undefined) {
      if (status.isLearner)
        throw new RecoveryError("ETCD_REFUSED", { subject: `member ${status.memberId}`, detail: `the member on ${host} is a learner` });
      answered.push(host);
      await client.probeRead({ linearizable: true }, call);
    }
    assertStatedSize(host, status.dbSizeBytes);
    await assertSpoolRoom(context.spool, `a snapshot of ${source.name} takes up to`, status.dbSizeBytes);
    return await copySnapshot(context, client, { source, status, into });
  } finally {
    await client.close();
  }
}

async function copySnapshot(
  context: LiveContext,
  client: EtcdClient,
  { source, status, into }: { readonly source: LiveSource; readonly status: EtcdStatus; readonly into: string },
): Promise<string> {
  const name = `${into}/${client.host}/file`;
  const copy = await context.spool.create(name);
  try {
    const verdict = await streamSnapshot(client, {
      hashing: context.hashing,
      dbSizeBytes: status.dbSizeBytes,
      signal: context.signal,
      write: (chunk) => copy.append(chunk),
      onBytes: (done) => {
        context.report({ kind: "bytes", text: `snapshot of the member on ${client.host}`, done, total: status.dbSizeBytes });
      },
    });
    await copy.close(Math.floor(context.clock.nowMs() / 1000));
    if (verdict.kind === "good") return `${context.spool.path}/${name}`;
    throw new RecoveryError("SNAPSHOT_BAD", { subject: `source ${source.name}`, detail: `from ${client.host}: ${verdict.because}` });
  } catch (error) {
    // The next member's copy needs the room that this part takes.
    throw await copy.discard().then(
      () => error,
      (rest: unknown) => withRest(error, rest),
    );
  }
}

function noMember(source: LiveSource, config: ClusterConfig): RecoveryError {
  return new RecoveryError("USAGE", {
    subject: `source ${source.name}`,
    detail: `the configuration of ${config.cluster} has no machine with etcd`,
  });
}
