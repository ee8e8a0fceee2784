import { asHostName, type HostName } from "../../src/model/ids.ts";
import { FakeKubernetes } from "../support/fake-kube-api.ts";
import { kubeApiContract } from "./kube-api.contract.ts";

kubeApiContract("FakeKubernetes", () => {
  const hosts: readonly [HostName, ...HostName[]] = [asHostName("cp1"), asHostName("cp2"), asHostName("cp3")];
  const [gone, frozen] = [asHostName("gone"), asHostName("frozen")];
  const kubernetes = new FakeKubernetes({ hosts: [...hosts, gone, frozen] });
  for (const [index, name] of hosts.entries()) kubernetes.addNode({ name, address: `10.0.0.${String(11 + index)}` });
  kubernetes.server(gone).process = "stopped";
  kubernetes.server(frozen).process = "frozen";
  const dialer = kubernetes.dialer();
  return Promise.resolve({
    dialer,
    hosts,
    dialNobody: () => dialer.dial(gone, { timeoutMs: 1000 }),
    dialFrozen: () => dialer.dial(frozen, { timeoutMs: 1000 }),
    close: () => dialer.close(),
  });
});
