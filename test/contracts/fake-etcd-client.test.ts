import { asHostName, type HostName } from "../../src/model/ids.ts";
import { FakeEtcdCluster } from "../support/fake-etcd.ts";
import { etcdClientContract } from "./etcd-client.contract.ts";

etcdClientContract("FakeEtcdCluster", () => {
  const hosts: readonly [HostName, HostName, HostName] = [asHostName("cp1"), asHostName("cp2"), asHostName("cp3")];
  const cluster = new FakeEtcdCluster({ hosts, waitsRealTime: true });
  const now = (change: () => unknown): Promise<void> => {
    change();
    return Promise.resolve();
  };
  return Promise.resolve({
    dialer: cluster.dialer(),
    hosts,
    put: (key, value) => now(() => cluster.put(key, value)),
    raiseAlarm: (host) => now(() => cluster.raiseAlarm(host, "NOSPACE")),
    disarmAlarms: () => now(() => cluster.disarmAlarms()),
    addLearner: (host) => Promise.resolve(cluster.addMember({ host, peerUrl: "https://10.0.0.14:2380", isLearner: true }).id),
    startLearner: (host) => now(() => cluster.startMember(host)),
    freeze: (host) => now(() => cluster.setProcess(host, "frozen")),
    thaw: (host) => now(() => cluster.setProcess(host, "running")),
    kill: (host) => now(() => cluster.setProcess(host, "stopped")),
    close: () => cluster.dialer().close(),
  });
});
