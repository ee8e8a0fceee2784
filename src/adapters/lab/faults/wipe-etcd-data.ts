import { faultTimeoutMs, type Fault } from "./fault.ts";
import { killContainer } from "./kill-container.ts";

/** Someone's `rm -rf`, and etcd restarted by it. */
export const wipeEtcdDataFault: Fault = {
  kind: "wipe-etcd-data",
  summary: "deletes /var/lib/etcd/member and kills etcd",
  settings: {},
  noWayBack: "the member's data is gone for good; recovering it is the point",
  async inject(context) {
    await context.shell({
      reason: "deleting etcd's data",
      script: `rm -rf /var/lib/etcd/member\n${killContainer("etcd")}`,
      timeoutMs: faultTimeoutMs,
    });
    return {};
  },
};
