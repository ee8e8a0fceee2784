import type { FindingEntry } from "../finding-entry.ts";

/** Is it the way to the control plane, and not the control plane itself? (group L, N08, N09) */
export const pathFindings = {
  N08_UNREACHABLE_FROM_ONE_VANTAGE: {
    catalogueId: "N08",
    title: "A machine cannot be reached from one place, and nothing shows that it is down",
    meaning:
      "Either another machine still gets answers from it, or nobody but this workstation has looked. The fault then lies on the way: a firewall, a route, an SSH daemon, one link of the mesh.",
    tellApart:
      "A machine that is down is silent towards every observer on every port. One open or refused port, seen by anyone, means that its kernel answers.",
    doNext: [
      "Look at the machine from a second place: console, hypervisor, another control-plane machine.",
      "Restore SSH before any change is planned: every control-plane machine must be reachable before the first step that cannot be undone.",
    ],
    never: ["Remove its etcd member because one observer cannot reach it."],
    probes: ["PB1", "PB2"],
  },
  N08_MEMBER_CUT_OFF_FROM_PEERS: {
    catalogueId: "N08",
    title: "A running member sees no leader while the others have one",
    meaning:
      "The member runs and answers us, but it is not part of the majority's conversation: its peer port or theirs is blocked, perhaps in one direction only.",
    tellApart:
      "A frozen or failing disk gives no leader too: look at the process state and the write test. A removed member does not keep running.",
    doNext: [
      "Check port 2380 in both directions between the members, also with packets above 1000 bytes.",
      "Take this machine's API server out of the balancer until it heals.",
    ],
    never: ["Remove the member: a partition heals without any loss.", "Restart the members that have a leader."],
    probes: ["PB1", "PB2", "PB3"],
  },
  N09_OBSERVER_MAY_BE_IN_MINORITY: {
    catalogueId: "N09",
    title: "No majority can be seen from here, and the missing members are only unreachable",
    meaning:
      "Too few voters can be seen to say that the cluster has lost its quorum. The others may be down, or they may be running happily on the other side of a cut, with us on the wrong side.",
    tellApart:
      "Only an observation from elsewhere separates the two: console, power state, another site. What the reached members say cannot, because both cases look the same to them.",
    doNext: [
      "Hold.",
      "Get a second vantage point: console or hypervisor of the silent machines, or another network path.",
      "Repair the network; a partition heals by itself and loses nothing.",
    ],
    never: ["Restore a snapshot, force a new cluster or remove members from this side.", "Take silence for death."],
    probes: ["PB1", "PB2", "PB3", "PB7"],
  },
  L01_VIP_HELD_TWICE: {
    catalogueId: "L01",
    title: "More than one machine answers for the control-plane address",
    meaning:
      "Two keepalived instances believe to be master, mostly because VRRP (IP protocol 112) does not pass between them. Clients reach one or the other by chance.",
    tellApart: "Short overlap during a move lasts about a second. Two holders in two looks is a split.",
    doNext: ["Let protocol 112 or the unicast peers through.", "Until then stop keepalived on the machine with the lower priority."],
    never: ["Restart etcd: it has nothing to do with this."],
    probes: ["PB13"],
  },
  L02_VIRTUAL_ROUTER_ID_DEFAULT: {
    catalogueId: "L02",
    title: "The VRRP group uses the number that every example uses",
    meaning:
      "virtual_router_id 51 is what documentation and defaults use. A second cluster with the same number in the same network segment moves this cluster's address.",
    tellApart: "Harmless while this is the only VRRP group with the number in its segment.",
    doNext: ["Choose a number of its own for each cluster, the same on all its machines."],
    never: ["Change the number on one machine only: that makes two holders."],
    probes: ["PB13"],
  },
  L03_WEIGHT_BELOW_PRIORITY_GAP: {
    catalogueId: "L03",
    title: "A failing health check cannot move the address",
    meaning:
      "A failed check lowers the holder's VRRP priority by the script's weight. The drop is not large enough for a healthy machine to be above it, so the address stays where it does not work.",
    tellApart:
      "Compare the highest priority minus the weight with the other priorities. A check without weight puts the instance into FAULT and always moves the address.",
    doNext: [
      "Make the weight larger than the distance between the highest and the lowest priority, or leave it out.",
      "Keep the priorities distinct and below 255.",
    ],
    never: ["Trust the set-up because the address moves when a whole machine dies: that is another mechanism."],
    probes: ["PB13"],
  },
  L04_NOPREEMPT_WITH_WEIGHT: {
    catalogueId: "L04",
    title: "nopreempt keeps other machines from taking over after a failed check",
    meaning: "The failed check lowers the holder's priority, but with nopreempt nobody with a higher one claims the address.",
    tellApart: "With FAULT (a check without weight) nopreempt does no harm: a faulty holder gives the address up.",
    doNext: ["Remove the weight, so that a failed check means FAULT, or allow preemption."],
    never: ["Raise the weight: it changes nothing while nopreempt is set."],
    probes: ["PB13"],
  },
  L05_BALANCER_SERVICE_DOWN: {
    catalogueId: "L05",
    title: "haproxy or keepalived does not run on a machine that should balance",
    meaning:
      "On the machine that holds the address this cuts off every client, although the API servers are fine. Elsewhere it is a missing reserve.",
    tellApart: "The API servers answer when asked at their own addresses.",
    doNext: [
      "Start the service and look why it stopped.",
      "Where the address stayed on the broken machine, correct keepalived's check so that it watches the local haproxy.",
    ],
    never: ["Touch etcd or the API servers."],
    probes: ["PB11", "PB13"],
  },
  L05_CHECK_TESTS_WRONG_THING: {
    catalogueId: "L05",
    title: "keepalived decides by a check that does not tell whether this machine can serve",
    meaning:
      "keepalived should ask whether the local haproxy works. A check through the shared address makes it wander in a full outage; a check of the local API server moves it although haproxy could use the others; a check that only looks for a process keeps it on a machine that serves nobody.",
    tellApart: "Read the script: what it connects to decides which of the three it is.",
    doNext: ["Let keepalived check the local haproxy's port and haproxy check the API servers."],
    never: ["Leave it for later because all is well today: it matters only in an outage."],
    probes: ["PB13"],
  },
  L06_SSL_HELLO_CHECK: {
    catalogueId: "L06",
    title: "haproxy's health check is replaced by a bare TLS greeting",
    meaning:
      "`option ssl-hello-chk` overrides an earlier `option httpchk`: the health path is never requested. Depending on the version every backend is marked down, or any TLS answer counts as up, also from an API server without etcd.",
    tellApart: "haproxy's own backend states differ from what /readyz of the API servers says.",
    doNext: [
      "Remove `option ssl-hello-chk`; use `option httpchk GET /readyz`, `http-check expect status 200`, and `check check-ssl verify none` on the server lines.",
    ],
    never: ["Reload without testing the file first with `haproxy -c`."],
    probes: ["PB13"],
  },
  L06_TCP_ONLY_CHECK: {
    catalogueId: "L06",
    title: "The balancer keeps sending clients to API servers that are not ready",
    meaning:
      "The backend check does not request /readyz. An API server that lost its etcd still accepts connections, so its share of the requests fails.",
    tellApart: "The requests fail in a fixed share (one of three), not all.",
    doNext: ["Check backends by HTTPS GET /readyz and expect 200."],
    never: ["Take the share of failing requests for an etcd fault."],
    probes: ["PB13"],
  },
  L07_STALE_BACKEND: {
    catalogueId: "L07",
    title: "The balancer's backend list does not match the API servers",
    meaning: "It names an address where no control-plane machine of this cluster is, or it leaves out one that is ready.",
    tellApart: "A backend that is only down for now belongs in the list.",
    doNext: ["Correct the list on every balancer, test the file, reload, and verify through the shared address."],
    never: ["Edit it on one balancer only."],
    probes: ["PB11", "PB13"],
  },
  L13_VIP_NOT_HELD: {
    catalogueId: "L13",
    title: "No machine holds the control-plane address",
    meaning: "Clients cannot reach the API, although API servers may be ready at their own addresses.",
    tellApart: "Ask each API server at its own address: if they are ready, only the address is missing.",
    doNext: [
      "Look at keepalived (or kube-vip) on the balancer machines: state, check script, priority.",
      "Work through the machines' own addresses meanwhile; requorum does.",
    ],
    never: ["Add the address by hand while a keepalived could claim it too."],
    probes: ["PB11", "PB13"],
  },
  L13_ENDPOINT_DOES_NOT_ANSWER: {
    catalogueId: "L13",
    title: "The control-plane address does not lead to a ready API server",
    meaning: "The shared address was asked for /readyz and did not answer 200.",
    tellApart: "If no API server is ready, this is a consequence. If some are, the fault is in the address or the balancer.",
    doNext: ["Ask each API server at its own address.", "Then look at the holder's haproxy and its backend list."],
    never: ["Diagnose etcd through this address."],
    probes: ["PB11", "PB13"],
  },
} as const satisfies Readonly<Record<string, FindingEntry>>;
