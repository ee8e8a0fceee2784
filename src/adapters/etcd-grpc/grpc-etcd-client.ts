import { Client, credentials, Metadata, type CallOptions as GrpcCallOptions, type ChannelOptions } from "@grpc/grpc-js";
import type { PeerCertificate, SecureContext } from "node:tls";
import { uint64OfMemberId, type HostName, type MemberId, type Revision } from "../../model/ids.ts";
import type { EtcdStatus, MemberFacts } from "../../model/inventory.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { CallOptions, EtcdClient, EtcdHeader, KeyValue, RangeRequest, SnapshotOptions } from "../../ports/etcd-client.ts";
import { grpcTargetOf, type EtcdAddress } from "./etcd-address.ts";
import type { EtcdCredentials } from "./etcd-credentials.ts";
import { alarmsOf, headerOf, keyValueOf, memberFactsOf, statusOf } from "./etcd-facts.ts";
import { compareEqual, compareModRevision, etcdRpcs, type Rpc } from "./etcd-messages.ts";
import type { Draft } from "./protobuf-message.ts";
import { snapshotPieces } from "./snapshot-pieces.ts";
import type { SnapshotWork } from "./snapshot-thread-messages.ts";
import { identityProblem, secureContextOf } from "./tls-identity.ts";
import { isAnswerTooLarge, toRecoveryError, type FailedCall } from "./to-recovery-error.ts";

export interface GrpcEtcdClientOptions {
  readonly host: HostName;
  readonly address: EtcdAddress;
  readonly credentials: EtcdCredentials;
  /** The server's certificate must name one of these; the first goes into SNI and :authority. */
  readonly serverNames: readonly [string, ...string[]];
  /** Run once when the client is closed: takes the way to the endpoint down. */
  readonly onClose: () => Promise<void>;
  /** Another window than 16 MiB, for measurements. */
  readonly flowControlWindowBytes?: number;
}

const mebibyte = 1024 * 1024;
/**
 * Measured with a 254 MB snapshot at 20 ms round trip: HTTP/2's default of
 * 64 KiB gives 1.3 MB/s, 1 MiB 21, 8 MiB 58, 16 MiB 87; without delay 64 KiB
 * gives 78 and 16 MiB 115. It also bounds what etcd sends ahead of a slow reader.
 */
const defaultFlowControlWindowBytes = 16 * mebibyte;
/** Of one message. Kubernetes objects are below 1.5 MiB each (etcd's request limit); pages that are larger are asked for in halves. */
const messageBytesMax = 64 * mebibyte;
/** A snapshot that takes longer is a fault: 8 GiB, etcd's largest suggested quota, at 0.4 MB/s. */
const snapshotMsMax = 6 * 3_600_000;
const defaultPageSize = 1000;
/** Below everything Kubernetes keeps (`/registry/…`): never written by anybody. */
const probeKey = "requorum/probe";

/** etcd then refuses at once ("no leader") instead of letting the request wait: api/v3rpc/rpctypes/metadatafields.go. */
function requireLeader(): Metadata {
  const metadata = new Metadata();
  metadata.set("hasleader", "true");
  return metadata;
}

/** One endpoint: calls through grpc-js, a snapshot through Node's HTTP/2. See the port for what it promises. */
export class GrpcEtcdClient implements EtcdClient {
  readonly host: HostName;
  readonly #client: Client;
  readonly #snapshotWork: Omit<SnapshotWork, "path" | "timeoutMs">;
  readonly #onClose: () => Promise<void>;
  #closing: Promise<void> | undefined;

  /** Connects with the first call. ETCD_TLS when the certificates cannot be used at all. */
  constructor(options: GrpcEtcdClientOptions) {
    this.host = options.host;
    this.#onClose = options.onClose;
    const { address, serverNames } = options;
    const secureContext = usableContext(options);
    const verify = { checkServerIdentity: (_name: string, certificate: PeerCertificate) => identityProblem(serverNames, certificate) };
    const flowControlWindowBytes = options.flowControlWindowBytes ?? defaultFlowControlWindowBytes;
    const { ca, certificate, key } = options.credentials;
    this.#snapshotWork = { address, ca, certificate, key, serverNames, flowControlWindowBytes };
    this.#client = new Client(
      grpcTargetOf(address),
      credentials.createFromSecureContext(secureContext, verify),
      channelOptions(serverNames[0], flowControlWindowBytes),
    );
  }

  async status(options: CallOptions): Promise<EtcdStatus> {
    return statusOf(await this.#unary(etcdRpcs.status, {}, options), this.host);
  }

  async memberList(
    request: { readonly linearizable: boolean },
    options: CallOptions,
  ): Promise<{ readonly header: EtcdHeader; readonly members: readonly MemberFacts[] }> {
    const answer = await this.#unary(etcdRpcs.memberList, request, options, { needsLeader: request.linearizable });
    return { header: headerOf(answer, this.host), members: memberFactsOf(answer.members) };
  }

  async probeRead(request: { readonly linearizable: boolean }, options: CallOptions): Promise<EtcdHeader> {
    const range = { key: Buffer.from(probeKey), limit: 1n, keysOnly: true, serializable: !request.linearizable };
    return headerOf(await this.#unary(etcdRpcs.range, range, options, { needsLeader: request.linearizable }), this.host);
  }

  /** etcd answers this through raft (EtcdServer.Alarm, server/etcdserver/v3_server.go), so it needs a leader. */
  async alarms(options: CallOptions): Promise<readonly { readonly memberId: MemberId; readonly alarm: "NOSPACE" | "CORRUPT" | "NONE" }[]> {
    const answer = await this.#unary(etcdRpcs.alarm, { action: 0, alarm: 0 }, options, { needsLeader: true });
    return alarmsOf(answer.alarms, this.host);
  }

  async hashKv(
    revision: Revision,
    options: CallOptions,
  ): Promise<{ readonly header: EtcdHeader; readonly hash: number; readonly compactRevision: Revision; readonly hashRevision: Revision }> {
    const answer = await this.#unary(etcdRpcs.hashKv, { revision }, options);
    const header = headerOf(answer, this.host);
    // Before 3.6 the answer does not say at which revision: the asked one, or the newest.
    const asked = revision === 0n ? header.revision : revision;
    return {
      header,
      hash: answer.hash,
      compactRevision: answer.compactRevision,
      hashRevision: answer.hashRevision === 0n ? asked : answer.hashRevision,
    };
  }

  /** `timeoutMs` is for each page. All pages are of the revision of the first. */
  async range(
    request: RangeRequest,
    options: CallOptions,
    onPage: (page: readonly KeyValue[]) => void | Promise<void>,
  ): Promise<{ readonly header: EtcdHeader; readonly count: bigint }> {
    const isSerializable = request.isSerializable === true;
    const rangeEnd = request.isPrefix === true ? endOfPrefix(request.key) : new Uint8Array();
    let key: Uint8Array = request.key === "" ? Uint8Array.of(0) : Buffer.from(request.key);
    let revision = request.revision ?? 0n;
    let limit = request.pageSize ?? defaultPageSize;
    let first: { readonly header: EtcdHeader; readonly count: bigint } | undefined;
    // Ends: every page starts above the last key of the one before, and a page that is too large is halved down to one key.
    for (;;) {
      const draft = { key, rangeEnd, limit: BigInt(limit), revision, serializable: isSerializable, keysOnly: request.keysOnly === true };
      const answer = await this.#unaryOrTooLarge(etcdRpcs.range, draft, options, {
        needsLeader: !isSerializable,
        mayBeTooLarge: limit > 1,
      });
      if (answer === "too-large") {
        limit = Math.ceil(limit / 2);
        continue;
      }
      first ??= { header: headerOf(answer, this.host), count: answer.count };
      if (revision === 0n) revision = first.header.revision;
      if (answer.kvs.length > 0) await onPage(answer.kvs.map(keyValueOf));
      const last = answer.kvs.at(-1);
      if (!answer.more || last === undefined) return first;
      key = Buffer.concat([last.key, Uint8Array.of(0)]);
    }
  }

  async deleteKey(key: string, modRevision: Revision, options: CallOptions): Promise<boolean> {
    const bytes = Buffer.from(key);
    const draft = {
      compare: [{ result: compareEqual, target: compareModRevision, key: bytes, modRevision }],
      success: [{ requestDeleteRange: { key: bytes } }],
    };
    return (await this.#unary(etcdRpcs.txn, draft, options, { needsLeader: true })).succeeded;
  }

  async memberRemove(id: MemberId, options: CallOptions): Promise<readonly MemberFacts[]> {
    return memberFactsOf((await this.#unary(etcdRpcs.memberRemove, { id: uint64OfMemberId(id) }, options, { needsLeader: true })).members);
  }

  async memberPromote(id: MemberId, options: CallOptions): Promise<readonly MemberFacts[]> {
    return memberFactsOf((await this.#unary(etcdRpcs.memberPromote, { id: uint64OfMemberId(id) }, options, { needsLeader: true })).members);
  }

  async moveLeader(to: MemberId, options: CallOptions): Promise<void> {
    await this.#unary(etcdRpcs.moveLeader, { targetId: uint64OfMemberId(to) }, options, { needsLeader: true });
  }

  /** Leaving the loop early cancels the stream. A reader that is slow holds etcd back, it does not fill memory. */
  async *snapshot(options: SnapshotOptions): AsyncIterable<Uint8Array> {
    const rpc = etcdRpcs.snapshot;
    const failedCall = { host: this.host, rpc: rpc.name, isWrite: false, timeoutMs: snapshotMsMax, ...signalOf(options.signal) };
    this.#assertUsable(failedCall);
    const work: SnapshotWork = { ...this.#snapshotWork, path: rpc.path, timeoutMs: snapshotMsMax };
    try {
      const { idleTimeoutMs, expectedBytes, withinMs = snapshotMsMax } = options;
      const expected = { bytes: expectedBytes, withinMs: Math.min(withinMs, snapshotMsMax) };
      yield* snapshotPieces(work, { idleTimeoutMs, expected, host: this.host, ...signalOf(options.signal) });
    } catch (error) {
      throw toRecoveryError(error, failedCall);
    }
  }

  close(): Promise<void> {
    this.#closing ??= (() => {
      this.#client.close();
      return this.#onClose();
    })();
    return this.#closing;
  }

  async #unary<Request, Response>(
    rpc: Rpc<Request, Response>,
    request: Draft<Request>,
    options: CallOptions,
    how: { readonly needsLeader?: boolean } = {},
  ): Promise<Response> {
    const answer = await this.#unaryOrTooLarge(rpc, request, options, { ...how, mayBeTooLarge: false });
    if (answer === "too-large") throw new Error("only range may be answered in halves");
    return answer;
  }

  async #unaryOrTooLarge<Request, Response>(
    rpc: Rpc<Request, Response>,
    request: Draft<Request>,
    options: CallOptions,
    how: { readonly needsLeader?: boolean; readonly mayBeTooLarge: boolean },
  ): Promise<Response | "too-large"> {
    const failedCall = { host: this.host, rpc: rpc.name, isWrite: rpc.isWrite, timeoutMs: options.timeoutMs, ...signalOf(options.signal) };
    this.#assertUsable(failedCall);
    const metadata = how.needsLeader === true ? requireLeader() : new Metadata();
    const callOptions: GrpcCallOptions = { deadline: Date.now() + options.timeoutMs };
    try {
      return await new Promise<Response>((resolve, reject) => {
        const call = this.#client.makeUnaryRequest(
          rpc.path,
          encodeWith(rpc),
          decodeWith(rpc),
          request,
          metadata,
          callOptions,
          (error, answer) => {
            options.signal?.removeEventListener("abort", giveUp);
            if (error !== null) reject(error);
            else if (answer === undefined) reject(new Error(`grpc-js gave neither an error nor an answer to ${rpc.name}`));
            else resolve(answer);
          },
        );
        const giveUp = () => call.cancel();
        options.signal?.addEventListener("abort", giveUp, { once: true });
      });
    } catch (error) {
      if (how.mayBeTooLarge && isAnswerTooLarge(error)) return "too-large";
      throw toRecoveryError(error, failedCall);
    }
  }

  #assertUsable(call: FailedCall): void {
    if (this.#closing !== undefined) throw new Error(`the etcd client of ${this.host} was used after close()`);
    if (call.signal?.aborted === true) {
      throw new RecoveryError("INTERRUPTED", {
        subject: `etcd on ${this.host}`,
        detail: `${call.rpc} was not sent`,
        retry: "transient",
        cause: call.signal.reason,
      });
    }
  }
}

function channelOptions(serverName: string, flowControlWindowBytes: number): ChannelOptions {
  return {
    "grpc.ssl_target_name_override": serverName,
    "grpc.default_authority": serverName,
    "grpc-node.flow_control_window": flowControlWindowBytes,
    "grpc.max_receive_message_length": messageBytesMax,
    // Never twice what was asked once: retries are decided by the executor.
    "grpc.enable_retries": 0,
    "grpc.service_config_disable_resolution": 1,
    // The way to etcd is the SSH forward or the address itself, whatever http_proxy says.
    "grpc.enable_http_proxy": 0,
    // Closing the client closes its connection.
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_channelz": 0,
    // The next call after a failure connects anew instead of repeating an old error for up to two minutes.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1000,
  };
}

function usableContext({ host, credentials: pem }: GrpcEtcdClientOptions): SecureContext {
  try {
    return secureContextOf(pem);
  } catch (error) {
    // Not a certificate, a key of another certificate.
    const text = error instanceof Error ? error.message : "unknown";
    throw new RecoveryError("ETCD_TLS", {
      subject: `etcd on ${host}`,
      detail: `the client certificate in ${pem.source} cannot be used: ${text}`,
      cause: error,
    });
  }
}

function encodeWith<Request, Response>(rpc: Rpc<Request, Response>): (request: Draft<Request>) => Buffer {
  return (request) => Buffer.from(rpc.request.encode(request));
}

function decodeWith<Request, Response>(rpc: Rpc<Request, Response>): (bytes: Buffer) => Response {
  return (bytes) => rpc.response.decode(bytes);
}

function signalOf(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** The first key that does not have the prefix: its last byte below 0xff raised by one (etcd's clientv3.GetPrefixRangeEnd). "\0": to the end. */
function endOfPrefix(prefix: string): Uint8Array {
  const bytes = Buffer.from(prefix);
  const last = bytes.findLastIndex((byte) => byte < 0xff);
  if (last === -1) return Uint8Array.of(0);
  const end = Uint8Array.from(bytes.subarray(0, last + 1));
  end[last] = (bytes[last] ?? 0) + 1;
  return end;
}
