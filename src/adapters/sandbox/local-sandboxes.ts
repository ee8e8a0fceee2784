import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { EtcdClient } from "../../ports/etcd-client.ts";
import type { KubeApi } from "../../ports/kube-api.ts";
import type { FoundProgram, Sandbox, SandboxApiServerRequest, SandboxProgram, SandboxProgramKind, Sandboxes } from "../../ports/sandbox.ts";
import { findProgram, type ProgramPlaces } from "./find-program.ts";
import { freePort } from "./free-port.ts";
import { makeSandboxCertificates, type SandboxCertificates } from "./sandbox-certificates.ts";
import { openSandboxDirectory, type SandboxPlaces } from "./sandbox-directory.ts";
import { endAll, type SandboxProcess } from "./sandbox-process.ts";
import { chooseSandboxUser } from "./sandbox-user.ts";
import type { SandboxRoom } from "./sandbox-room.ts";
import { startSandboxApiServer } from "./start-api-server.ts";
import { startSandboxEtcd } from "./start-etcd.ts";

const run = promisify(execFile);

/** PEM texts and a loopback port. */
export interface SandboxTarget {
  readonly port: number;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export interface LocalSandboxesOptions {
  readonly etcdPrograms: ProgramPlaces;
  readonly kubePrograms: ProgramPlaces;
  readonly places: SandboxPlaces;
  /** Clients are other adapters' work. */
  readonly dialEtcd: (target: SandboxTarget) => EtcdClient;
  readonly dialApi: (target: SandboxTarget) => KubeApi;
}

/** Real programs on loopback behind certificates of their own: Linux only, where their end can be guarded. */
export function createLocalSandboxes(options: LocalSandboxesOptions): Sandboxes {
  return new LocalSandboxes(options);
}

class LocalSandboxes implements Sandboxes {
  readonly #options: LocalSandboxesOptions;

  constructor(options: LocalSandboxesOptions) {
    this.#options = options;
  }

  findProgram(kind: SandboxProgramKind, version: string): Promise<FoundProgram> {
    return findProgram(kind, version, kind === "etcd" ? this.#options.etcdPrograms : this.#options.kubePrograms);
  }

  async open({ bytes }: { readonly bytes: bigint }): Promise<Sandbox> {
    if (process.platform !== "linux")
      throw new RecoveryError("SANDBOX_UNSUPPORTED", {
        subject: "this machine",
        detail: `the sandbox guards its programs and files through /proc, which ${process.platform} does not have`,
      });
    const user = await chooseSandboxUser();
    const directory = await openSandboxDirectory(this.#options.places, { bytes, user });
    const peerPort = await freePort();
    const hasSetpriv = await run("setpriv", ["--no-new-privs", "--", "true"]).then(
      () => true,
      () => false, // an old util-linux: the user alone must do
    );
    return new LocalSandbox(this.#options, { directory, user, hasSetpriv, peerPort });
  }
}

class LocalSandbox implements Sandbox {
  readonly directory: string;
  readonly isInMemory: boolean;
  readonly describes: string;
  readonly member: { readonly name: string; readonly peerUrl: string };
  readonly #options: LocalSandboxesOptions;
  readonly #room: SandboxRoom;
  readonly #certificates: SandboxCertificates = makeSandboxCertificates(Date.now());
  readonly #processes: SandboxProcess[] = [];
  readonly #clients: { close(): Promise<void> }[] = [];
  #etcdPort: number | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: LocalSandboxesOptions, room: SandboxRoom) {
    this.#options = options;
    this.#room = room;
    this.directory = room.directory.path;
    this.isInMemory = room.directory.isInMemory;
    this.member = { name: "sandbox", peerUrl: `https://127.0.0.1:${String(room.peerPort)}` };
    const who = room.user === undefined ? "as the user who runs requorum" : `as user ${String(room.user.uid)} without privileges`;
    this.describes = `${this.isInMemory ? "in memory" : "on disk"}, ${who}, on loopback`;
  }

  async startEtcd(request: {
    readonly program: SandboxProgram;
    readonly dataDir: string;
    readonly signal: AbortSignal;
  }): Promise<EtcdClient> {
    const started = await startSandboxEtcd(this.#room, { ...request, certificates: this.#certificates, member: this.member }, (port) =>
      this.#options.dialEtcd(this.#target(port)),
    );
    this.#processes.push(started.process);
    this.#clients.push(started.client);
    this.#etcdPort = started.port;
    return started.client;
  }

  async startApiServer(request: SandboxApiServerRequest): Promise<KubeApi> {
    if (this.#etcdPort === undefined) throw new Error("startEtcd comes before startApiServer");
    const started = await startSandboxApiServer(
      this.#room,
      { ...request, certificates: this.#certificates, etcdPort: this.#etcdPort },
      (port) => this.#options.dialApi(this.#target(port)),
    );
    this.#processes.push(started.process);
    this.#clients.push(started.client);
    return started.client;
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      try {
        await Promise.all(this.#clients.map((client) => client.close()));
      } finally {
        await endAll(this.#processes.toReversed());
        await this.#room.directory.remove();
      }
    })();
    return this.#closing;
  }

  #target(port: number): SandboxTarget {
    return { port, ca: this.#certificates.ca, ...this.#certificates.client };
  }
}
