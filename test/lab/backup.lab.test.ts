/**
 * Backup sets of a real cluster: made from three machines with secrets
 * encrypted at rest, also while machines and quorum are lost; then everything
 * is destroyed, and the store, an identity and the signer's public key are
 * what is left. The tests follow each other, like a bad day.
 */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createSshHostAccess } from "../../src/adapters/ssh/ssh-host-access.ts";
import { asHostName } from "../../src/model/ids.ts";
import { readClusterConfig } from "../../src/schemas/config.ts";
import { field, LabSession, list, type Ended, type Json } from "../support/lab-session.ts";
import { PlantedWords } from "../support/planted-words.ts";

const session = new LabSession("ci-bak");
/** Prints secrets because it is asked to: its outputs are not searched. */
const printing = new LabSession("ci-bak");
const names = ["cp1", "cp2", "cp3"] as const;
const store = join(session.scratch, "store");
const escrow = join(session.scratch, "escrow.txt");
/** What the operator's machine keeps; lost in the end. */
const kept = { XDG_STATE_HOME: join(session.scratch, "state") };
/** Another machine, after the disaster: no configuration, no state. */
const elsewhere = { XDG_STATE_HOME: join(session.scratch, "elsewhere"), XDG_CONFIG_HOME: join(session.scratch, "no-configuration") };
const kubectl = "kubectl --kubeconfig /etc/kubernetes/admin.conf";
const words = new PlantedWords();
const password = words.plant("the secret's value", `planted-${randomBytes(12).toString("hex")}`);
const encryptionKey = words.plant("the key of encryption at rest", randomBytes(32).toString("base64"));
const encryption = `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [secrets]
    providers:
      - aescbc: { keys: [{ name: key1, secret: ${encryptionKey} }] }
      - identity: {}
`;
const secret = `apiVersion: v1
kind: Secret
metadata: { name: planted, namespace: default }
stringData: { password: ${password} }
`;
/** Of the machines' files, by "cp1:/etc/…", before anything was lost. */
const sha256s = new Map<string, string>();
let first: Json = {};
let signer = "";

before(async () => {
  await session.run(["lab", "down", "--name", session.name]);
  await session.lab("up", "--control-planes", "3", "--objects", "300");
  await onMachines(names, encryptAtRest, encryption);
  await onMachines(["cp1"], `${kubectl} create -f "$REQUORUM_INPUT"`, secret);
  // Those from before are written again, as Kubernetes' own page of instructions says.
  await onMachines(["cp1"], `${kubectl} get secrets -A -o json | ${kubectl} replace -f - | wc -l`);
  const told = await onMachines(
    names,
    "cd / && sha256sum $(find /etc/kubernetes/pki /etc/kubernetes/enc /etc/keepalived /etc/haproxy -type f)",
  );
  for (const [host, text] of told)
    for (const [, sum = "", path = ""] of text.matchAll(/^([0-9a-f]{64}) {2}(.+)$/gm)) sha256s.set(`${host}:${path}`, sum);
  for (const file of ["ca.key", "sa.key", "etcd/ca.key"])
    words.plant(`a line of ${file}`, (await onMachines(["cp1"], `sed -n 5p /etc/kubernetes/pki/${file}`)).get("cp1")?.trim() ?? "");
  await session.expect(0, ["backup", "keygen", "--out", escrow]);
  const [recipient = ""] = /age1[a-z0-9]+/.exec(readFileSync(escrow, "utf8")) ?? [];
  words.plant("the identity", /AGE-SECRET-KEY-1[A-Z0-9]+/.exec(readFileSync(escrow, "utf8"))?.[0] ?? "");
  appendFileSync(session.config, `backup:\n  store: ${store}\n  recipients: [${recipient}]\n`);
  await session.healthy(3);
  words.watchProcesses();
});

after(async () => {
  words.stopWatching();
  await session.run(["lab", "down", "--name", session.name]);
  rmSync(session.scratch, { recursive: true, force: true });
  rmSync(printing.scratch, { recursive: true, force: true });
});

/** Waits until an API server runs that was started with the configuration. */
const encryptAtRest = String.raw`set -eu
umask 077
mkdir -p /etc/kubernetes/enc
cp "$REQUORUM_INPUT" /etc/kubernetes/enc/config.yaml
manifest=/etc/kubernetes/manifests/kube-apiserver.yaml
sed -e 's|^    - kube-apiserver$|&\n    - --encryption-provider-config=/etc/kubernetes/enc/config.yaml|' \
  -e 's|^    volumeMounts:$|&\n    - { mountPath: /etc/kubernetes/enc, name: enc, readOnly: true }|' \
  -e 's|^  volumes:$|&\n  - { hostPath: { path: /etc/kubernetes/enc, type: Directory }, name: enc }|' "$manifest" >/etc/kubernetes/new.yaml
mv /etc/kubernetes/new.yaml "$manifest"
for second in $(seq 150); do
  sleep 1
  pgrep -f '^kube-apiserver.*encryption-provider-config' >/dev/null || continue
  curl -sk --max-time 3 https://127.0.0.1:6443/readyz | grep -qx ok && exit 0
done
echo "the API server did not come back with its encryption configuration" >&2
exit 1
`;

/** A script on machines at once; secrets go in and out over the connection, never as words of a command. */
async function onMachines(hosts: readonly string[], script: string, input?: string): Promise<ReadonlyMap<string, string>> {
  const access = createSshHostAccess(readClusterConfig(readFileSync(session.config, "utf8"), session.config), { keepsConnections: false });
  try {
    const answers = hosts.map(async (host) => {
      const result = await access.run(asHostName(host), {
        reason: "setting up the backup test",
        script,
        ...(input === undefined ? {} : { input: Buffer.from(input) }),
        timeoutMs: 180_000,
        changesThings: true,
      });
      assert.equal(result.exitCode, 0, `${host}: ${result.stderr}`);
      return [host, result.stdout] as const;
    });
    return new Map(await Promise.all(answers));
  } finally {
    await access.close();
  }
}

function backup(exits: number, ...verb: readonly string[]): Promise<Ended> {
  return session.expect(exits, session.on("backup", ...verb), kept);
}

async function backupJson(exits: number, ...verb: readonly string[]): Promise<Json> {
  return JSON.parse((await backup(exits, ...verb, "-o", "json")).stdout) as Json;
}

function marksOf(created: Json): readonly string[] {
  return [...new Set(list(created, "set.marks").map(({ code }) => String(code)))].sort();
}

function setNames(): readonly string[] {
  return readdirSync(join(store, "sets")).sort();
}

function storedBytes(): number {
  return readdirSync(join(store, "packs"), { recursive: true, encoding: "utf8" })
    .map((name) => statSync(join(store, "packs", name)))
    .reduce((sum, one) => sum + (one.isFile() ? one.size : 0), 0);
}

async function followers(): Promise<readonly string[]> {
  const members = list(await session.healthy(3), "members");
  return members.filter((member) => member["isLeader"] !== true).map((member) => String(member["host"]));
}

test("lab backup: a healthy cluster gives a set without marks, with every machine's files and the cluster's records, of a follower", async (context) => {
  first = await backupJson(0, "create");
  assert.deepEqual(marksOf(first), []);
  context.diagnostic(
    `created in ${String(first["tookSeconds"])} s: snapshot of ${String(field(first, "set.snapshotBytes"))} bytes, ${String(storedBytes())} bytes of packs`,
  );
  const shown = await backupJson(0, "show");
  const contents = list(shown, "contents");
  for (const host of names) {
    const kinds = new Map(contents.filter((one) => one["host"] === host).map((one) => [String(one["kind"]), Number(one["count"])]));
    assert.deepEqual(
      [...kinds.keys()].sort(),
      ["container-runtime", "encryption-config", "kubeconfig", "kubelet", "load-balancer", "pki", "static-pod"],
      host,
    );
    assert.deepEqual([kinds.get("encryption-config"), kinds.get("static-pod")], [1, 4], host);
  }
  assert.equal(contents.find(({ kind }) => kind === "cluster-record")?.["count"], 6);
  assert.ok((await followers()).includes(String(field(first, "set.sourceHost"))));
  const listed = await backupJson(0, "list");
  signer = String(listed["publicKey"]);
  assert.equal(list(listed, "sets").length, 1);
});

test("lab backup: a second set is of the same member and stores little; objects come out of it; its difference to the running cluster is told", async (context) => {
  const before = storedBytes();
  const second = await backupJson(0, "create");
  const added = storedBytes() - before;
  context.diagnostic(`the second set stored ${String(added)} bytes beside the first one's ${String(before)}`);
  assert.equal(field(second, "set.sourceHost"), field(first, "set.sourceHost"));
  assert.ok(added < before * 0.6, `${String(added)} bytes beside ${String(before)}`);
  await session.ssh("cp1", `${kubectl} create configmap after-the-set --from-literal=a=b`);
  const { stdout } = await backup(3, "diff", "latest", "live");
  assert.match(stdout, /after-the-set/);
  assert.match((await secretFrom(session.on("backup", "get", "latest"), kept)).stderr, /encryption configuration: cp1:/);
});

/** As `backup get` prints it; fails when it is not what was planted. */
async function secretFrom(verb: readonly string[], environment: NodeJS.ProcessEnv): Promise<Ended> {
  const [program = "", get = "", set = "", ...options] = verb;
  const got = await printing.expect(0, [program, get, set, "secret/planted", "--namespace", "default", ...options], environment);
  const [, value = ""] = /^ {2}password: (\S+)$/m.exec(got.stdout) ?? [];
  assert.equal(Buffer.from(value, "base64").toString(), password);
  return got;
}

test("lab backup: a machine's lost PKI and a changed load balancer configuration are put back from the set, and its API server starts with them", async () => {
  const [host = ""] = await followers();
  await onMachines([host], loseFiles);
  const plan = join(session.scratch, "put-back.json");
  const chosen = ["latest", "--host", host, "--pki", "--path", "/etc/haproxy/haproxy.cfg"];
  const { stdout } = await backup(0, "restore", ...chosen, "--out", plan);
  assert.match(stdout, /^ *- *# nobody knows who wrote this$/m, "the line that is on the machine only");
  const digest = String(field(JSON.parse(readFileSync(plan, "utf8")), "digest"));
  await session.expect(0, session.on("apply", plan, "--approve", digest), kept);
  const told =
    (
      await onMachines(
        [host],
        "cd / && sha256sum $(find /etc/kubernetes/pki /etc/haproxy -type f); stat -c '%a %U %n' /etc/kubernetes/pki/sa.key",
      )
    ).get(host) ?? "";
  const sums = [...told.matchAll(/^([0-9a-f]{64}) {2}(.+)$/gm)].map(([, sum = "", path = ""]) => [path, sum] as const);
  const expected = [...sha256s].filter(
    ([place]) => /^[^:]+:\/etc\/(?:kubernetes\/pki|haproxy)\//.test(place) && place.startsWith(`${host}:`),
  );
  assert.ok(expected.length >= 20, `only ${String(expected.length)} files were expected`);
  assert.deepEqual(sums.map(([path, sum]) => [`${host}:${path}`, sum] as const).sort(), expected.sort());
  assert.match(told, /^600 root \/etc\/kubernetes\/pki\/sa\.key$/m);
  await onMachines([host], restartApiServer);
  assert.match((await backup(0, "restore", ...chosen)).stdout, /nothing/i);
  await session.healthy(3);
});

/** The PKI is moved where a person would keep it, and the configuration gets a line. */
const loseFiles = String.raw`set -eu
mv /etc/kubernetes/pki /root/pki-of-before
echo "# nobody knows who wrote this" >>/etc/haproxy/haproxy.cfg
`;

/** It reads its certificates when it starts. */
const restartApiServer = String.raw`set -eu
before=$(pgrep -f '^kube-apiserver' | head -n 1)
kill "$before"
for second in $(seq 150); do
  sleep 1
  now=$(pgrep -f '^kube-apiserver' | head -n 1) || continue
  [ "$now" != "$before" ] || continue
  curl -sk --max-time 3 https://127.0.0.1:6443/readyz | grep -qx ok && exit 0
done
echo "the API server did not come back with the certificates of the set" >&2
exit 1
`;

test("lab backup: Ctrl-C at any time of a create leaves no set, no claim and no leftover", async () => {
  const [sets, bytes] = [setNames(), storedBytes()];
  for (const afterMs of [700, 1_700, 2_500]) {
    const running = session.start(session.on("backup", "create"), kept);
    await sleep(afterMs);
    running.child.kill("SIGINT");
    const { code, stderr } = await running.ended;
    // One that was done by then is done.
    if (code === 0) continue;
    assert.equal(code, 130, stderr);
    assert.deepEqual([setNames(), storedBytes()], [sets, bytes]);
  }
  assert.deepEqual(readdirSync(join(store, "claims")), []);
});

test("lab backup: who has another identity opens nothing, and is no evidence against the set", async () => {
  const other = join(session.scratch, "other.txt");
  await session.expect(0, ["backup", "keygen", "--out", other]);
  const { stdout } = await backup(10, "verify", "--identity", other);
  assert.match(stdout, /V2 +unknown .*\n.*BACKUP_KEY_WRONG/);
  assert.match((await backup(0, "list")).stdout, /V1/);
});

test("lab backup: with a machine down the set says so; without quorum it is refused, and made when that is accepted", async () => {
  const [one = "", other = ""] = await followers();
  const source = names.find((name) => name !== one && name !== other) ?? "";
  await session.lab("break", "power-off", one);
  assert.deepEqual(marksOf(await backupJson(3, "create")), ["MACHINE_UNREACHED", "MEMBER_UNHEALTHY"]);

  await session.lab("break", "power-off", other);
  const sets = setNames();
  const refused = await backup(16, "create");
  assert.match(refused.stderr, /NO_QUORUM: .*--accept NO_QUORUM/s);
  assert.deepEqual(setNames(), sets);
  const alone = await backupJson(3, "create", "--accept", "NO_QUORUM");
  assert.deepEqual(marksOf(alone), ["API_DOWN", "MACHINE_UNREACHED", "MEMBER_UNHEALTHY", "NO_QUORUM"]);
  assert.match(String(field(alone, "set.kubernetesVersion")), /^v1\.34\./);

  // As who restores by hand begins: both manifests away, and to where nobody looks.
  await onMachines([source], stopStaticPods);
  assert.match((await backup(16, "create")).stderr, /OFFLINE_COPY: .*--accept NO_QUORUM --accept OFFLINE_COPY/s);
  const offline = await backupJson(3, "create", "--accept", "NO_QUORUM", "--accept", "OFFLINE_COPY");
  assert.equal(field(offline, "set.form"), "data-dir");
  assert.deepEqual(marksOf(offline), ["API_DOWN", "MACHINE_UNREACHED", "NO_QUORUM", "OFFLINE_COPY", "PART_MISSING"]);
  await secretFrom(session.on("backup", "get", "latest"), kept);
});

const stopStaticPods = String.raw`set -eu
mkdir -p /root/aside
mv /etc/kubernetes/manifests/etcd.yaml /etc/kubernetes/manifests/kube-apiserver.yaml /root/aside/
pkill -x etcd || true
for second in $(seq 60); do
  pgrep -x etcd >/dev/null || exit 0
  sleep 1
done
echo "etcd did not stop" >&2
exit 1
`;

test("lab backup: everything is destroyed; from the store, an identity and a public key etcd and the API start with the same data", async (context) => {
  const id = String(field(first, "set.id"));
  const dataKeys = readdirSync(join(kept.XDG_STATE_HOME, "requorum/backup-keys/stores"));
  for (const name of dataKeys)
    words.plant(
      "the data key",
      String(field(JSON.parse(readFileSync(join(kept.XDG_STATE_HOME, "requorum/backup-keys/stores", name), "utf8")), "key")),
    );
  await session.lab("down");
  rmSync(kept.XDG_STATE_HOME, { recursive: true });
  mkdirSync(elsewhere.XDG_STATE_HOME, { mode: 0o700 });

  const alone = ["--store", store, "--trust-signer", signer];
  const opened = [...alone, "--identity", escrow];
  const drill = JSON.parse((await session.expect(0, ["backup", "drill", id, ...opened, "-o", "json"], elsewhere)).stdout) as Json;
  const levels = list(drill, "levels");
  assert.deepEqual(
    levels.map(({ level, verdict }) => `${String(level)} ${String(verdict)}`),
    ["V0", "V1", "V2", "V3", "V4", "V5"].map((level) => `${level} holds`),
  );
  const said = (level: string): string =>
    String((levels.find((one) => one["level"] === level)?.["because"] as string[] | undefined)?.join("\n"));
  const revision = String(field(first, "set.revision"));
  assert.ok(
    said("V4").includes(`serves revision ${revision} with hashkv ${String(field(first, "set.hashKv"))}, as the set has it`),
    said("V4"),
  );
  assert.match(said("V5"), new RegExp(`lists \\d{3,} objects of \\d+ resources at revision ${revision}, as many as the set has of each`));
  assert.match(said("V5"), /[1-9]\d* encrypted at rest/);
  assert.match(said("V3"), /(\d{2,}) encrypted values of \1 opened with the keys of the set/);
  context.diagnostic(`drill: ${JSON.stringify(drill["drill"])}; ${said("V4")}; ${said("V5")}`);

  const listed = JSON.parse((await session.expect(0, ["backup", "list", ...alone, "-o", "json"], elsewhere)).stdout) as Json;
  const proof = list(listed, "sets").find((one) => field(one, "set.id") === id);
  assert.deepEqual([field(proof, "proof.level"), field(proof, "proof.score")], ["V5", 100]);
  assert.ok(Number(field(proof, "proof.expectedRto.apiSeconds")) > 0);

  await secretFrom(["backup", "get", id, ...opened], elsewhere);
  const to = join(session.scratch, "unsealed");
  await session.expect(0, ["backup", "unseal", id, ...opened, "--to", to], elsewhere);
  assert.ok(sha256s.size >= 90, `only ${String(sha256s.size)} files were looked at`);
  const differing = [...sha256s].filter(
    ([place, sum]) =>
      createHash("sha256")
        .update(readFileSync(join(to, place.replace(":", ""))))
        .digest("hex") !== sum,
  );
  assert.deepEqual(differing, []);
  rmSync(to, { recursive: true });
});

test("lab backup: no planted secret stands in clear in the store, in what this machine kept, in what was printed, or in any command line", () => {
  for (const folder of [store, elsewhere.XDG_STATE_HOME]) assert.deepEqual(words.inFolder(folder), [], folder);
  assert.deepEqual(words.inTexts(session.outputs), []);
  assert.deepEqual(
    words.inTexts([printing.outputs.filter((_, at) => at % 2 === 1).join("")]),
    [],
    "what `backup get` says beside the objects",
  );
  assert.ok(words.looksAtProcesses > 100, `only ${String(words.looksAtProcesses)} looks at the processes`);
  assert.deepEqual(words.seenInProcesses, []);
});
