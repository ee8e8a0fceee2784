/**
 * A kubeadm cluster in memory with cp2 freshly reinstalled, behind fake ports:
 * the real planner, specs, handlers and executor work on it. It counts what
 * was changed. The machines' scripts are answered by what they are for.
 */
import { createHash } from "node:crypto";
import type { RunContext } from "../../src/execute/executor/run-context.ts";
import { stepHandlers } from "../../src/execute/handlers/step-handlers.ts";
import { asHostName, asRunId, type HostName } from "../../src/model/ids.ts";
import { consentOf, type Consent, type RecoveryPlan } from "../../src/model/plan.ts";
import { stepSpecs } from "../../src/plan/steps/step-specs.ts";
import type { RemoteRequest } from "../../src/ports/host-access.ts";
import { parseJournalLine } from "../../src/schemas/journal-line.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeEtcdCluster } from "../support/fake-etcd.ts";
import { FakeHostAccess, type ScriptedOutcome } from "../support/fake-host-access.ts";
import { FakeKubernetes } from "../support/fake-kube-api.ts";
import { FakeRunStore } from "../support/fake-run-store.ts";
import { healthyKubeadm3 } from "../support/inventory-builder.ts";
import { planned } from "../support/planned.ts";
import { Killed } from "./crash-world.ts";

const inventory = healthyKubeadm3().freshMachine("cp2").build();
export const plan: RecoveryPlan = planned(inventory);
const hosts = inventory.config.hosts.map((host) => host.name);
const target = asHostName("cp2");
const manifestImages = ["registry.invalid/etcd:3.6.16-0", "registry.invalid/kube-apiserver:v1.34.4"];
/** A join takes so long on the world's clock. */
const joinMs = 20_000;
export const plantedKey = "requorum-planted-secret";

export class ReplaceWorld {
  readonly run = asRunId("20261121-030000-abcd");
  readonly clock = new WorldClock(() => this.onTime());
  readonly etcd = new FakeEtcdCluster({ hosts, addresses: inventory.config.hosts.map((host) => host.address) });
  readonly kube = new FakeKubernetes({ hosts });
  readonly machines = new FakeHostAccess();
  readonly runs = new FakeRunStore();
  readonly markers = new Map<HostName, string>();
  /** What a neighbour meets at ADDRESS/PORT. */
  reachOutcome: (at: string) => string = () => "silent";
  joinsStarted = 0;
  certificateUploads = 0;
  /** kubeadm ends with this instead of joining. */
  joinFailsWith: string | undefined;
  join: { readonly unit: string; readonly endsAtMs: number } | undefined;
  readonly joinEnds = new Map<string, string>();
  killAt: { readonly append: number; readonly when: "before" | "after" } | undefined;
  appends = 0;
  isDead = false;

  constructor() {
    this.takePlannedIds();
    for (let index = 0; index < 50; index++) this.etcd.put(`/registry/configmaps/default/object-${String(index)}`, plantedKey);
    while (this.etcd.store.revision < plan.fingerprint.revisionAtLeast) this.etcd.store.revision += 1000n;
    this.etcd.setProcess(target, "stopped");
    this.etcd.memberOn(target).isInSync = false;
    this.kube.server(target).process = "stopped";
    for (const node of plan.start.nodes ?? [])
      this.kube.addNode({ name: node.name, address: node.internalIp, machineId: node.machineId, isReady: node.isReady === true });
    this.takePlannedUids();
    this.writeEndpoints(["cp1", "cp3"]);
    this.answerScripts();
    for (const host of hosts)
      this.machines.setFile(host, "/etc/kubernetes/pki/ca.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    this.kube.effects.length = 0;
  }

  consent(): Consent {
    return consentOf({ digest: plan.digest, by: "someone", how: "typed-cluster-name", at: this.clock.nowIso() });
  }

  /** A new process on the same disk, cluster and machines. */
  revive(): void {
    this.isDead = false;
    this.killAt = undefined;
  }

  async lines(): Promise<readonly string[]> {
    return (await this.runs.readJournal(this.run)).lines;
  }

  /** Changes of the cluster that must happen once, in order. */
  effects(): readonly string[] {
    const objects = this.kube.effects.filter((effect) => effect.includes("/nodes/"));
    return [...this.etcd.effects.filter((effect) => effect.startsWith("memberRemove")), ...objects, `joins ${String(this.joinsStarted)}`];
  }

  context(): RunContext {
    const alive = <T>(call: () => T): T => {
      if (this.isDead) throw new Killed("the program is dead");
      return call();
    };
    const { machines, runs, clock } = this;
    return {
      config: inventory.config,
      ports: {
        hostAccess: {
          run: async (host, request) => alive(() => machines.run(host, request)),
          ping: async (host) => alive(() => machines.ping(host)),
          readFile: async (host, path, options) => alive(() => machines.readFile(host, path, options)),
          readFirst: async (host, wish) => alive(() => machines.readFirst(host, wish)),
          upload: async (host, file) => alive(() => machines.upload(host, file)),
          forward: async (host, to) => alive(() => machines.forward(host, to)),
          close: () => Promise.resolve(),
        },
        etcd: { dial: async (host, call) => alive(() => this.etcd.dialer().dial(host, call)), close: () => Promise.resolve() },
        kube: { dial: async (host, options) => alive(() => this.kube.dialer().dial(host, options)), close: () => Promise.resolve() },
        runs: Object.assign(Object.create(runs) as FakeRunStore, {
          appendJournal: async (run: typeof this.run, line: string) => {
            await this.append(run, line);
          },
          writeArtifact: async (run: typeof this.run, name: string) => alive(() => runs.writeArtifact(run, name)),
          readArtifact: (run: typeof this.run, name: string) => runs.readArtifact(run, name),
          statArtifact: (run: typeof this.run, name: string) => runs.statArtifact(run, name),
          openArtifact: (run: typeof this.run, name: string) => runs.openArtifact(run, name),
          readJournal: (run: typeof this.run) => runs.readJournal(run),
        }),
        clock: {
          nowIso: () => clock.nowIso(),
          nowMs: () => clock.nowMs(),
          monotonicMs: () => clock.monotonicMs(),
          sleep: async (durationMs, signal) => {
            alive(() => undefined);
            await clock.sleep(durationMs, signal);
          },
        },
        hashing: {
          sha256Hex,
          randomHex: (count) => "ab".repeat(count),
          startSha256: () => {
            const hash = createHash("sha256");
            return { update: (data) => void hash.update(data), digestHex: () => hash.digest("hex") };
          },
        },
      },
      localLock: { acquire: () => Promise.resolve({ release: () => Promise.resolve() }) },
      journal: { readLine: parseJournalLine, sha256Hex },
      operator: { by: "someone", host: "laptop" },
      program: "requorum test",
      specs: stepSpecs,
      handlers: stepHandlers,
    };
  }

  private async append(run: typeof this.run, line: string): Promise<void> {
    if (this.isDead) throw new Killed("the program is dead");
    const isHit = this.killAt?.append === this.appends++;
    if (isHit && this.killAt?.when === "before") this.die();
    await this.runs.appendJournal(run, line);
    if (isHit) this.die();
  }

  private die(): never {
    this.isDead = true;
    throw new Killed("kill -9");
  }

  /** The fake cluster gets the ids that the plan was made with. */
  private takePlannedIds(): void {
    Object.assign(this.etcd, { clusterId: plan.fingerprint.clusterId });
    for (const member of this.etcd.members) {
      const known = plan.fingerprint.members.find((candidate) => candidate.name === member.name);
      if (this.etcd.leaderId === member.id && known !== undefined) this.etcd.leaderId = known.id;
      Object.assign(member, { id: known?.id, peerUrls: known?.peerUrls });
    }
  }

  private takePlannedUids(): void {
    for (const node of plan.start.nodes ?? []) {
      const object = this.kube.store.at(`/api/v1/nodes/${node.name}`);
      if (object !== undefined && node.uid !== undefined) Object.assign(object.metadata, { uid: node.uid });
    }
  }

  private writeEndpoints(names: readonly string[]): void {
    this.kube.setKubernetesEndpoints(inventory.config.hosts.filter((host) => names.includes(host.name)).map((host) => host.address));
    for (const name of ["kube-controller-manager", "kube-scheduler"]) {
      this.kube.store.put(`/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/${name}`, {
        kind: "Lease",
        metadata: { name },
        spec: { renewTime: this.clock.nowIso() },
      });
    }
  }

  private onTime(): void {
    if (this.join !== undefined && this.clock.nowMs() >= this.join.endsAtMs) this.endJoin(this.join.unit);
    this.writeEndpoints(this.kube.server(target).process === "running" ? ["cp1", "cp2", "cp3"] : ["cp1", "cp3"]);
  }

  private endJoin(unit: string): void {
    this.join = undefined;
    this.joinEnds.set(unit, this.joinFailsWith === undefined ? "0" : "1");
    if (this.joinFailsWith !== undefined) return;
    const config = inventory.config.hosts.find((host) => host.name === target);
    this.etcd.addMember({ host: target, peerUrl: `https://${config?.address ?? ""}:2380`, isLearner: true });
    this.etcd.startMember(target);
    this.etcd.promoteMember(this.etcd.memberOn(target).id);
    this.kube.server(target).process = "running";
    this.kube.addNode({ name: target, address: config?.address ?? "", isReady: true });
  }

  protected isJoined(): boolean {
    return this.kube.server(target).process === "running";
  }

  private answerScripts(): void {
    const on = (reason: string, answer: (request: RemoteRequest, host: HostName) => ScriptedOutcome) => {
      this.machines.onScript({ reason }, answer);
    };
    on("lock the cluster for this run", (request, host) => this.marker(request, host));
    on("look who holds the lock", (_request, host) => ({ stdout: this.markers.get(host) ?? "" }));
    on("release the run's lock", (_request, host) => {
      this.markers.delete(host);
      return { stdout: "released\n" };
    });
    on("look at the machine", (_request, host) => ({ stdout: this.hostLook(host) }));
    on("check that the machine is prepared", (request, host) => ({ stdout: this.preparation(host, request.args?.[0] === "target") }));
    on("upload the control plane's certificates for the join", () => {
      this.certificateUploads++;
      this.kube.addSecret("kube-system", "kubeadm-certs", { data: { "ca.key": "encrypted" } });
      return {};
    });
    on("look whether a machine said to be lost is silent", (request) => ({
      stdout: `${(request.args ?? [])
        .slice(1)
        .map((at) => `reach ${at} ${this.reachOutcome(at)}`)
        .join("\n")}\nend\n`,
    }));
    on("look for a join under way", () => ({ stdout: this.join === undefined ? "" : `${this.join.unit}\n` }));
    on("read how this cluster registers its nodes", () => ({
      stdout: "kubeadm v1.34.4\nnode-ip 1\nsocket unix:///run/containerd/containerd.sock\n",
    }));
    on("look into the etcd data dir", () => ({ stdout: "empty\n" }));
    on("start kubeadm join", (request) => {
      this.joinsStarted++;
      this.join = { unit: request.args?.[0] ?? "", endsAtMs: this.clock.nowMs() + joinMs };
      return { stdout: "started\n" };
    });
    on("look at kubeadm join", (request) => ({ stdout: this.joinState(request.args?.[0] ?? "") }));
    on("look at the address and etcd's flags", (_request, host) => ({ stdout: host === "cp1" ? "vip\nguarded\nend\n" : "guarded\nend\n" }));
    on("write through the control-plane endpoint", () => ({ stdout: "requorum" }));
  }

  private joinState(unit: string): string {
    const code = this.joinEnds.get(unit);
    const token = "abcdef.0123456789abcdef";
    if (code !== undefined) return `ended ${code}\n[join] the token was ${token}\nerror: ${this.joinFailsWith ?? ""}\n`;
    return this.join?.unit === unit ? `running\n[preflight] using ${token}\n` : "none\n";
  }

  private marker(request: RemoteRequest, host: HostName): ScriptedOutcome {
    const [text = "", replaces = ""] = request.args ?? [];
    const held = this.markers.get(host);
    if (held !== undefined && held !== replaces) return { stdout: `held\n${held}\n` };
    this.markers.set(host, text);
    return { stdout: "acquired\n" };
  }

  protected hostLook(host: HostName): string {
    const has = host !== target || this.isJoined() ? "1" : "0";
    const files = ["adminConf", "superAdminConf", "kubeletConf", "etcdManifest", "apiServerManifest", "clusterCa"].map(
      (name) => `file ${name} ${has}`,
    );
    const units = ["kubelet", "containerd", "haproxy", "keepalived"].map((unit) => `unit ${unit} loaded active `);
    const processes = has === "1" ? ["process etcd Ssl", "process kube-apiserver Ssl"] : [];
    return [
      `machine-id id-of-${host}`,
      ...units,
      "unit etcd not-found inactive ",
      "processes-listed",
      ...processes,
      ...files,
      ...(has === "1" ? ["exists=1", "empty=0", "files=1", "wal=1", "backend=1"] : ["exists=0"]).map((fact) => `data-dir ${fact}`),
      "end",
      "",
    ].join("\n");
  }

  private preparation(host: HostName, isTarget: boolean): string {
    const common = [
      `clock ${String(this.clock.nowMs())}`,
      "version kubeadm v1.34.4",
      "version kubelet v1.34.4",
      "runtime active",
      "swap 0",
      "images-listed",
      ...manifestImages.map((image) => `image ${image}`),
    ];
    if (!isTarget) return [...common, ...manifestImages.map((image) => `needs ${image}`), "end"].join("\n");
    const joined = host === target && this.isJoined() ? ["port 6443", "leftover /etc/kubernetes/admin.conf"] : [];
    return [...common, "ports-listed", "free 9000 /var/lib/etcd", ...joined, "endpoint 200", "end"].join("\n");
  }
}

class WorldClock extends FakeClock {
  readonly #onTime: () => void;

  constructor(onTime: () => void) {
    super("2026-11-21T03:00:05.000Z");
    this.#onTime = onTime;
  }

  override async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    await super.sleep(durationMs, signal);
    this.#onTime();
  }
}

function sha256Hex(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
