import type { KubernetesFiles } from "../model/inventory.ts";
import { countField, flagField, parseFields } from "./parse-host-answer.ts";

/** Pure. Text of the section files. Throws REMOTE_ANSWER_MALFORMED. */
export function parseKubernetesFiles(text: string): KubernetesFiles {
  const fields = parseFields(text);
  return {
    adminConf: flagField(fields, "admin.conf"),
    superAdminConf: flagField(fields, "super-admin.conf"),
    kubeletConf: flagField(fields, "kubelet.conf"),
    etcdManifest: flagField(fields, "etcd"),
    apiServerManifest: flagField(fields, "kube-apiserver"),
    clusterCa: flagField(fields, "ca"),
  };
}

/** Pure. Text of the section files. undefined: no age was told. Throws REMOTE_ANSWER_MALFORMED. */
export function parseKubernetesFilesAge(text: string): number | undefined {
  const fields = parseFields(text);
  return fields.has("age") ? Number(countField(fields, "age")) : undefined;
}
