import type { FindingEntry } from "../finding-entry.ts";

/** Who counts, who answers, who is gone. (N01, N02, E01, E02, E05, E22, E26, E38, A02) */
export const quorumFindings = {
  N01_MEMBER_LOST_QUORUM_KEPT: {
    catalogueId: "N01",
    title: "A control-plane machine is gone for good; the others keep quorum",
    meaning:
      "The machine was replaced or wiped: the data of its etcd member does not exist any more, while etcd still counts the member as a voter.",
    tellApart:
      "Silence alone is N02. Proof is a fresh machine seen in its place, a data dir observed to be gone, or an operator's attestation.",
    doNext: [
      "requorum plan: it takes a verified snapshot, removes the dead member by id, cleans up what names it, and joins the machine again as a learner first.",
      "Do it soon: with three members the next failure stops the cluster.",
    ],
    never: [
      "Add the replacement before the dead member is removed.",
      "Restore a snapshot or force a new cluster.",
      "Delete the Node object and believe that the etcd member went with it.",
    ],
    probes: ["PB1", "PB3", "PB4", "PB7"],
  },
  N01_HOST_NOT_JOINED: {
    catalogueId: "N01",
    title: "A configured control-plane machine is not part of the cluster",
    meaning:
      "It has no etcd member. Either its dead member was removed already and the replacement has not joined, or the configuration names a machine that left.",
    tellApart: "A machine with old data whose member was removed is E04.",
    doNext: ["requorum plan: joins it when it is reachable and empty.", "Take it out of requorum.yaml when it shall not come back."],
    never: ["Join it by hand with the old data still in place."],
    probes: ["PB4", "PB7"],
  },
  N01_HOST_KEY_CHANGED: {
    catalogueId: "N01",
    title: "Another SSH host key answers at the machine's address",
    meaning: "The machine was rebuilt, its address was given to another one, or somebody stands in between. Nothing was read from it.",
    tellApart: "Compare the new key's fingerprint with what the machine's console shows.",
    doNext: [
      "Verify the fingerprint on the console.",
      "Only then forget the old key (ssh-keygen -R) and record the new one (ssh-keyscan), and look again.",
    ],
    never: ["Switch host-key checking off.", "Count the member as lost because of the key alone."],
    probes: ["PB1"],
  },
  N02_NODE_DOWN_TEMPORARILY: {
    catalogueId: "N02",
    title: "A machine does not answer anybody; it may come back",
    meaning:
      "No observer gets an answer on any port. Whether it reboots, lost power or is destroyed cannot be seen from here. Its member, if it has one, replays its log and catches up when it returns.",
    tellApart: "Power state at the hypervisor or management controller, planned work, or the operator's knowledge. etcd cannot tell.",
    doNext: ["Wait, or start the machine.", "If it is known to be destroyed, say so (attest it) and plan again."],
    never: ["Remove the member early: when it returns it must be emptied and joined anew.", "Take silence for death."],
    probes: ["PB1", "PB2"],
  },
  N11_PEER_ADDRESS_NOT_ON_MACHINE: {
    catalogueId: "N11",
    title: "A member's peer address is not an address of its machine",
    meaning:
      "Either the machine's address changed, or another machine carries the old one's name. In the second case what is seen here says nothing about the old machine, which may be alive elsewhere.",
    tellApart:
      "The machine id: the same machine with another address, or another machine. A dead old machine must be attested, it cannot be concluded from the new one.",
    doNext: [
      "Same machine: with quorum, new certificates with the new address, then change the member's peer address, one machine at a time.",
      "Another machine: have the loss of the old one attested, then plan the replacement.",
    ],
    never: [
      "Count the old member as lost because the new machine is empty.",
      "Change the peer address of a learner on an etcd older than 3.5.31 or 3.6.12: it becomes a voter.",
    ],
    probes: ["PB4", "PB10"],
  },
  E01_QUORUM_LOST_PERMANENTLY: {
    catalogueId: "E01",
    title: "Quorum is lost and cannot come back: too many members lost their data",
    meaning:
      "Fewer voters than a majority still have data. etcd cannot elect a leader again; the cluster must be restored from the best survivor or from a backup.",
    tellApart: "If a majority of data dirs exists, it is E02: starting the stopped members loses nothing.",
    doNext: [
      "Change nothing on the survivors; copy their data away.",
      "Fence every old member.",
      "Restore from the survivor with the highest term and index into a new cluster with a new token.",
    ],
    never: ["Force a new cluster on more than one machine.", "Leave the other members able to start."],
    probes: ["PB2", "PB3", "PB4", "PB7"],
  },
  E02_QUORUM_LOST_MAJORITY_CAN_RETURN: {
    catalogueId: "E02",
    title: "Quorum is lost, but a majority of members with intact data can be started",
    meaning: "The data is there on enough machines. Once those members run, etcd elects a leader by itself and nothing is lost.",
    tellApart: "The data dirs were seen with WAL and backend on at least a majority of the voters.",
    doNext: ["requorum plan: starts what is stopped and waits for a leader."],
    never: ["Restore from a backup: it turns an outage without loss into data loss.", "Remove members."],
    probes: ["PB2", "PB3", "PB7", "PB9"],
  },
  E02_MEMBER_STOPPED: {
    catalogueId: "E02",
    title: "An etcd member is merely stopped; its data is intact",
    meaning:
      "Something keeps it from running: its manifest is not in place, kubelet, container runtime or the etcd service is stopped, or the process is frozen.",
    tellApart: "A member whose data is gone (E05) or which was removed (E04) must not simply be started.",
    doNext: ["requorum plan: starts exactly what is stopped.", "Find out who stopped it."],
    never: ["Remove the member or empty its data dir."],
    probes: ["PB2", "PB7", "PB9"],
  },
  E02_MEMBER_DOWN_CAUSE_NOT_SEEN: {
    catalogueId: "E02",
    title: "An etcd member does not serve, and why could not be seen",
    meaning:
      "Its process is missing, frozen or silent, but its data, its manifest or its services were not observed. Whether it is merely stopped or lost its data is open.",
    tellApart: "The data dir decides: intact means start it, gone means replace the member.",
    doNext: ["Make the missing observations possible (SSH, sudo rights) and look again."],
    never: ["Choose between starting and replacing without having seen the data dir."],
    probes: ["PB2", "PB7", "PB9"],
  },
  E02_SERVICE_STOPPED: {
    catalogueId: "E02",
    title: "A service that static pods depend on is stopped",
    meaning: "Containers that run go on running, but nothing restarts them: the next crash or reboot is an outage of this machine.",
    tellApart: "The kubelet's own log says why it stopped; an expired kubelet certificate is P02.",
    doNext: ["Start the service; enable it if it is not."],
    never: ["Reboot the machine to get it back without looking why it stopped."],
    probes: ["PB7", "PB9"],
  },
  E05_DATA_DIR_LOST_MEMBER_REGISTERED: {
    catalogueId: "E05",
    title: "The data of a registered etcd member is gone",
    meaning:
      "etcd still counts the member, but what it had promised to remember does not exist. Started as it is, it panics or begins a cluster of its own.",
    tellApart:
      "The data dir was looked at and is missing, empty, or holds only a log without any entry, which etcd begins there at its next start; on the machine that was there before. Another machine in its place is N01.",
    doNext: [
      "With quorum: remove that id, keep the dir empty, join again (requorum plan).",
      "Without quorum: recover from another member.",
    ],
    never: [
      "Restore a snapshot into this machine alone: it makes a foreign one-member cluster.",
      "Let the kubelet restart it in a loop.",
      "Start it while its manifest allows a new cluster.",
    ],
    probes: ["PB4", "PB7"],
  },
  A02_RESET_LEFT_MEMBER: {
    catalogueId: "A02",
    title: "A kubeadm reset emptied the machine but left its etcd member registered",
    meaning:
      "`kubeadm reset` deletes the local data even when it cannot remove the member. For the others this is a voter that never answers again.",
    tellApart: "The same machine (same machine id), no Kubernetes files, no etcd data. A rebuilt machine has another machine id.",
    doNext: ["Remove the member by id from a survivor and join again (requorum plan)."],
    never: ["Run kubeadm join before the stale member is removed."],
    probes: ["PB4", "PB7", "PB12"],
  },
  E22_ETCD_DOES_NOT_STAY_UP: {
    catalogueId: "E22",
    title: "etcd does not run although everything it needs is in place",
    meaning:
      "Data, manifest and services are there, yet no etcd answers. Typical causes: damaged backend or WAL, refused by peers, a port taken by another process, a bad certificate.",
    tellApart: "The container's last log lines name the cause; a check of a copy of the backend file tells damage from configuration.",
    doNext: [
      "Read the last lines of the etcd container's log.",
      "Check a copy of the backend file.",
      "With quorum kept, a member with damaged data is replaced, not repaired.",
    ],
    never: ["Delete WAL or snapshot files to make it start.", "Move `member/` away on a kubeadm machine and let it restart."],
    probes: ["PB2", "PB7", "PB8", "PB9"],
  },
  E26_MEMBER_WITHOUT_HOST: {
    catalogueId: "E26",
    title: "A registered member belongs to no configured machine",
    meaning:
      "It counts as a voter. It may be a zombie from an old upgrade or restore, a machine missing in requorum.yaml, or a machine whose address changed.",
    tellApart: "Ask whether any machine has its peer address; compare the member lists of all members.",
    doNext: ["Add the machine to requorum.yaml if it exists.", "Otherwise have its absence attested before it is removed by id."],
    never: ["Ignore it in quorum arithmetic."],
    probes: ["PB4"],
  },
  E26_MEMBER_LISTS_DIFFER: {
    catalogueId: "E26",
    title: "Members of one cluster report different member lists",
    meaning: "One of them lags behind, or its stored membership differs from what raft agreed on (zombie members after an upgrade).",
    tellApart: "A lagging member catches up within seconds; a stored difference stays.",
    doNext: ["Look again after a few seconds.", "Count every listed member as a voter until it is settled."],
    never: ["Plan with the shorter list."],
    probes: ["PB4"],
  },
  E38_NO_LEADER_THOUGH_MAJORITY_RUNS: {
    catalogueId: "E38",
    title: "A majority of members runs, but they elect no leader",
    meaning: "They cannot hear each other, their certificates are refused, or their disks are too slow for the election timeout.",
    tellApart: "Check peer ports between all machines, certificates, and the time a synced write takes.",
    doNext: ["Repair what keeps them apart; the election follows by itself and nothing is lost."],
    never: ["Restore or force a new cluster while a majority of data dirs is intact."],
    probes: ["PB1", "PB2", "PB3", "PB10"],
  },
} as const satisfies Readonly<Record<string, FindingEntry>>;
