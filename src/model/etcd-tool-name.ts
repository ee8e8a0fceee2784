/** What stands beside an etcd and keeps none of its data, by the words in the names of pods and units that people give them. */
const toolWords = /backup|snapshot|defrag|compact|exporter|metrics|monitor|health|proxy|gateway|certs|ctl|utl/;

/** "etcd-backup", "etcd-defrag.service", "etcdbrctl": a tool beside etcd, not etcd. */
export function isNamedAfterEtcdTool(name: string): boolean {
  return toolWords.test(name.toLowerCase());
}
