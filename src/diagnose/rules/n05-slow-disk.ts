import { findingOf, type Rule } from "../rule.ts";
import { diskOf } from "../situation/disk.ts";
import { evidenceOf } from "../situation/host-view.ts";

export const slowDisk: Rule = {
  code: "N05_SLOW_DISK",
  stage: "disk",
  diagnose: (situation) =>
    situation.hosts.flatMap((host) => {
      const disk = diskOf(host);
      if (disk?.kind !== "slow") return [];
      return [
        findingOf("N05_SLOW_DISK", {
          subject: `host ${host.name}`,
          host: host.name,
          severity: "warning",
          confidence: "low",
          summary: `A synced write beside etcd's data on ${host.name} took more than a second.`,
          evidence: disk.words.map((what) => evidenceOf(what, host.facts.etcdDataDir)),
          wouldSettle: ["etcd's WAL sync histogram (PB5)", "PB7 once more"],
        }),
      ];
    }),
};
