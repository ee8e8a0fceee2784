/**
 * `requorum` as a process of its own, wired to one real etcd on loopback that
 * does not listen on port 2379, as a bench needs it: everything but the way to
 * the machine is the program's own. Reads a BenchProgram from the environment.
 */
import { createGrpcEtcdDialer } from "../src/adapters/etcd-grpc/grpc-etcd-dialer.ts";
import type { CertificatePaths } from "../src/adapters/etcd-grpc/etcd-credentials.ts";
import { createSshHostAccess } from "../src/adapters/ssh/ssh-host-access.ts";
import { SystemClock } from "../src/adapters/system/system-clock.ts";
import type { ClusterConfig } from "../src/model/cluster-config.ts";
import { cli } from "../test/support/captured-cli.ts";
import { MachinesBelow } from "../test/support/machines-below.ts";

export interface BenchProgram {
  readonly config: ClusterConfig;
  /** For state, cache and sockets. */
  readonly work: string;
  /** Of the etcd on 127.0.0.1. */
  readonly clientPort: number;
  readonly certificates: CertificatePaths;
  /** Where the machines' files lie. */
  readonly machines: string;
  /** "direct": TCP to etcd, scripts in a local sh; "ssh": all through OpenSSH and a real sshd. */
  readonly reach: "direct" | "ssh";
}

const { config, work, clientPort, certificates, machines, reach } = JSON.parse(process.env["REQUORUM_BENCH_PROGRAM"] ?? "") as BenchProgram;
const hostAccess =
  reach === "direct"
    ? new MachinesBelow(machines)
    : createSshHostAccess(config, { controlDirectory: `${work}/c`, keepsConnections: false });
const etcd = createGrpcEtcdDialer({
  hostAccess,
  config,
  reach: reach === "direct" ? "direct" : "forward",
  certificatePaths: () => [certificates],
  endpoint: () => ({ address: "127.0.0.1", port: clientPort }),
});
const result = await cli(process.argv.slice(2), { config, ports: { hostAccess, etcd, clock: new SystemClock() } }, work);
await etcd.close();
await hostAccess.close();
process.stdout.write(result.out);
process.stderr.write(result.err);
process.exit(result.code);
