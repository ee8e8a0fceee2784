import { modelHost, modelQuorum, type ModelHost, type ModelMember } from "../../model/cluster-model.ts";
import { etcdDataOn } from "../../model/etcd-data.ts";
import type { DataRemedy } from "../../model/etcd-place.ts";
import type { HostName } from "../../model/ids.ts";
import { joinMayTakeSeconds } from "../../model/join-under-way.ts";
import { isAtOrBelow } from "../../model/host-path.ts";
import { valueOf } from "../../model/observation.ts";
import { hasQuorum, quorumSize } from "../../model/quorum.ts";
import type { PlanningSituation } from "../plan-input.ts";
import { signsOfLife } from "../loss-proofs.ts";
import { memberWords } from "../steps/member-verdicts.ts";
import { noLoss, notNeeded, type Candidate } from "./candidate.ts";
import { isEtcdAUnit } from "./etcd-unit.ts";

/**
 * N02, N09: do nothing yet. It is the right thing while a member is silent
 * and nothing proves that it is lost (I-G2).
 */
export function planWait(situation: PlanningSituation): Candidate {
  const { model, lossProofs } = situation;
  const members = model.members ?? model.believedMembers ?? [];
  const silent = members.filter((member) => member.isHealthy !== true && !lossProofs.some((proof) => proof.memberId === member.id));
  const reasons = [...silent.map((member) => silentWords(situation, member)), ...nodesNotReady(situation)];
  if (reasons.length === 0) return notNeeded("wait", "Nothing is missing that could come back by itself.");
  const words = quorumWords(situation);
  return {
    kind: "possible",
    name: "wait",
    steps: [],
    loss: noLossSoFar(situation),
    because: `${words} What is silent may come back and then catches up by itself; nothing proves that it is lost (I-G2).`,
    reasons,
  };
}

function silentWords(situation: PlanningSituation, member: ModelMember): string {
  const who = `Member ${memberWords(member)}`;
  if (member.host === undefined)
    return `${who} does not answer and belongs to no configured host: add its machine to the configuration (roles: [spare]), or look at who registered it.`;
  const host = modelHost(situation.model, member.host);
  const signs = signsOfLife(situation.inventory, member.host);
  const joining = host === undefined || (member.isStarted && !member.isLearner) ? undefined : joiningWords(situation, host);
  if (joining !== undefined) return `${who} does not answer yet: ${joining}`;
  if (host?.isReachable === true) return reachableWords(situation, who, member.host);
  if (signs.length > 0)
    return `${who} is not seen from here, but it is alive: ${signs.slice(0, 3).join("; ")}. Unreachable from one place is not dead.`;
  return (
    `${who} does not answer and ${member.host} cannot be reached by anybody. A machine that is only off comes back with all its data: power it on. ` +
    `If it is gone for good, say so: ${attestCommand(situation, member.host)}`
  );
}

/** A join that is under way there, or was a moment ago; undefined: none that is known of. */
function joiningWords({ inventory }: PlanningSituation, host: ModelHost): string | undefined {
  if (host.join === "running") return `kubeadm runs on ${host.name}. Plan again when it has ended.`;
  if (host.join !== "recent") return undefined;
  const ageSeconds = inventory.hosts.find((facts) => facts.name === host.name)?.kubernetesFilesAgeSeconds ?? 0;
  const [age, limit] = [Math.floor(ageSeconds / 60), joinMayTakeSeconds / 60].map(String);
  const left = Math.ceil((joinMayTakeSeconds - ageSeconds) / 60);
  return `the youngest of Kubernetes' files on ${host.name} is ${age} min old, so a join may be going on. None does for longer than ${limit} min: plan again in ${String(left)} min.`;
}

/** Why nothing is proven though the machine answers, and what the person on call can do about it. */
function reachableWords(situation: PlanningSituation, who: string, host: HostName): string {
  const facts = situation.inventory.hosts.find((candidate) => candidate.name === host);
  const { doubt, remedy, place = "", unlike = [], units = [], on } = etcdDataOn(facts, situation.inventory.hosts);
  const why = doubt === undefined ? "" : `: ${doubt}`;
  const way =
    remedy === "configure"
      ? `Set paths.etcdDataDir to ${place} in the configuration and plan again.${unlike.length === 0 ? "" : ` It is another place on ${unlike.join(", ")}: set it back once ${host} is well.`}`
      : remedyWords(
          situation,
          { host, on: on ?? host, units, place },
          remedy ?? (isFound(situation, host, "N04_DISK") ? "disk" : undefined),
        );
  return `${who} does not answer though ${host} can be reached; its data is not proven lost${why}. ${way}`;
}

/** `on`: the machine that the doubt is about; `units`: what may start etcd there. */
function remedyWords(
  situation: PlanningSituation,
  { host, on, units, place }: { readonly host: HostName; readonly on: HostName; readonly units: readonly string[]; readonly place: string },
  remedy: Exclude<DataRemedy, "configure"> | undefined,
): string {
  const { etcdDataDir, manifestsDir } = situation.inventory.config.paths;
  switch (remedy) {
    case "mount":
      return `Mount it and plan again. If that disk is gone for good: take its line out of /etc/fstab (or disable its unit) on ${host}, run systemctl daemon-reload there, and plan again; or power ${host} off, and say so: ${attestCommand(situation, host)}`;
    case "filesystem":
      return `${filesystemWords(situation, host, place)} If it is gone for good: power ${host} off, and say so: ${attestCommand(situation, host)}`;
    case "disk":
      return `Repair the disk and plan again. If it is gone for good: power ${host} off, and say so: ${attestCommand(situation, host)}`;
    case "tidy":
      return `Look at what that is; if it is not this member's data, move it out of ${etcdDataDir} on ${host} and plan again.`;
    case "ask":
      return `See to it that ${on} can be asked, and plan again.`;
    case "manifest":
      return `Repair that file, or move it out of ${manifestsDir} on ${on} if etcd is not started from it, and plan again.`;
    case "elsewhere":
      // No one path in the configuration shows it, so only a person can look.
      return `Nothing that can be configured shows it: look at it and at etcd's log on ${host}; start etcd there by hand if its data is whole. If it is gone for good: power ${host} off, and say so: ${attestCommand(situation, host)}`;
    case "unsaid":
      // A kubelet that finds the manifest before the data is back makes a new, empty cluster of it.
      return `Find out where etcd on ${host} keeps its data; its manifest, wherever that was moved, says it. If somebody moved the data aside, move that back into ${etcdDataDir} first. Stop the kubelet (systemctl stop kubelet) before the manifest goes back into ${manifestsDir}: it would start etcd with nothing. If the data is in another place, set paths.etcdDataDir to that. Then plan again. If it is gone for good: power ${host} off, and say so: ${attestCommand(situation, host)}`;
    case "service":
      return `Look where ${units.join(", ")} on ${on} keeps its data (systemctl cat ${units.join(" ")}: --data-dir or ETCD_DATA_DIR, as in /etc/etcd.env). If that is another place, set paths.etcdDataDir to it. If that service is not this cluster's etcd, or its data is gone for good: move its unit file out of /etc/systemd/system (where systemctl cat shows it below /usr/lib: systemctl mask), and run systemctl daemon-reload. Then plan again.`;
    case "removed":
      return `Leave etcd on ${on} running: it may hold the only copy of what was removed. Find out on ${on} which directory its process has (/proc/PID/mountinfo and /proc/PID/fd; "deleted" there means removed). If it is another one, set paths.etcdDataDir to that; if it was removed: save a snapshot now (etcdctl snapshot save), and copy what the process still holds open (/proc/PID/fd) before anything stops it. Then plan again.`;
    case undefined:
      if (isAnotherEtcdPossible(situation, host))
        return `An etcd runs on ${host} and is not this member, or does not answer as it. If it is the member, it may hold the removed data open: leave it running, and look at its log and at /proc/PID/fd. If it is another one (for events, or a proxy): stop it and plan again.`;
      if (hasLostManifest(situation, host))
        return `There is no etcd.yaml in ${manifestsDir} on ${host}, so its kubelet starts no etcd: that does not come back by itself. Put the file back there (whoever moved it away has it; nothing else of etcd is missing), ${modelHost(situation.model, host)?.services?.kubelet === "stopped" ? "and plan again" : "and etcd starts with its data"}.`;
      return mayBeGivenUp(situation, host)
        ? `Look at etcd's log there. If it can never start from that data again: move ${manifestsDir}/etcd.yaml and then ${etcdDataDir} aside on ${host} (keep both), and plan again.`
        : "Look at etcd's log there.";
  }
}

/** `before`: where the filesystem of etcd's data was mounted at the last good look. */
function filesystemWords({ inventory }: PlanningSituation, host: HostName, before: string): string {
  const { etcdDataDir } = inventory.config.paths;
  const facts = inventory.hosts.find(({ name }) => name === host);
  const dir = facts === undefined ? undefined : valueOf(facts.etcdDataDir);
  const moved =
    dir?.hasWal === true && dir.hasBackend && dir.isNewborn !== true
      ? ` If the data was moved there on purpose: systemctl start kubelet on ${host}.`
      : "";
  if (dir?.mountPoint === undefined) return `Look on which filesystem ${etcdDataDir} is on ${host} (findmnt -T ${etcdDataDir}).${moved}`;
  if (isAtOrBelow(dir.mountPoint, before))
    return `Something is mounted over it at ${dir.mountPoint} on ${host}: look what it is, unmount it if the data is below, and plan again.${moved}`;
  // An empty filesystem at the old place says that the one before is given up.
  const anew =
    before === etcdDataDir ? ` (mkdir -p ${before} && mount --bind ${before} ${before} is enough where what lies there is empty)` : "";
  return `Mount that one again at ${before} on ${host} and plan again; where its disk is gone for good, mount a new, empty one there${anew} and plan again.${moved}`;
}

/** Nothing is where the data was, and yet a process of that name runs. */
function isAnotherEtcdPossible({ model }: PlanningSituation, name: HostName): boolean {
  const host = modelHost(model, name);
  return host?.etcdProcess === "running" && host.hasStartableEtcdData === false;
}

/** The data is whole and nothing starts etcd on it. */
function hasLostManifest({ model, inventory }: PlanningSituation, name: HostName): boolean {
  const host = modelHost(model, name);
  return (
    inventory.config.etcdTopology === "stacked" &&
    host?.hasEtcdManifest === false &&
    host.hasStartableEtcdData === true &&
    !isEtcdAUnit(inventory, model, host)
  );
}

/** Without a majority every copy may be the one that is needed; and a full filesystem is emptied, not given up. */
function mayBeGivenUp(situation: PlanningSituation, host: HostName): boolean {
  const state = modelQuorum(situation.model);
  return state !== undefined && hasQuorum(state) && isFound(situation, host, "E22_") && !isFound(situation, host, "N06_");
}

function isFound({ diagnosis }: PlanningSituation, host: HostName, code: string): boolean {
  return diagnosis.findings.some((finding) => finding.host === host && finding.code.startsWith(code));
}

function attestCommand({ goal }: PlanningSituation, host: HostName): string {
  const other = goal.kind === "replace" && goal.with !== undefined ? goal.with : "HOST";
  return `requorum plan replace ${host} --with ${other} --attest-lost ${host}='what was seen'`;
}

function nodesNotReady(situation: PlanningSituation): readonly string[] {
  const members = (situation.model.members ?? []).filter((member) => member.isHealthy === true);
  const notReady = (situation.model.nodes ?? [])
    .filter((node) => node.isReady === false && members.some((member) => member.name === node.name))
    .map((node) => `Node ${node.name} is not Ready, though its etcd member is well: wait for its kubelet, or look at its log.`);
  // K10 names the member only where there is no Node.
  const notRegistered = situation.diagnosis.findings
    .filter(({ code, host, memberId }) => code === "K10_NODE_NOT_READY" && host !== undefined && memberId !== undefined)
    .map(
      ({ host }) =>
        `Node ${String(host)} is not registered, though its etcd member is well: wait for its kubelet, or restart that, for it registers when it starts.`,
    );
  return [...notReady, ...notRegistered];
}

function quorumWords({ model }: PlanningSituation): string {
  const state = modelQuorum(model);
  if (state === undefined) return "etcd has no quorum now, and as far as is known a majority can come back.";
  const tolerance = hasQuorum(state) ? `${String(state.faultTolerance)} more may fail` : "writes stop";
  return `Quorum is kept (${String(state.healthy)} of ${String(state.voters)} voters healthy, ${String(state.needed)} needed, ${tolerance}).`;
}

function noLossSoFar({ model }: PlanningSituation): typeof noLoss {
  if (model.members !== undefined) return noLoss;
  const voters = (model.believedMembers ?? []).filter((member) => !member.isLearner).length;
  return {
    ...noLoss,
    words: `Nothing is lost if ${String(quorumSize(voters))} of ${String(voters)} voters come back with their data; until then nothing can be written.`,
  };
}
