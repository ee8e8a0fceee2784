import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { HostName } from "../../src/model/ids.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import type { RemoteRequest, RemoteResult } from "../../src/ports/host-access.ts";
import { LoopbackHostAccess } from "./loopback-host-access.ts";

/** What kubeadm leaves on a control-plane machine, as far as a backup wants it. `secret` stands in every key. */
export function kubeadmFiles(secret: string): { readonly [path: string]: string } {
  return {
    ...Object.fromEntries(
      ["ca.crt", "ca.key", "sa.key", "sa.pub", "front-proxy-ca.key", "etcd/ca.crt", "etcd/ca.key"].map((name) => [
        `/etc/kubernetes/pki/${name}`,
        `${name}: ${secret}\n`,
      ]),
    ),
    "/etc/kubernetes/manifests/kube-apiserver.yaml": "kind: Pod\nmetadata: { name: kube-apiserver }\nspec: { containers: [] }\n",
    "/etc/kubernetes/manifests/etcd.yaml": "kind: Pod\nmetadata: { name: etcd }\nspec: { containers: [] }\n",
    "/etc/kubernetes/admin.conf": `kind: Config\n# ${secret}\n`,
  };
}

/** What others run on the machine of the test, as an etcd of another test, is nothing of theirs: `ps -eo FORMAT` shows what this process started. */
const ownProcesses = `ps() { command ps --ppid ${String(process.pid)} -o "$2"; }\n`;

/** Machines whose files lie below a directory each, as far as the program's own scripts look at them; all else is this machine. */
export class MachinesBelow extends LoopbackHostAccess {
  readonly #directory: string;
  readonly #gone = new Set<HostName>();

  constructor(directory: string) {
    super(directory);
    this.#directory = directory;
  }

  put(host: HostName, files: { readonly [path: string]: string }): void {
    for (const [path, content] of Object.entries(files)) {
      const place = join(this.#rootOf(host), path);
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, content, { mode: 0o600 });
    }
  }

  /** What lies on this machine is seen at the same place on that one. */
  mount(host: HostName, path: string): void {
    const place = join(this.#rootOf(host), path);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(path, place);
  }

  switchOff(host: HostName): void {
    this.#gone.add(host);
  }

  override run(host: HostName, request: RemoteRequest): Promise<RemoteResult> {
    if (this.#gone.has(host)) return Promise.reject(new RecoveryError("SSH_UNREACHABLE", { subject: `host ${host}`, detail: "it is off" }));
    request.onRoundTrip?.(0.1);
    return super.run(host, {
      ...request,
      script: `REQUORUM_PROBE_ROOT=${this.#rootOf(host)}; export REQUORUM_PROBE_ROOT\n${ownProcesses}${request.script}`,
    });
  }

  #rootOf(host: HostName): string {
    return join(this.#directory, `machine-${host}`);
  }
}
