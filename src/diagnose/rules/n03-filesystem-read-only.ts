import { findingOf, type Rule } from "../rule.ts";
import { diskOf } from "../situation/disk.ts";
import { evidenceOf } from "../situation/host-view.ts";

export const filesystemReadOnly: Rule = {
  code: "N03_FILESYSTEM_READ_ONLY",
  stage: "disk",
  diagnose: (situation) =>
    situation.hosts.flatMap((host) => {
      const disk = diskOf(host);
      if (disk?.kind !== "read-only") return [];
      return [
        findingOf("N03_FILESYSTEM_READ_ONLY", {
          subject: `host ${host.name}`,
          host: host.name,
          severity: "error",
          confidence: "certain",
          summary: `The filesystem below etcd's data on ${host.name} is read-only.`,
          evidence: disk.words.map((what) => evidenceOf(what, host.facts.etcdDataDir)),
          ruledOut: [{ code: "N06_FILESYSTEM_FULL", because: "the mount itself refuses writes" }],
        }),
      ];
    }),
};
