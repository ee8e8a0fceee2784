import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { createGrpcEtcdDialer } from "../../src/adapters/etcd-grpc/grpc-etcd-dialer.ts";
import { SystemClock } from "../../src/adapters/system/system-clock.ts";
import { AgeKeyWrapping } from "../../src/adapters/system/age-key-wrapping.ts";
import { asHostName } from "../../src/model/ids.ts";
import { outputDocuments } from "../../src/schemas/output.ts";
import { cli, workDirectory } from "../support/captured-cli.ts";
import { MachinesBelow, kubeadmFiles } from "../support/machines-below.ts";
import { RealEtcd } from "../support/real-etcd.ts";
import { dialerOptions, loopbackConfig } from "../support/real-etcd-subject.ts";

const cp1 = asHostName("cp1");
const directory = workDirectory();
const { recipient } = await new AgeKeyWrapping().newIdentity();
after(() => {
  directory.remove();
});

interface Made {
  readonly set: {
    readonly revision: string;
    readonly hashKv: number;
    readonly etcdVersion: string;
    readonly totalKeys: number;
    readonly marks: readonly { readonly code: string; readonly because: string }[];
  };
}

for (const version of ["3.5", "3.7"])
  test(`backup create: of etcd ${version}, compacted and with deletions, the hashkv is the member's; an etcd that was begun anew is refused`, async (context) => {
    const store = join(directory.path, version);
    const backedUp = await etcdWithBackup(version, store);
    context.after(() => backedUp.close());
    for (let at = 0; at < 12; at += 1)
      await backedUp.etcd.etcdctl(cp1, ["put", `/registry/configmaps/shop/c${String(at % 5)}`, `value ${String(at)}`]);
    await backedUp.etcd.etcdctl(cp1, ["del", "/registry/configmaps/shop/c4"]);
    await backedUp.etcd.etcdctl(cp1, ["compact", "9", "--physical"]);
    const { code, out, err } = await backedUp.create();
    assert.equal(code, 3, err);
    const { set } = outputDocuments["BackupCreated"]?.schema.parse(JSON.parse(out)) as Made;
    assert.deepEqual(
      set.marks.map(({ code: mark }) => mark),
      ["API_DOWN"],
    );
    assert.equal(set.totalKeys, 4);
    assert.ok(set.etcdVersion.startsWith(version));
    const client = await backedUp.dialer.dial(cp1, { timeoutMs: 10_000 });
    assert.equal((await client.hashKv(BigInt(set.revision), { timeoutMs: 10_000 })).hash, set.hashKv);
    await client.close();
    const orphan = await etcdWithBackup(version, store);
    context.after(() => orphan.close());
    const refused = await orphan.create();
    assert.equal(refused.code, 16, refused.err);
    assert.match(refused.err, /OTHER_CLUSTER_ID/);
  });

async function etcdWithBackup(version: string, store: string) {
  const etcd = await RealEtcd.start({ memberCount: 1, version });
  const machines = new MachinesBelow(etcd.directory);
  machines.put(cp1, kubeadmFiles("secret"));
  const dialer = createGrpcEtcdDialer(dialerOptions(etcd, machines));
  const retention = { last: 1, daily: 1, weekly: 1, monthly: 1, neverBelow: 1 };
  const backup = { store, recipients: [recipient], signers: [], source: "follower" as const, retention };
  return {
    etcd,
    dialer,
    create: () =>
      cli(
        ["backup", "create", "-o", "json"],
        { config: { ...loopbackConfig([cp1]), backup }, ports: { hostAccess: machines, etcd: dialer, clock: new SystemClock() } },
        directory.path,
      ),
    close: async () => {
      await dialer.close();
      await machines.close();
      await etcd.close();
    },
  };
}
