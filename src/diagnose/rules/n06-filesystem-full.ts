import { findingOf, type Rule } from "../rule.ts";
import { diskOf } from "../situation/disk.ts";
import { evidenceOf } from "../situation/host-view.ts";

export const filesystemFull: Rule = {
  code: "N06_FILESYSTEM_FULL",
  stage: "disk",
  diagnose: (situation) =>
    situation.hosts.flatMap((host) => {
      const disk = diskOf(host);
      if (disk?.kind !== "full") return [];
      return [
        findingOf("N06_FILESYSTEM_FULL", {
          subject: `host ${host.name}`,
          host: host.name,
          severity: "error",
          confidence: "high",
          summary: `The filesystem below etcd's data on ${host.name} is full.`,
          evidence: disk.words.map((what) => evidenceOf(what, host.facts.etcdDataDir)),
          ruledOut: [{ code: "E17_NOSPACE_ALARM", because: "it is the filesystem, not etcd's quota" }],
        }),
      ];
    }),
};
