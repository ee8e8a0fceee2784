/**
 * The cluster of replace-world.ts with only the data of cp2 gone: its kubelet
 * and manifest are there, so the plan stops etcd there first. Somebody may put
 * the disk back (`heal`), at any time.
 */
import { asHostName, type HostName } from "../../src/model/ids.ts";
import { consentOf, type Consent, type RecoveryPlan } from "../../src/model/plan.ts";
import { healthyKubeadm3 } from "../support/inventory-builder.ts";
import { planned } from "../support/planned.ts";
import { ReplaceWorld } from "./replace-world.ts";

export const healPlan: RecoveryPlan = planned(healthyKubeadm3().etcdDataLost("cp2").build());
const target = asHostName("cp2");
const newbornHead = "BAAAAAAAAIQIBBAAAAAAAB4AAAAAAACCCAEQ+dnQrAsaFAiri8fC5dv4pWoQ+aj46oi9nvtKAAAOAAAAAAAAgggFEKqcjbgCGgQIABAAAAA=";

export class HealWorld extends ReplaceWorld {
  hasData = false;
  /** With hasData: it is only what the kubelet's etcd began in the emptied dir, as etcd 3.6 writes it. */
  isNewborn = false;
  hasManifest = true;
  hasState = true;
  /** What was done to cp2, in order. */
  readonly done: string[] = [];

  constructor() {
    super();
    const member = this.etcd.memberOn(target).id;
    this.machines.onScript({ reason: `stop etcd of member ${member}` }, () => {
      this.done.push(`etcd stopped (it was ${this.etcd.memberOn(target).process})`);
      this.hasManifest = false;
      this.etcd.setProcess(target, "stopped");
      this.kube.server(target).process = "stopped";
      return {};
    });
    this.machines.onScript({ reason: "move the state of a former life aside" }, () => {
      this.done.push(`state moved aside ${this.hasData ? "with data" : "without data"}`);
      this.hasState = this.hasManifest = this.hasData = false;
      return {};
    });
  }

  /** The disk and the manifest are put back; etcd there runs and serves, or is still starting. */
  heal(etcd: "serving" | "starting"): void {
    this.hasData = this.hasManifest = true;
    this.etcd.memberOn(target).isInSync = true;
    this.etcd.setProcess(target, etcd === "serving" ? "running" : "frozen");
  }

  override consent(): Consent {
    return consentOf({ digest: healPlan.digest, by: "someone", how: "typed-cluster-name", at: this.clock.nowIso() });
  }

  protected override isJoined(): boolean {
    return this.joinEnds.size > 0;
  }

  protected override hostLook(host: HostName): string {
    const isWhole = host !== target || this.isJoined();
    const word = (has: boolean) => (isWhole || has ? "1" : "0");
    const runsEtcd =
      isWhole || (this.hasManifest && this.etcd.members.some((member) => member.host === target && member.process !== "stopped"));
    return [
      `machine-id id-of-${host}`,
      ...["containerd", "haproxy", "keepalived"].map((unit) => `unit ${unit} loaded active `),
      `unit kubelet loaded ${isWhole || this.hasState ? "active" : "inactive"} `,
      "unit etcd not-found inactive ",
      "processes-listed",
      ...(runsEtcd ? ["process etcd Ssl", "process kube-apiserver Ssl"] : []),
      ...["adminConf", "superAdminConf", "kubeletConf", "apiServerManifest", "clusterCa"].map(
        (name) => `file ${name} ${word(this.hasState)}`,
      ),
      `file etcdManifest ${word(this.hasManifest)}`,
      ...(word(this.hasData) === "1" ? ["exists=1", "empty=0", "files=1", "wal=1", "backend=1"] : ["exists=0"]).map(
        (fact) => `data-dir ${fact}`,
      ),
      ...(!isWhole && this.hasData && this.isNewborn ? [`data-dir newborn=${newbornHead}`] : []),
      "end",
      "",
    ].join("\n");
  }
}
