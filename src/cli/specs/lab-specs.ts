import type { CommandSpec, OptionSpec } from "../command-spec.ts";

const labName: OptionSpec = { name: "name", value: "NAME", defaultWords: "lab", describes: "the lab's name" };
const load: CommandSpec["load"] = async () => (await import("../commands/lab.ts")).command;

/** Faults that `lab break` knows; src/adapters/lab carries them out. */
export const labFaults = [
  "power-off",
  "power-on",
  "reboot",
  "wipe-machine",
  "wipe-etcd-data",
  "stop-service",
  "freeze",
  "partition",
  "read-only-disk",
  "full-disk",
  "failing-disk",
  "corrupt-db",
  "corrupt-wal",
  "expire-certificates",
  "clock-skew",
  "fill-quota",
  "stop-apiserver",
  "break-haproxy",
  "break-keepalived",
  "change-host-key",
] as const;

/** The lab's verbs. One file carries them all out: it looks at the invocation's `verb`. */
export const labSpecs: readonly CommandSpec[] = [
  {
    path: ["lab", "up"],
    summary: "make machines and a kubeadm cluster on them (Linux, root)",
    options: [
      labName,
      { name: "control-planes", value: "COUNT", choices: ["1", "3", "5"], defaultWords: "3", describes: "control-plane machines" },
      { name: "workers", value: "COUNT", defaultWords: "0", describes: "worker machines, at most 9" },
      {
        name: "etcd-machines",
        value: "COUNT",
        choices: ["0", "1", "3", "5"],
        defaultWords: "0: etcd runs on the control-plane machines",
        describes: "separate machines for etcd",
      },
      { name: "spares", value: "COUNT", defaultWords: "0", describes: "machines that wait unused, at most 9" },
      { name: "kubernetes", value: "VERSION", defaultWords: "1.34", describes: "Kubernetes version: 1.34, 1.35 or 1.36" },
      { name: "etcd", value: "VERSION", defaultWords: "3.6", describes: "etcd version: 3.5, 3.6 or 3.7" },
      { name: "seed", value: "NUMBER", defaultWords: "1", describes: "seed of the load: the same seed makes the same objects" },
      { name: "objects", value: "COUNT", defaultWords: "a few hundred", describes: "how many objects the load has" },
    ],
    examples: [
      { command: "requorum lab up", why: "three machines, named lab" },
      { command: "requorum lab up --name two --control-planes 5 --workers 1", why: "a second lab, larger" },
    ],
    exits: ["failed", "refused", "interrupted"],
    load,
  },
  {
    path: ["lab", "status"],
    summary: "the labs of this machine, their machines and faults",
    options: [labName],
    examples: [{ command: "requorum lab status", why: "what is there" }],
    exits: ["failed", "interrupted"],
    load,
  },
  {
    path: ["lab", "break"],
    summary: "break something in the lab on purpose",
    arguments: [
      { name: "fault", isRequired: true, describes: "what to break", choices: labFaults },
      { name: "machine", isRequired: false, describes: "where" },
    ],
    options: [labName, { name: "set", value: "KEY=VALUE", isRepeatable: true, describes: "details of the fault (repeat)" }],
    examples: [
      { command: "requorum lab break power-off cp2", why: "pull the plug" },
      { command: "requorum lab break wipe-machine cp3", why: "a fresh operating system on the same name" },
    ],
    exits: ["failed", "refused", "interrupted"],
    load,
  },
  {
    path: ["lab", "heal"],
    summary: "take a fault back, where there is a way back",
    arguments: [
      { name: "fault", isRequired: false, describes: "which; without it, all that have a way back", choices: labFaults },
      { name: "machine", isRequired: false, describes: "where" },
    ],
    options: [labName],
    examples: [{ command: "requorum lab heal power-off cp2", why: "switch it on again" }],
    exits: ["failed", "refused", "interrupted"],
    load,
  },
  {
    path: ["lab", "ssh"],
    summary: "a shell or one command on a machine of the lab",
    description: ["Ends with the exit code of the command; 255 is ssh's own, when it could not connect."],
    arguments: [
      { name: "machine", isRequired: true, describes: "the machine" },
      { name: "command", isRequired: false, isVariadic: true, describes: "a command; a shell without it (after --)" },
    ],
    options: [labName],
    examples: [{ command: "requorum lab ssh cp1 -- systemctl status kubelet", why: "look for yourself" }],
    exits: ["failed", "interrupted"],
    load,
  },
  {
    path: ["lab", "down"],
    summary: "remove a lab and everything that it made",
    description: ["The runs that were carried out on it stay, with their reports."],
    options: [labName],
    examples: [{ command: "requorum lab down", why: "also after a crash" }],
    exits: ["failed", "refused", "interrupted"],
    load,
  },
];
