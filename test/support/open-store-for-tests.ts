import { join } from "node:path";
import { tmpdir } from "node:os";
import { openBackupStore } from "../../src/adapters/backup-store/open-backup-store.ts";
import { createSshHostAccess } from "../../src/adapters/ssh/ssh-host-access.ts";
import { defaultPaths, type BackupS3Config } from "../../src/model/cluster-config.ts";
import type { BackupStore } from "../../src/ports/backup-store.ts";

/** A store of any kind; `sshConfigFile`: the one that startSshServer wrote. */
export function openStoreForTests(
  place: string,
  options: { readonly s3?: BackupS3Config; readonly sshConfigFile?: string; readonly controlDirectory?: string } = {},
): BackupStore {
  return openBackupStore(place, {
    s3: options.s3,
    accessTo: (host) =>
      createSshHostAccess(
        {
          apiVersion: "requorum/v1",
          cluster: "store-test",
          platform: "kubeadm",
          etcdTopology: "stacked",
          controlPlaneEndpoint: undefined,
          loadBalancer: "none",
          hosts: [{ ...host, roles: ["spare"] }],
          ssh: { ...(options.sshConfigFile === undefined ? {} : { configFile: options.sshConfigFile }), connectTimeoutMs: 1500 },
          paths: defaultPaths,
          policy: { planLifetimeMs: 3_600_000 },
        },
        { controlDirectory: options.controlDirectory ?? join(tmpdir(), `rq-c-${String(process.pid)}`), keepsConnections: false },
      ),
  });
}
