import type { ProcessFacts } from "../model/inventory.ts";
import { malformed } from "./parse-host-answer.ts";

const nameOfCommand: { readonly [command: string]: ProcessFacts["name"] } = {
  etcd: "etcd",
  "kube-apiserver": "kube-apiserver",
  "kube-scheduler": "kube-scheduler",
  kubelet: "kubelet",
  kubeadm: "kubeadm",
  haproxy: "haproxy",
  keepalived: "keepalived",
  // The kernel keeps 15 characters of a command's name.
  "kube-controller": "kube-controller-manager",
  "kube-controller-manager": "kube-controller-manager",
};

/** Pure. Lines "PID STAT SECONDS COMMAND" as `ps` prints them. Throws REMOTE_ANSWER_MALFORMED. */
export function parseProcesses(text: string): readonly ProcessFacts[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const match = /^\s*(\d+)\s+([A-Za-z])\S*\s+(\d+)\s+(\S+)\s*$/.exec(line);
      const name = match === null ? undefined : nameOfCommand[match[4] ?? ""];
      if (match === null || name === undefined) throw malformed("processes", `${JSON.stringify(line.slice(0, 80))} is not a line of ps`);
      return { name, pid: Number(match[1]), state: match[2] ?? "", startedSecondsAgo: Number(match[3]) };
    });
}
