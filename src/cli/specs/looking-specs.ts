import type { CommandSpec } from "../command-spec.ts";

/** Verbs that only look. */
export const lookingSpecs: readonly CommandSpec[] = [
  {
    path: ["init"],
    summary: "find out how the cluster is built and write requorum.yaml",
    description: ["Nothing on the machines is changed, and nothing secret is written into the file."],
    options: [
      { name: "host", value: "NAME[=ADDRESS]", isRepeatable: true, describes: "a control-plane machine, as ssh knows it (repeat)" },
      { name: "from-ansible", value: "FILE", describes: "read the machines from an Ansible inventory" },
      { name: "from-kubeconfig", value: "FILE", describes: "read the machines from the cluster, while it still answers" },
      {
        name: "name",
        value: "NAME",
        describes: "the cluster's name; you type it to consent",
        defaultWords: "found out, or the directory's name",
      },
      { name: "ssh-config", value: "FILE", describes: "an ssh configuration file to use instead of your own" },
      { name: "ssh-user", value: "USER", describes: "the user to log in as" },
      { name: "out", value: "FILE", describes: "where to write", defaultWords: "requorum.yaml" },
      { name: "force", describes: "replace the file if it exists; write one even when no machine could be asked" },
    ],
    examples: [
      { command: "requorum init --host cp1 --host cp2 --host cp3", why: "from the machines' names" },
      { command: "requorum init --from-ansible inventory/hosts.ini", why: "from an Ansible inventory" },
      {
        command: "requorum init --host cp1=10.0.0.11 --ssh-user admin --name prod",
        why: "with an address, a login and a name of your choice",
      },
    ],
    exits: ["factsIncomplete", "failed", "refused", "interrupted"],
    load: async () => (await import("../commands/init.ts")).command,
  },
  {
    path: ["status"],
    summary: "members, leader, quorum and how many failures it still survives",
    description: ["Needs SSH to the machines and nothing else. What could not be seen is listed as unknown: neither healthy nor dead."],
    options: [
      { name: "watch", short: "w", describes: "look again and again until Ctrl-C" },
      { name: "interval", value: "TIME", describes: "pause between two looks with --watch", defaultWords: "5s" },
    ],
    examples: [
      { command: "requorum status", why: "one look" },
      { command: "requorum status --watch --interval 2s", why: "keep looking, every two seconds" },
      { command: "requorum status -o json", why: "for a program" },
    ],
    exits: ["findings", "factsIncomplete", "failed", "refused", "interrupted"],
    load: async () => (await import("../commands/status.ts")).command,
  },
  {
    path: ["diagnose"],
    summary: "what is wrong, why, and what it is not",
    description: ["Root causes first, symptoms folded under them. Exit code 3 when there are findings."],
    options: [
      { name: "save", value: "FILE", describes: "also write everything that was observed into a new file, for a diagnosis elsewhere" },
      { name: "from", value: "FILE", describes: "diagnose a saved file; no machine is contacted" },
    ],
    examples: [
      { command: "requorum diagnose", why: "look and judge" },
      { command: "requorum diagnose --save observed.json", why: "keep what was seen, to send it to somebody" },
      { command: "requorum diagnose --from observed.json", why: "judge what somebody else saw" },
    ],
    exits: ["findings", "factsIncomplete", "failed", "refused", "interrupted"],
    load: async () => (await import("../commands/diagnose.ts")).command,
  },
  {
    path: ["explain"],
    summary: "a finding, error or step in full",
    arguments: [{ name: "code", isRequired: false, describes: "the code, or how it begins; all codes are listed without it" }],
    examples: [
      { command: "requorum explain PLAN_STALE", why: "an error" },
      { command: "requorum explain etcd.removeMember", why: "a kind of step" },
      { command: "requorum explain", why: "list every code" },
    ],
    exits: [],
    load: async () => (await import("../commands/explain.ts")).command,
  },
  {
    path: ["doctor"],
    summary: "is this workstation ready: ssh, keys, reachability, clock, disk",
    examples: [
      { command: "requorum doctor", why: "check everything; also works before there is a configuration" },
      { command: "requorum doctor -o json", why: "for a program" },
    ],
    exits: ["findings", "failed", "interrupted"],
    load: async () => (await import("../commands/doctor.ts")).command,
  },
  {
    path: ["completion"],
    summary: "print the completion script of a shell",
    arguments: [{ name: "shell", isRequired: true, describes: "the shell", choices: ["bash", "zsh", "fish"] }],
    examples: [
      { command: "requorum completion bash", why: 'put this into ~/.bashrc: eval "$(requorum completion bash)"' },
      { command: "requorum completion fish", why: "save it as ~/.config/fish/completions/requorum.fish" },
    ],
    exits: [],
    load: async () => (await import("../commands/completion.ts")).command,
  },
  {
    path: ["version"],
    summary: "versions of requorum, Node and ssh",
    examples: [{ command: "requorum version", why: "for a bug report" }],
    exits: [],
    load: async () => (await import("../commands/version.ts")).command,
  },
];
