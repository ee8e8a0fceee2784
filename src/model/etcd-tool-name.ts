/** What stands beside an etcd and keeps none of its data, by the last word in the names that people give to pods and units. */
const toolWord =
  "(back-?ups?|snapshots?|snapshotter|defrag|defragmenter|compact|compaction|exporter|metrics|monitor|monitoring|health|healthcheck|proxy|gateway|certs|ctl|utl)";
const toolName = new RegExp(`(^etcd(ctl|utl|brctl)|[-_]${toolWord})([-_](job|agent|runner|cron))?$`);

/** "etcd-backup", "etcd-defrag.service", "etcdctl": a tool beside etcd. Machines and clusters have names like "gateway01", so only a whole last word counts. */
export function isNamedAfterEtcdTool(name: string): boolean {
  return toolName.test(name.toLowerCase().replace(/\.(service|timer|ya?ml|sh)$/, ""));
}
