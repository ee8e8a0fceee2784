import type { KubeApi } from "../../ports/kube-api.ts";
import type { SandboxApiServerRequest } from "../../ports/sandbox.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { onFreePort } from "./free-port.ts";
import { makeServiceAccountKey, type SandboxCertificates } from "./sandbox-certificates.ts";
import { SandboxProcess } from "./sandbox-process.ts";
import { writeCertificates, writeRoomFile, type SandboxRoom } from "./sandbox-room.ts";

/** 6 s on an idle machine with two cores; busy ones have needed a minute. */
const readyTimeoutMs = 240_000;
const askIntervalMs = 250;
const askTimeoutMs = 10_000;

export interface StartedApiServer {
  readonly process: SandboxProcess;
  readonly client: KubeApi;
}

/**
 * A kube-apiserver that talks to its etcd and to nobody else: what is stored
 * in a set names webhooks, aggregated APIs, nodes and pods, and those of the
 * living cluster may be in reach of this machine. All such connections are
 * sent to a socket that nobody listens on.
 */
export async function startSandboxApiServer(
  room: SandboxRoom,
  request: SandboxApiServerRequest & { readonly certificates: SandboxCertificates; readonly etcdPort: number },
  dial: (port: number) => KubeApi,
): Promise<StartedApiServer> {
  const { program, signal } = request;
  return onFreePort(async (port) => {
    const process = await SandboxProcess.start({ ...room, program, args: await argsOf(room, request, port) });
    const client = dial(port);
    try {
      await process.until("it was ready", { timeoutMs: readyTimeoutMs, intervalMs: askIntervalMs, signal }, async () => {
        try {
          return (await client.request({ method: "GET", path: "/readyz", timeoutMs: askTimeoutMs, signal })).status === 200;
        } catch (error) {
          if (!(error instanceof RecoveryError)) throw error;
          return false; // it does not listen yet; the loop has its limit
        }
      });
      return { process, client };
    } catch (error) {
      await client.close();
      await process.end();
      throw error;
    }
  });
}

async function argsOf(
  room: SandboxRoom,
  request: SandboxApiServerRequest & { readonly certificates: SandboxCertificates; readonly etcdPort: number },
  port: number,
): Promise<readonly string[]> {
  const paths = await writeCertificates(room, request.certificates);
  const made = makeServiceAccountKey();
  const keys = request.serviceAccountKeys ?? { publicKeys: [made.publicKey], signingKey: made.privateKey };
  const egress = await writeRoomFile(room, "egress.yaml", egressConfiguration(`${room.directory.path}/nobody.sock`));
  return [
    `--etcd-servers=https://127.0.0.1:${String(request.etcdPort)}`,
    `--etcd-cafile=${paths.ca}`,
    `--etcd-certfile=${paths.client.certificate}`,
    `--etcd-keyfile=${paths.client.key}`,
    // Nothing of the set's history may go while it is compared.
    "--etcd-compaction-interval=0",
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${String(port)}`,
    `--tls-cert-file=${paths.server.certificate}`,
    `--tls-private-key-file=${paths.server.key}`,
    `--client-ca-file=${paths.ca}`,
    "--anonymous-auth=false",
    "--authorization-mode=RBAC",
    `--service-account-key-file=${await writeRoomFile(room, "service-account.pub", keys.publicKeys.join("\n"))}`,
    `--service-account-signing-key-file=${await writeRoomFile(room, "service-account.key", keys.signingKey)}`,
    `--egress-selector-config-file=${egress}`,
    "--endpoint-reconciler-type=none",
    "--disable-admission-plugins=MutatingAdmissionWebhook,ValidatingAdmissionWebhook",
    // Lists come from etcd, one page at a time, and not from a copy of everything in memory.
    "--watch-cache=false",
    "--profiling=false",
    ...(request.encryptionConfig === undefined
      ? []
      : [`--encryption-provider-config=${await writeRoomFile(room, "encryption.yaml", request.encryptionConfig)}`]),
    ...withDefaults(request.flags),
  ];
}

/** What an API server does not start without. */
function withDefaults(flags: readonly string[]): readonly string[] {
  const has = (name: string): boolean => flags.some((flag) => flag.startsWith(`--${name}=`));
  return [
    ...flags,
    ...(has("service-account-issuer") ? [] : ["--service-account-issuer=https://kubernetes.default.svc"]),
    ...(has("service-cluster-ip-range") ? [] : ["--service-cluster-ip-range=10.96.0.0/12"]),
  ];
}

/** Source: k8s.io/apiserver pkg/apis/apiserver/v1 (EgressSelectorConfiguration), pkg/server/egressselector. */
function egressConfiguration(socket: string): string {
  const selections = ["cluster", "controlplane"].map((name) => ({
    name,
    connection: { proxyProtocol: "HTTPConnect", transport: { uds: { udsName: socket } } },
  }));
  return JSON.stringify({ apiVersion: "apiserver.k8s.io/v1beta1", kind: "EgressSelectorConfiguration", egressSelections: selections });
}
