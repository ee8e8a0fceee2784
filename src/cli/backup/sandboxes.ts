import { join } from "node:path";
import { createLocalSandboxes, type SandboxTarget } from "../../adapters/sandbox/local-sandboxes.ts";
import type { BackupConfig } from "../../model/cluster-config.ts";
import { asHostName } from "../../model/ids.ts";
import type { Sandboxes } from "../../ports/sandbox.ts";
import type { CliContext } from "../cli-context.ts";
import { atHome } from "./open-backup.ts";

const host = asHostName("sandbox");
const source = "the sandbox";

/**
 * The sandboxes of this machine. Directories in memory come first; on disk
 * root's lie where the sandbox's own user can get to, others' in their cache.
 */
export async function sandboxesOf({ directories }: Pick<CliContext, "directories">, settings: BackupConfig): Promise<Sandboxes> {
  const [{ GrpcEtcdClient }, { HttpsKubeApi }] = await Promise.all([
    import("../../adapters/etcd-grpc/grpc-etcd-client.ts"),
    import("../../adapters/kube-api/https-kube-api.ts"),
  ]);
  const programs = (directory: string | undefined) => ({
    directories: directory === undefined ? [] : [atHome(directory)],
    path: undefined,
    // What `requorum lab` built.
    cache: join(directories.cache, "programs"),
  });
  const credentials = ({ ca, certificate, key }: SandboxTarget) => ({ ca, certificate, key, source });
  const nothing = () => Promise.resolve();
  return createLocalSandboxes({
    etcdPrograms: programs(settings.etcdPrograms),
    kubePrograms: programs(settings.kubePrograms),
    places: {
      // Not /run/user: nobody but its owner gets below it, and root's sandbox has another user.
      inMemory: ["/dev/shm"],
      onDisk: process.getuid?.() === 0 ? "/var/cache/requorum/sandbox" : join(directories.cache, "sandbox"),
    },
    dialEtcd: (target) =>
      new GrpcEtcdClient({
        host,
        address: { host: "127.0.0.1", port: target.port },
        credentials: credentials(target),
        serverNames: ["localhost"],
        onClose: nothing,
      }),
    dialApi: (target) =>
      new HttpsKubeApi({
        host,
        target: { address: "127.0.0.1", port: target.port },
        credentials: credentials(target),
        serverNames: ["localhost"],
        onClose: nothing,
      }),
  });
}
