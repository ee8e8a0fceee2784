/**
 * `node bench/snapshot-save.ts [MEBIBYTES]`: a verified, synced snapshot on the
 * operator's disk, beside `etcdctl snapshot save` of the same etcd (which does
 * not check the checksum). Goal: not slower at 400 MB. Real etcd on loopback;
 * "through SSH" goes through a real sshd and OpenSSH's forward, as on a cluster.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createGrpcEtcdDialer, type GrpcEtcdDialerOptions } from "../src/adapters/etcd-grpc/grpc-etcd-dialer.ts";
import { FileRunStore } from "../src/adapters/local-fs/file-run-store.ts";
import { createSshHostAccess } from "../src/adapters/ssh/ssh-host-access.ts";
import { NodeHashing } from "../src/adapters/system/node-hashing.ts";
import { SnapshotTrailer } from "../src/formats/etcd/snapshot-trailer.ts";
import { asHostName, asRunId } from "../src/model/ids.ts";
import { fillEtcd } from "../test/support/fill-etcd.ts";
import { LoopbackHostAccess } from "../test/support/loopback-host-access.ts";
import { RealEtcd } from "../test/support/real-etcd.ts";
import { dialerOptions } from "../test/support/real-etcd-subject.ts";
import { startSshServer } from "../test/support/ssh-server.ts";
import { printTable } from "./measure.ts";

const mebibytes = Number(process.argv[2] ?? "320"); // becomes a db of about 400 MB
const rounds = 5;
const host = asHostName("cp1");
const run = asRunId("20260101-000000-aaaa");

const etcd = await RealEtcd.start({ memberCount: 1 });
const sshServer = await startSshServer();
const ssh = createSshHostAccess(sshServer.clusterConfig(), { controlDirectory: join(sshServer.directory, "c"), keepsConnections: false });
const loopback = new LoopbackHostAccess(etcd.directory);
const runs = new FileRunStore({ stateDirectory: join(etcd.directory, "state"), cluster: "bench" });
const hashing = new NodeHashing();

async function ours(options: GrpcEtcdDialerOptions): Promise<number> {
  const dialer = createGrpcEtcdDialer(options);
  const startedMs = performance.now();
  const client = await dialer.dial(options.config.hosts[0]?.name ?? host, { timeoutMs: 10_000 });
  const trailer = new SnapshotTrailer(hashing.startSha256());
  const writer = await runs.writeArtifact(run, "snapshot.db");
  for await (const chunk of client.snapshot({ idleTimeoutMs: 30_000, expectedBytes: 100_000_000 })) {
    trailer.update(chunk);
    await writer.write(chunk);
  }
  const verdict = trailer.finish();
  if (verdict.kind === "bad") throw new Error(verdict.because);
  await writer.commit();
  const tookMs = performance.now() - startedMs;
  process.stderr.write(
    `${(Number(verdict.sizeBytes) / 1e6).toFixed(0)} MB, ${(Number(verdict.sizeBytes) / 1e3 / tookMs).toFixed(0)} MB/s\n`,
  );
  await dialer.close();
  return tookMs;
}

async function theirs(): Promise<number> {
  const file = join(etcd.directory, "theirs.db");
  const startedMs = performance.now();
  await etcd.etcdctl(host, ["snapshot", "save", file]);
  const tookMs = performance.now() - startedMs;
  await rm(file);
  return tookMs;
}

const sshConfig = sshServer.clusterConfig();
const good = asHostName("good");
const overSsh: GrpcEtcdDialerOptions = {
  ...dialerOptions(etcd, loopback),
  hostAccess: ssh,
  config: { ...sshConfig, hosts: sshConfig.hosts.filter((one) => one.name === good) },
  endpoint: () => ({ address: "127.0.0.1", port: etcd.member(host).clientPort }),
};
const subjects = [
  { name: "etcdctl snapshot save, direct", once: theirs },
  { name: "requorum, direct, sha256 checked, synced", once: () => ours({ ...dialerOptions(etcd, loopback), reach: "direct" }) },
  { name: "requorum through SSH, sha256 checked, synced", once: () => ours(overSsh) },
];

try {
  await fillEtcd(etcd, host, mebibytes);
  await runs.create(run, "{}");
  const times = subjects.map((): number[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, subject] of subjects.entries()) times[index]?.push(await subject.once());
  }
  printTable(
    `snapshot of ${String(mebibytes)} MiB of values`,
    subjects.map(({ name }, index) => {
      const sorted = [...(times[index] ?? [])].sort((a, b) => a - b);
      return {
        name,
        medianMs: sorted[Math.floor(sorted.length / 2)] ?? NaN,
        minMs: sorted[0] ?? NaN,
        maxMs: sorted.at(-1) ?? NaN,
        runs: rounds,
      };
    }),
  );
} finally {
  await ssh.close();
  await sshServer.remove();
  await loopback.close();
  await etcd.close();
}
