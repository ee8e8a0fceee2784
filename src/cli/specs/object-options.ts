import type { OptionSpec } from "../command-spec.ts";

/** Which objects are got out of a file or of a set, and how they are printed. */
export function objectOptions(prefixWords: string): readonly OptionSpec[] {
  return [
    { name: "namespace", short: "n", value: "NAME", describes: "only this namespace, which alone means all that is in it" },
    { name: "all-namespaces", short: "A", describes: "every namespace, as without --namespace" },
    { name: "selector", short: "l", value: "LABELS", describes: "only objects with these labels: app=web,tier!=cache,zone in (a,b)" },
    { name: "revision", value: "N", describes: "as they were at this revision", defaultWords: "the newest" },
    { name: "all", describes: "also what the cluster makes again by itself: events, leases, endpoints, what controllers own" },
    {
      name: "prefix",
      value: "PREFIX",
      describes: "of several clusters in one etcd, the one whose keys begin so",
      defaultWords: prefixWords,
    },
    { name: "raw", describes: "everything, as the API server would have answered" },
  ];
}
