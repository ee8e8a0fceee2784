import { tmpdir } from "node:os";
import { join } from "node:path";
import { GrpcEtcdClient } from "../../src/adapters/etcd-grpc/grpc-etcd-client.ts";
import { HttpsKubeApi } from "../../src/adapters/kube-api/https-kube-api.ts";
import { labPathsFrom } from "../../src/adapters/lab/lab-paths.ts";
import type { LocalSandboxesOptions } from "../../src/adapters/sandbox/local-sandboxes.ts";
import { asHostName } from "../../src/model/ids.ts";

const host = asHostName("sandbox");
const source = "the sandbox";

/** Programs of the lab's cache, directories in memory or below the system's temporary one. */
export function sandboxOptions(differing: Partial<LocalSandboxesOptions> = {}): LocalSandboxesOptions {
  const cache = join(labPathsFrom(process.env).cacheDir, "programs");
  const programs = { directories: [], path: "", cache };
  return {
    etcdPrograms: programs,
    kubePrograms: programs,
    places: { inMemory: ["/dev/shm"], onDisk: join(tmpdir(), "requorum-test-sandboxes") },
    dialEtcd: ({ port, ...credentials }) =>
      new GrpcEtcdClient({
        host,
        address: { host: "127.0.0.1", port },
        credentials: { ...credentials, source },
        serverNames: ["localhost"],
        onClose: () => Promise.resolve(),
      }),
    dialApi: ({ port, ...credentials }) =>
      new HttpsKubeApi({
        host,
        target: { address: "127.0.0.1", port },
        credentials: { ...credentials, source },
        serverNames: ["localhost"],
        onClose: () => Promise.resolve(),
      }),
    ...differing,
  };
}
