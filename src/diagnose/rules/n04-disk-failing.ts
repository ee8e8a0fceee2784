import { findingOf, type Rule } from "../rule.ts";
import { diskOf } from "../situation/disk.ts";
import { evidenceOf } from "../situation/host-view.ts";

export const diskFailing: Rule = {
  code: "N04_DISK_FAILING",
  stage: "disk",
  diagnose: (situation) =>
    situation.hosts.flatMap((host) => {
      const disk = diskOf(host);
      if (disk?.kind !== "failing") return [];
      const isServing = host.etcd === "serving";
      return [
        findingOf("N04_DISK_FAILING", {
          subject: `host ${host.name}`,
          host: host.name,
          // Kernel messages alone may be about another disk.
          severity: isServing ? "warning" : "error",
          confidence: isServing ? "medium" : "high",
          summary: `The disk below etcd's data on ${host.name} ${host.etcd === "hung" ? "hangs" : "reports errors"}.`,
          evidence: disk.words.map((what) => evidenceOf(what, host.facts.etcdDataDir)),
          wouldSettle: isServing ? ["PB7 once more: kernel messages may be from before a repair"] : [],
        }),
      ];
    }),
};
