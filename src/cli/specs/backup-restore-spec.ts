import { restoreDoubts } from "../../model/restore-doubt.ts";
import { restorableKinds } from "../../model/restored-file.ts";
import type { CommandSpec } from "../command-spec.ts";
import { setKeyOptions } from "./backup-key-options.ts";
import { storeOption } from "./backup-specs.ts";

export const restoreSpec: CommandSpec = {
  path: ["backup", "restore"],
  summary: "put files of a set back on one machine: its PKI, the encryption configuration, one file; with a diff, a plan and consent",
  description: [
    "Shows what the set has beside what lies on the machine now, makes a plan, asks for the cluster's name, carries it out, and looks again. Configuration is shown line by line, without what may be a secret; of keys, tokens, kubeconfigs, certificates and the encryption configuration only whether they differ, what a certificate says of itself, the fingerprint of a key's public half, owner and mode.",
    "All that is replaced gets a second name first: in /var/lib/requorum/aside/RUN/ on the machine, or, of what is on another mount than that, in .requorum-aside/RUN/ at the top of that mount (/.requorum-aside/RUN/ for /etc where /var is a disk of its own); RUN is the run's id, and manifest.tsv in the first lists them all. What is only on the machine is listed and left alone. Nothing is restarted: it says what must be.",
    "For PKI and kubeconfigs the set's CA must be the one that another machine of the cluster has; where that is not proven it is refused, unless it is accepted by name; the keys that sign service accounts' tokens and the encryption configuration must be those of the other control-plane machines; a certificate that has ended is not put back unasked, and a leftover of rotation that has ended is left out. What is accepted by name is listed file by file, with what is seen of it, before consent.",
    "Static pods, and the units and settings of etcd as a service, are not put back: a member that was removed or lost its data would come to life again. Whether etcd may start there says requorum plan; unseal gives the files. etcd's data is no such part either: see snapshot restore.",
    "The plan names paths, owners and keyed hashes, and no content. A run that was stopped is gone on with by resume; each file is then the old one or the new one. While only some are the new ones, it lists which, and nothing that reads them should be restarted.",
  ],
  arguments: [
    { name: "set", isRequired: true, describes: "the set's name, or how it begins; latest: the newest trusted one of this cluster" },
  ],
  options: [
    { name: "host", value: "HOST", describes: "the machine: its own files of the set are put back on it" },
    { name: "pki", describes: "certificates and keys, the service account's among them" },
    { name: "encryption-config", describes: "the encryption configuration of its API server" },
    {
      name: "kind",
      value: "KIND",
      isRepeatable: true,
      choices: [...restorableKinds],
      describes:
        "all files of a kind (repeat); static pods are not put back, and settings that let the kubelet take static pods from elsewhere are refused",
    },
    {
      name: "path",
      value: "PATH",
      isRepeatable: true,
      describes:
        "one file, or all that the set has below a directory, also behind a link (repeat); half of a pair of certificate and key only beside its own other half",
    },
    {
      name: "accept",
      value: "DOUBT",
      isRepeatable: true,
      offers: [...restoreDoubts],
      describes: `go on though it is not proven that CA, shared keys or etcd cluster are the same, or though a certificate has ended (repeat): ${restoreDoubts.join(", ")}; DOUBT=PATH for one file alone. Each file that it covers stands in the plan's words, with what is seen of it; another CA or key that is seen later is not accepted with it. OTHER_CA is also a certificate that none of the set's CAs has signed, and a kubeconfig of which it cannot be read who signed it`,
    },
    {
      name: "out",
      value: "FILE",
      describes: "only plan: write the plan there, for requorum apply, and change nothing; never over another file",
    },
    storeOption,
    ...setKeyOptions,
    { name: "break-lock", describes: "take over the lock of a run whose program is gone for good; it is journalled" },
  ],
  examples: [
    { command: "requorum backup restore latest --host cp1 --pki", why: "the certificates and keys of cp1, from the newest set" },
    { command: "requorum backup restore latest --host cp1 --encryption-config", why: "the API server cannot read secrets any more" },
    {
      command: "requorum backup restore 20261122-031500-3fa9c1 --host lb1 --path /etc/haproxy/haproxy.cfg",
      why: "one file, with a diff",
    },
    {
      command: "requorum backup restore latest --host cp1 --kind kubeconfig --out plan.json",
      why: "see it, and carry it out later: requorum apply plan.json",
    },
  ],
  carriesOutRuns: true,
  exits: ["factsIncomplete", "locked", "blocked", "failed", "outcomeUnknown", "verificationFailed", "refused", "interrupted"],
  exitWords: {
    usage: "wrong usage, configuration or key file; also: no such set, nothing of that kind in it, or a set of another cluster",
    blocked: "not proven that it belongs there, or a file changed meanwhile; nothing more was written",
    verificationFailed: "the set is damaged or not signed by a known key, or the key does not open it",
  },
  load: async () => (await import("../commands/backup-restore.ts")).command,
};
