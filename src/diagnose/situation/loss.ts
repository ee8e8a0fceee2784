import type { Evidence, ObservedLossKind } from "../../model/finding.ts";
import type { MemberFacts } from "../../model/inventory.ts";
import { valueOf } from "../../model/observation.ts";
import { hostOfUrl } from "./addresses.ts";
import { evidenceOf, type HostView } from "./host-view.ts";
import { membersOnHost, type MemberView, type Situation } from "./situation.ts";

/** The data of the member that belongs on this machine is observed to be gone, and no etcd holds it open. */
export interface ObservedLoss {
  readonly kind: ObservedLossKind;
  readonly evidence: readonly Evidence[];
}

/**
 * undefined: not proven. A running etcd may still hold deleted files open, so
 * the dir alone is no proof; the process list must have been seen, too.
 */
export function observedLoss(host: HostView): ObservedLoss | undefined {
  if (host.data !== "lost" || host.etcd !== "stopped") return undefined;
  const evidence = [dataEvidence(host), evidenceOf("no etcd process", host.facts.processes)];
  if (host.machine !== "replaced") return { kind: "observed-data-lost", evidence };
  return { kind: "observed-fresh-machine", evidence: [machineEvidence(host), ...evidence] };
}

/**
 * The loss of this member: its machine was looked at, and it is the machine
 * with the member's peer address. A machine that only carries the name says
 * nothing about the one that had the data (I-G2).
 */
export function observedLossOf(view: { readonly host: HostView | undefined; readonly member: MemberFacts }): ObservedLoss | undefined {
  return view.host !== undefined && hasPeerAddress(view.host, view.member) ? observedLoss(view.host) : undefined;
}

/** Addresses of today: as configured, or as seen on the machine; a remembered one does not count. */
export function hasPeerAddress(host: HostView, member: MemberFacts): boolean {
  const machine = valueOf(host.facts.machine);
  const own = [host.config.address, host.name as string, ...(machine === undefined ? [] : [machine.hostname, ...machine.addresses])];
  return member.peerUrls.some((url) => own.includes(hostOfUrl(url)));
}

export function dataEvidence(host: HostView): Evidence {
  const dir = valueOf(host.facts.etcdDataDir);
  const path = dir?.path ?? "the data dir";
  const what =
    dir === undefined
      ? `${path} was not seen`
      : dir.readError !== undefined
        ? `${path} could not be read: ${dir.readError}`
        : !dir.exists
          ? `${path} does not exist`
          : dir.isEmpty
            ? `${path} is empty`
            : dir.isNewborn === true
              ? `${path} has a WAL without any entry: etcd was started there after the data was gone`
              : dir.hasWal && dir.hasBackend
                ? `${path} has WAL and backend`
                : `${path} has ${dir.hasWal ? "a WAL" : "no WAL"} and ${dir.hasBackend ? "a backend" : "no backend"}`;
  return evidenceOf(what, host.facts.etcdDataDir);
}

export function machineEvidence(host: HostView): Evidence {
  const id = valueOf(host.facts.machine)?.machineId ?? "unknown";
  const words = {
    same: "is the one that was known",
    replaced: "is not the one that was known",
    unknown: "cannot be compared with an earlier one",
  };
  return evidenceOf(`machine id ${id} ${words[host.machine]}`, host.facts.machine);
}

/** Did this machine's own Kubernetes state go together with its data? */
export function isEmptied(host: HostView): boolean {
  return host.hasKubernetesState === false;
}

/** Members whose loss was observed, with the proof. */
export function lostMembers(
  situation: Situation,
): readonly { readonly view: MemberView; readonly host: HostView; readonly loss: ObservedLoss }[] {
  return (situation.members ?? []).flatMap((view) => {
    // An unstarted or learner entry has rules of its own.
    if (view.host === undefined || !view.isStarted || view.health === "serving") return [];
    const loss = observedLossOf(view);
    return loss === undefined ? [] : [{ view, host: view.host, loss }];
  });
}

/**
 * An etcd machine without a member in an agreed list. undefined-safe: without
 * an agreed list nothing is said.
 */
export function isWithoutMember(situation: Situation, host: HostView): boolean {
  return situation.cluster.list?.isLinearizable === true && membersOnHost(situation, host)?.length === 0;
}

/** Fewer voters than configured etcd machines: then a join is owed. */
export function isShortOfVoters(situation: Situation): boolean {
  return situation.quorum.voters.length < situation.hosts.filter((host) => host.shouldRunEtcd).length;
}

/** A join will be needed: something is lost for good, or a machine is not in the cluster. */
export function isJoinComing(situation: Situation): boolean {
  if (lostMembers(situation).length > 0) return true;
  return isShortOfVoters(situation) && situation.hosts.some((host) => host.shouldRunEtcd && isWithoutMember(situation, host));
}

/** Machines that run an API server by their role, or because a member lives there (a spare that became a replacement). */
export function apiServerHosts(situation: Situation): readonly HostView[] {
  const isStacked = situation.inventory.config.etcdTopology === "stacked";
  return situation.hosts.filter((host) => host.shouldRunApiServer || (isStacked && (membersOnHost(situation, host)?.length ?? 0) > 0));
}

/**
 * Does an address, found in some record, belong to a control-plane machine of
 * the cluster? silent: to one that answers nobody now; gone: to none, or to
 * one whose loss was observed; unknown: it cannot be said.
 */
export function addressStanding(situation: Situation, address: string): "belongs" | "silent" | "gone" | "unknown" {
  const host = situation.hosts.find((candidate) => candidate.addresses.includes(address) || (candidate.name as string) === address);
  if (host === undefined) return situation.members === undefined ? "unknown" : "gone";
  if (observedLoss(host) !== undefined && host.shouldRunEtcd) return "gone";
  const isStacked = situation.inventory.config.etcdTopology === "stacked";
  if (isStacked && isWithoutMember(situation, host)) return "gone";
  if (!apiServerHosts(situation).includes(host)) return situation.members === undefined ? "unknown" : "gone";
  switch (host.presence.kind) {
    case "reached":
      return "belongs";
    case "silent":
      return "silent";
    case "alive":
    case "unseen":
      return "unknown";
  }
}
