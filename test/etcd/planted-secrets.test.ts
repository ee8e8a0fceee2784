/**
 * Secrets of a cluster whose backups work: planted in its etcd, its machines
 * and in what opens set and store, they are searched for while sets are made,
 * proven and pruned in a store of each kind. What only a failure says, and the
 * installed units: test/program/planted-secrets.test.ts.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { createGrpcEtcdDialer } from "../../src/adapters/etcd-grpc/grpc-etcd-dialer.ts";
import { AgeKeyWrapping } from "../../src/adapters/system/age-key-wrapping.ts";
import { SystemClock } from "../../src/adapters/system/system-clock.ts";
import type { ClusterConfig } from "../../src/model/cluster-config.ts";
import { asHostName } from "../../src/model/ids.ts";
import { cli, workDirectory } from "../support/captured-cli.ts";
import { MachinesBelow, kubeadmFiles } from "../support/machines-below.ts";
import { PlantedWords } from "../support/planted-words.ts";
import { RealEtcd } from "../support/real-etcd.ts";
import { dialerOptions, loopbackConfig } from "../support/real-etcd-subject.ts";
import { s3TestCredentials } from "../support/s3-server.ts";
import { sshdMissing } from "../support/ssh-server.ts";
import { trialServer, trialStores, type TrialStore } from "../support/trial-server.ts";
import { webhookReceiver } from "../support/webhook-receiver.ts";

const words = new PlantedWords();
const plant = (what: string) => words.plant(what, `planted-${what.replaceAll(" ", "-")}-${randomBytes(9).toString("hex")}`);
const inMachines = plant("a file of a machine");
const inEtcd = plant("an object");
const passphrase = plant("the passphrase");
const hookToken = plant("the token of the webhook");
words.plant("the S3 secret key", s3TestCredentials.secretAccessKey);
// As the unit's drop-in gives them to the program.
process.env["AWS_ACCESS_KEY_ID"] = s3TestCredentials.accessKeyId;
process.env["AWS_SECRET_ACCESS_KEY"] = s3TestCredentials.secretAccessKey;
process.env["AWS_EC2_METADATA_DISABLED"] = "true";

const cp1 = asHostName("cp1");
const etcd = await RealEtcd.start({ memberCount: 1, version: "3.6" });
const machines = new MachinesBelow(etcd.directory);
const dialer = createGrpcEtcdDialer(dialerOptions(etcd, machines));
const { identity, recipient } = await new AgeKeyWrapping().newIdentity();
words.plant("the identity", identity);
machines.put(cp1, kubeadmFiles(inMachines));
const { dataDir } = etcd.member(cp1);
machines.mount(cp1, dataDir);
await etcd.etcdctl(cp1, ["put", "/registry/secrets/shop/login", inEtcd]);
after(async () => {
  await dialer.close();
  await machines.close();
  await etcd.close();
});

async function webhook(context: TestContext) {
  const { bodies, origin } = await webhookReceiver(context);
  return { bodies, url: `${origin}/${hookToken}` };
}

/** `left` is searched; `held` is where the owner of the secrets keeps them. */
function places(context: TestContext) {
  const directory = workDirectory();
  context.after(() => {
    directory.remove();
  });
  const [left, held] = [join(directory.path, "left"), join(directory.path, "held")];
  for (const path of [left, held, join(left, "served")]) mkdirSync(path);
  const hold = (name: string, text: string): string => {
    writeFileSync(join(held, name), `${text}\n`, { mode: 0o600 });
    return join(held, name);
  };
  return { left, held, served: join(left, "served"), hold };
}

async function searchAfterWork(context: TestContext, kind: TrialStore): Promise<void> {
  const { left, held, served, hold } = places(context);
  const hook = await webhook(context);
  const server = await trialServer(kind, served);
  try {
    const { place, s3, sshConfigFile } = server.placeOf("planted");
    const loopback = loopbackConfig([cp1]);
    const config: ClusterConfig = {
      ...loopback,
      ssh: { ...loopback.ssh, ...(sshConfigFile === undefined ? {} : { configFile: sshConfigFile }) },
      paths: { ...loopback.paths, etcdDataDir: dataDir },
      backup: {
        store: place,
        ...(s3 === undefined ? {} : { s3 }),
        recipients: [recipient],
        passphraseFile: hold("passphrase", passphrase),
        signers: [],
        source: "follower",
        retention: { last: 1, daily: 0, weekly: 0, monthly: 0, neverBelow: 1 },
        schedule: { verify: "V2", reverify: "V1", prune: "apply" },
        metrics: { textfile: join(left, "requorum.prom") },
        webhook: { urlFile: hold("hook", hook.url) },
      },
    };
    const said: string[] = [];
    const requorum = async (...line: readonly string[]): Promise<void> => {
      const { code, out, err } = await cli(line, { config, ports: { hostAccess: machines, etcd: dialer, clock: new SystemClock() } }, left);
      // 3: the API is down, which is a mark.
      assert.ok(code === 0 || code === 3, `${line.join(" ")}: ${String(code)}: ${out}${err}`);
      said.push(out, err);
    };
    const looksBefore = words.looksAtProcesses;
    words.watchProcesses();
    try {
      await requorum("backup", "create");
      await requorum("backup", "create", "-o", "json");
      await requorum("backup", "show", "-o", "yaml");
      await requorum("backup", "verify", "--level", "V2");
      // As the unit calls it: the passphrase where systemd puts it, and both streams into the journal.
      await requorum("backup", "run", "--credential", hold("credential", passphrase));
      await requorum("backup", "run", "--credential", hold("credential", passphrase), "-o", "json");
      await requorum("status");
    } finally {
      words.stopWatching();
    }
    assert.ok(words.looksAtProcesses > looksBefore, "command lines were looked at");
    assert.deepEqual(words.seenInProcesses, [], "in command lines");
    assert.match(said.join(""), /V2/);
    assert.deepEqual(words.inTexts(said), [], "in what is said");
    assert.ok(hook.bodies.length >= 2, "the webhook was told");
    assert.deepEqual(words.inTexts(hook.bodies), [], "in what the webhook was told");
    assert.deepEqual(words.inFolder(left), [], "on disk");
    for (const directory of server.directories) assert.deepEqual(words.inFolder(directory), [], "in the store");
    assert.ok(words.inFolder(held).length >= 3 && words.inFolder(etcd.directory).length > 0, "the search finds what is in clear");
  } finally {
    await server.closeServer();
  }
}

for (const kind of trialStores)
  test(
    `planted secrets of a cluster whose sets are made, proven and pruned are nowhere in clear: ${kind} store`,
    { skip: kind === "ssh" ? sshdMissing : false },
    (context) => searchAfterWork(context, kind),
  );
