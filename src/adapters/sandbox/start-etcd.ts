import type { EtcdClient } from "../../ports/etcd-client.ts";
import type { SandboxProgram } from "../../ports/sandbox.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { freePort, onFreePort } from "./free-port.ts";
import type { SandboxCertificates } from "./sandbox-certificates.ts";
import { SandboxProcess } from "./sandbox-process.ts";
import { giveToUser, writeCertificates, type CertificatePaths, type SandboxRoom } from "./sandbox-room.ts";
import { fileFailed } from "./to-recovery-error.ts";

/** etcd reads its whole database when it starts: 8 GiB, its largest suggested quota, within 60 s from memory; a slow disk takes longer. */
const readyTimeoutMs = 300_000;
const askIntervalMs = 100;
const askTimeoutMs = 3_000;
/** What is tried here is whether it can be read; that it is full is found by others. */
const quotaBytes = 32 * 1024 ** 3;

export interface StartedEtcd {
  readonly process: SandboxProcess;
  readonly client: EtcdClient;
  readonly port: number;
}

interface EtcdRequest {
  readonly program: SandboxProgram;
  readonly dataDir: string;
  readonly member: { readonly name: string; readonly peerUrl: string };
  readonly certificates: SandboxCertificates;
  readonly signal: AbortSignal;
}

/** Waits for a linearizable read: then there is a leader, and everything of the log is applied. */
export async function startSandboxEtcd(room: SandboxRoom, request: EtcdRequest, dial: (port: number) => EtcdClient): Promise<StartedEtcd> {
  const { dataDir } = request;
  await giveToUser(room, dataDir).catch((cause: unknown) => {
    throw fileFailed(cause, dataDir, "give it to the sandbox's user");
  });
  const paths = await writeCertificates(room, request.certificates);
  return onFreePort(async (port) => startOn(port, { room, request, paths, dial }));
}

async function startOn(
  port: number,
  {
    room,
    request,
    paths,
    dial,
  }: {
    readonly room: SandboxRoom;
    readonly request: EtcdRequest;
    readonly paths: CertificatePaths;
    readonly dial: (port: number) => EtcdClient;
  },
): Promise<StartedEtcd> {
  const { program, dataDir, signal } = request;
  const process = await SandboxProcess.start({
    ...room,
    program,
    args: etcdArgs({ port, peerPort: await freePort(), dataDir, member: request.member, version: program.version }).concat([
      `--cert-file=${paths.server.certificate}`,
      `--key-file=${paths.server.key}`,
      `--trusted-ca-file=${paths.ca}`,
      "--client-cert-auth",
      `--peer-cert-file=${paths.server.certificate}`,
      `--peer-key-file=${paths.server.key}`,
      `--peer-trusted-ca-file=${paths.ca}`,
      "--peer-client-cert-auth",
    ]),
  });
  const client = dial(port);
  try {
    await process.until("it served a read", { timeoutMs: readyTimeoutMs, intervalMs: askIntervalMs, signal }, async () => {
      try {
        await client.probeRead({ linearizable: true }, { timeoutMs: askTimeoutMs, signal });
        return true;
      } catch (error) {
        if (!(error instanceof RecoveryError)) throw error;
        return false; // not yet; the loop has its limit
      }
    });
    return { process, client, port };
  } catch (error) {
    await client.close();
    await process.end();
    throw error;
  }
}

/** Flags that every minor version from 3.4 to 3.7 knows. */
function etcdArgs(options: {
  readonly port: number;
  /** Where it listens for peers: it has none, and the URL that it is known by may have been taken since the data dir was made. */
  readonly peerPort: number;
  readonly dataDir: string;
  readonly member: { readonly name: string; readonly peerUrl: string };
  readonly version: string;
}): readonly string[] {
  const { member, dataDir } = options;
  const clientUrl = `https://127.0.0.1:${String(options.port)}`;
  return [
    `--name=${member.name}`,
    `--data-dir=${dataDir}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=https://127.0.0.1:${String(options.peerPort)}`,
    `--initial-advertise-peer-urls=${member.peerUrl}`,
    `--initial-cluster=${member.name}=${member.peerUrl}`,
    `--quota-backend-bytes=${String(quotaBytes)}`,
    "--auto-compaction-retention=0",
    "--log-level=warn",
    // 3.4 has another one by default, which writes in another form.
    ...(options.version.startsWith("3.4.") ? ["--logger=zap", "--log-outputs=stderr"] : []),
  ];
}
