import type { FindingEntry } from "../finding-entry.ts";

/** Clock and certificates come before everything else: their failures imitate lost quorum. (N07, group P) */
export const timeAndCertificateFindings = {
  N07_CLOCK_SKEW: {
    catalogueId: "N07",
    title: "A clock disagrees with the others",
    meaning:
      "Certificates, tokens and leases are judged by the local clock. A wrong one makes good certificates look expired or not yet valid.",
    tellApart:
      "Compare the clocks of all machines before reading any expiry date: one machine far from the rest is a clock, all certificates old by every clock is expiry.",
    doNext: [
      "Repair the time source on that machine and let it step, one machine at a time.",
      "Then look again: findings about certificates often vanish.",
    ],
    never: ["Renew certificates while the clock is wrong."],
    probes: ["PB10"],
  },
  P01_CERTIFICATE_EXPIRED: {
    catalogueId: "P01",
    title: "Control-plane certificates are past their end date",
    meaning:
      "kubeadm's leaf certificates last one year. Afterwards API servers cannot reach etcd and etcd members refuse each other: it looks like lost quorum, with all data intact.",
    tellApart: "The clocks agree, the certificate authority is still valid, the data dirs are intact.",
    doNext: [
      "Copy the PKI directory of every control-plane machine away.",
      "Renew on each machine from the same authority.",
      "Restart etcd one machine at a time, then API servers and controllers; renew the admin kubeconfigs.",
    ],
    never: [
      "Restore a snapshot.",
      "Make a new certificate authority.",
      "Copy one machine's etcd certificates to another: the names in them differ.",
    ],
    probes: ["PB10"],
  },
  P01_CERTIFICATE_EXPIRES_SOON: {
    catalogueId: "P01",
    title: "Control-plane certificates end within a month",
    meaning: "Nothing is broken yet. After the end date the control plane stops as if quorum were lost.",
    tellApart: "Read with the majority's clock, not with this machine's alone.",
    doNext: ["Renew them on each control-plane machine, one at a time, on a quiet day."],
    never: ["Renew on one machine and copy the files."],
    probes: ["PB10"],
  },
  P02_KUBELET_CERTIFICATE_EXPIRED: {
    catalogueId: "P02",
    title: "The kubelet's client certificate is past its end date",
    meaning: "The kubelet cannot talk to the API; after a reboot it does not start the static pods, etcd and API server among them.",
    tellApart: "kubeadm's certificate report leaves kubelet certificates out: it may look fine.",
    doNext: ["Make a new kubelet.conf from the authority, remove the stale certificate, restart the kubelet, approve its request."],
    never: ["Reboot the machine before the certificate is renewed."],
    probes: ["PB10"],
  },
  P04_CERTIFICATE_AUTHORITIES_DIFFER: {
    catalogueId: "P04",
    title: "Control-plane machines hold different certificate authorities",
    meaning:
      "A rebuilt machine made its own authority. Whatever it signs is refused by the others, and the share of requests that meets it fails.",
    tellApart: "Compare fingerprints of the authority files; an expired certificate has the same issuer everywhere.",
    doNext: ["Copy the majority's authority files to the odd machine and issue its leaf certificates again."],
    never: ["Spread the newest authority to everyone."],
    probes: ["PB10"],
  },
} as const satisfies Readonly<Record<string, FindingEntry>>;
