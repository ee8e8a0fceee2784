import type { FindingEntry } from "../finding-entry.ts";

/** Membership changes that stopped half-way, and what a coming join will meet. (E04, E12-E15, A01-A06, H01, H02) */
export const membershipFindings = {
  E04_REMOVED_MEMBER_REFUSES_TO_RUN: {
    catalogueId: "E04",
    title: "A removed member's data is still on its machine",
    meaning:
      "The majority does not list this machine's member any more. With the old data etcd exits at once; the machine must be emptied (moved aside) and joined as a new member.",
    tellApart: "Its id is absent from the majority's list. A member that is listed and merely stopped is E02.",
    doNext: ["Move the data dir aside and join as a new member (requorum plan)."],
    never: ["Add a member and start it with the old data.", "Reuse the old id."],
    probes: ["PB2", "PB4", "PB7"],
  },
  E12_MEMBER_NEVER_STARTED: {
    catalogueId: "E12",
    title: "A voting member was added and never started",
    meaning: "It counts towards quorum already, without ever having answered. In a small cluster that alone can stop writes.",
    tellApart: "Its name and client addresses are empty in the member list.",
    doNext: ["While quorum works: remove that id.", "Without quorum: start exactly that member, with the address it was added with."],
    never: ["Add another member on top."],
    probes: ["PB4"],
  },
  E13_MEMBER_ADD_REFUSED: {
    catalogueId: "E13",
    title: "This etcd version refuses to add a member while another is down",
    meaning:
      "Before 3.5.30 and 3.6.11 etcd rejects `member add` with `unhealthy cluster` while any voter is unreachable, although quorum is satisfied.",
    tellApart: "It concerns only the order of steps; nothing is wrong with the data.",
    doNext: ["Remove the dead member first, which is the right order anyway."],
    never: ["Switch the strict reconfiguration check off."],
    probes: ["PB2"],
  },
  E14_LEARNER_STUCK: {
    catalogueId: "E14",
    title: "A learner has not become a voter",
    meaning:
      "A new member is still catching up, or it stopped doing so, or nobody promoted it. Until then it does not count and blocks the next addition.",
    tellApart: "Compare its raft index with the leader's in two looks: growing means patience, standing still means it is stuck.",
    doNext: [
      "Give it time while its index grows.",
      "Promote through a voter once it is in sync.",
      "If it does not run any more, remove it and join again.",
    ],
    never: ["Ask the learner itself to promote."],
    probes: ["PB2", "PB4"],
  },
  E15_TOO_MANY_LEARNERS: {
    catalogueId: "E15",
    title: "A left-over learner blocks the next join",
    meaning: "etcd allows one learner by default. One that nobody runs any more, mostly from a failed join, makes every further join fail.",
    tellApart: "A learner that runs and catches up is a join in progress, not a left-over.",
    doNext: ["Remove the learner without a living process by id, then join again (requorum plan)."],
    never: ["Raise the limit to hide it."],
    probes: ["PB4"],
  },
  A01_JOIN_FAILS_ON_DEAD_MEMBER: {
    catalogueId: "A01",
    title: "kubeadm join would fail because a listed member does not answer",
    meaning:
      "kubeadm asks every listed member before it joins a new one. One dead member makes it stop with `etcd cluster is not healthy`.",
    tellApart: "Quorum is fine; only the list holds a dead entry.",
    doNext: ["Remove the dead member first; requorum's plans do it in this order."],
    never: ["Retry the join in a loop."],
    probes: ["PB3", "PB4"],
  },
  A03_BOOTSTRAP_FLAGS_CAN_SPLIT: {
    catalogueId: "A03",
    title: "If this machine loses its data, etcd will start a new empty cluster",
    meaning:
      "kubeadm leaves the manifest of the first machine (and of every upgraded one) with itself as only member and without `existing`. A trap, not a fault: it springs when the data dir is lost.",
    tellApart: "Manifests written by a join name all members and say `existing`.",
    doNext: [
      "Harden the manifest: full member list and `--initial-cluster-state=existing`.",
      "Do not reboot a machine with a doubtful disk before that.",
    ],
    never: ["Empty the data dir of this machine while its kubelet runs."],
    probes: ["PB9"],
  },
  A04_CERTIFICATE_KEY_EXPIRED: {
    catalogueId: "A04",
    title: "The uploaded certificates for a control-plane join have expired",
    meaning: "kubeadm keeps them for two hours. A join is about to need them.",
    tellApart: "Only joins as control plane need them.",
    doNext: ["Nothing by hand: requorum uploads them again during the join."],
    never: ["Copy private keys around by hand to avoid it."],
    probes: ["PB12"],
  },
  A05_BOOTSTRAP_TOKEN_EXPIRED: {
    catalogueId: "A05",
    title: "There is no valid bootstrap token for the join",
    meaning: "Tokens last a day by default. A join is about to need one.",
    tellApart: "A wrong authority hash gives a discovery error as well; that is K07.",
    doNext: ["Nothing by hand: requorum makes a fresh one during the join."],
    never: ["Make a token that never ends."],
    probes: ["PB12"],
  },
  A06_JOIN_DIED_AFTER_ANNOUNCE: {
    catalogueId: "A06",
    title: "A join stopped after it had announced its etcd member",
    meaning: "The learner is registered, but its etcd never ran. Repeating the join fails until the learner is removed.",
    tellApart: "A learner that runs and streams is only catching up (E14).",
    doNext: ["Remove the unstarted learner by id, move leftovers on the machine aside, join again (requorum plan)."],
    never: ["Repeat the join with preflight errors ignored."],
    probes: ["PB4", "PB7"],
  },
  H01_HEALTHY_MEMBER_REMOVED: {
    catalogueId: "H01",
    title: "A member with good data was removed while a dead one is still registered",
    meaning:
      "It looks as if the wrong member was removed: this machine is alive with its data, and the list still holds one that does not answer.",
    tellApart: "If the removal was meant, the dead one would be gone from the list.",
    doNext: [
      "Leave the machine's data where it is: it may be the best copy if another voter fails.",
      "While quorum holds, move it aside and join the machine again.",
      "Then deal with the dead one, matching id, name and peer address.",
    ],
    never: ["Remove a second member before the first is back."],
    probes: ["PB4", "PB7"],
  },
  H01_MEMBERS_EASY_TO_CONFUSE: {
    catalogueId: "H01",
    title: "Two members carry the same name",
    meaning: "Whoever removes by name may hit the living one, and etcd does not stop it while quorum stays.",
    tellApart: "Ids and peer addresses differ.",
    doNext: ["Act by id, and match name and peer address as well."],
    never: ["Pick the member by name."],
    probes: ["PB4"],
  },
  H02_REPLACEMENT_ADDED_BEFORE_REMOVAL: {
    catalogueId: "H02",
    title: "A replacement was added while the dead member is still registered",
    meaning:
      "The voter count rose with a member down: more votes are needed from the same living members. If the newcomer fails too, nothing can be undone.",
    tellApart: "More members are registered than machines are configured for etcd, and one of them is dead.",
    doNext: ["While quorum holds, remove the dead member by id now.", "Do not add anything else."],
    never: ["Restart a living voter before that."],
    probes: ["PB4"],
  },
  H07_FORCE_NEW_CLUSTER_FLAG: {
    catalogueId: "H07",
    title: "An etcd manifest still carries --force-new-cluster",
    meaning: "Every restart of this etcd throws all other members out of the cluster.",
    tellApart: "The flag is read from the file; the running process may have been started with or without it.",
    doNext: [
      "Do not restart this etcd.",
      "Take the flag out of the manifest with an atomic replace while the kubelet is stopped, then verify the membership.",
    ],
    never: ["Restart the member or reboot the machine first.", "Have the flag on two machines."],
    probes: ["PB9"],
  },
  H09_MANIFEST_COPY_IN_MANIFEST_DIR: {
    catalogueId: "H09",
    title: "A copy of a manifest lies in the static-pod directory",
    meaning:
      "The kubelet reads every file there that has no leading dot. Two files for one pod: it may run the old one, and edits seem to have no effect.",
    tellApart: "Two files in the directory name the same pod, or start an etcd at the same port.",
    doNext: ["Move the copy to a directory outside, in one rename."],
    never: ["Rename it inside the directory, with another ending."],
    probes: ["PB9"],
  },
} as const satisfies Readonly<Record<string, FindingEntry>>;
