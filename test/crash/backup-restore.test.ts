import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test, type TestContext } from "node:test";
import { backupRestoreWorld, type FileOfSet } from "../support/backup-restore-world.ts";
import { workDirectory } from "../support/captured-cli.ts";
import { firstSet, secondSet, setWorld, writeSet } from "../support/set-world.ts";
import { DirectoryStore } from "../../src/adapters/backup-store/directory-store.ts";
import { backupRestoreSchema } from "../../src/schemas/backup-output.ts";
import { TestAuthority } from "../support/etcd-certificates.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import { outputDocuments } from "../../src/schemas/output.ts";

const secret = "planted-secret-8d21";
const cfg = "/etc/haproxy/haproxy.cfg";
const caKey = "/etc/kubernetes/pki/ca.key";
const caCrt = "/etc/kubernetes/pki/ca.crt";
const authority = { crt: "", key: "" };
before(async () => {
  const directory = workDirectory();
  const { caFile } = await TestAuthority.make(directory.path, "ca");
  Object.assign(authority, { crt: readFileSync(caFile, "utf8"), key: readFileSync(caFile.replace(/crt$/, "key"), "utf8") });
  directory.remove();
});
const filesOfSet = (): readonly FileOfSet[] => [
  ["load-balancer", cfg, `frontend api\n  bind *:8443\n  stats auth admin:${secret}\n  timeout client 30s\n`, 0o644],
  ["pki", caCrt, authority.crt, 0o644],
  ["pki", caKey, `key ${secret}\n${authority.key}`, 0o600],
  ["encryption-config", "/etc/kubernetes/enc.yaml", `secret: ${secret}\n`, 0o600],
];

async function setting(context: TestContext, cluster = "north") {
  const files = filesOfSet();
  const world = await backupRestoreWorld(context, { cluster, files });
  world.machines.set("cp2", caCrt, { text: files[1]![2], mode: 0o644 });
  world.machines.set("cp2", "/etc/kubernetes/enc.yaml", { text: files[3]![2] });
  return { ...world, files };
}

test("backup restore: one configuration file is shown as a diff without secrets, restored after consent, and the run says so", async (context) => {
  const { machines, restore, runs, files } = await setting(context);
  machines.set("cp1", cfg, { text: `frontend api\n  bind *:6443\n  stats auth admin:old-${secret}\n  timeout client 30s\n`, mode: 0o644 });
  const { code, out, err } = await restore(["--path", cfg], ["north"]);
  assert.equal(code, 0, err + out);
  assert.match(err, /- {3}bind \*:6443/);
  assert.match(err, /\+ {3}bind \*:8443/);
  assert.match(err, /systemctl reload haproxy/);
  assert.match(err, /made 2.* old/);
  assert.equal(machines.text("cp1", cfg), files[0]![2]);
  const [run] = await runs.list();
  const kept = JSON.stringify([await runs.readPlan(run!), await runs.readJournal(run!), machines.words, out, err]);
  assert.equal(kept.includes(secret), false);
  assert.match((await restore(["--path", cfg])).out, /NOTHING TO DO/);
});

test("backup restore: PKI is restored when another machine has the same CA, refused when it has another, accepted only by name", async (context) => {
  const { machines, restore, files } = await setting(context);
  machines.set("cp1", caKey, { text: "lost", mode: 0o644 });
  machines.set("cp2", caCrt, { text: "another CA\n" });
  const refused = await restore(["--pki"]);
  assert.equal(refused.code, 12, refused.err);
  assert.match(refused.out, /not the CA that cp2 uses.*about \S*ca\.key.*--accept OTHER_CA/s);
  assert.match((await restore(["--pki", "--accept", "OTHER_CAT"])).err, /--accept.*OTHER_CAT: say OTHER_CA, /s);
  assert.match(
    (await restore(["--pki", "--accept", "OTHER_CA=/etc/kubernetes/pki/typo.key"])).err,
    /no file that was asked for has that path/,
  );
  assert.match((await restore(["--pki", "--accept", `OTHER_CA=/etc/../${caKey}`])).err, /--accept.*: say OTHER_CA, /s);
  assert.doesNotMatch((await restore(["--pki", "--accept", `OTHER_CA=/etc//kubernetes/./pki/ca.key`])).out, /about \S*ca\.key/);
  const accepted = await restore(["--pki", "--accept", "OTHER_CA"], ["no"]);
  assert.match(accepted.err, /none of them destructive.*accepted though not proven: OTHER_CA \(.*cp2 uses.*\): \S*ca\.key.*type the name/s);
  assert.equal(machines.text("cp1", caKey), "lost");
  machines.set("cp2", caCrt, { text: files[1]![2] });
  machines.set("cp1", "/etc/kubernetes/pki/stranger.key", { text: secret });
  const done = await restore(["--pki"], ["north"]);
  assert.equal(done.code, 0, done.err);
  assert.match(done.err, /only on the machine, and left alone: .*stranger\.key/);
  assert.deepEqual([machines.text("cp1", caKey), machines.mode("cp1", caKey)], [files[2]![2], "600"]);
  assert.equal(`${done.out}${done.err}`.includes(secret), false);
});

test("backup restore --out and apply: the plan holds no content, is carried out later, and is stale when the file was changed in between", async (context) => {
  const { machines, restore, call, typed, directory, files } = await setting(context);
  machines.set("cp1", "/etc/kubernetes/enc.yaml", { text: `secret: old-${secret}\n` });
  const made = await restore(["--encryption-config", "--out", "plan.json", "-o", "json"]);
  assert.equal(made.code, 0, made.err);
  const document = JSON.parse(made.out) as { readonly plan: { readonly digest: string } };
  assert.doesNotThrow(() => outputDocuments["BackupRestore"]?.schema.parse(document));
  assert.equal(`${made.out}${readFileSync(join(directory, "plan.json"), "utf8")}`.includes(secret), false);
  const approve = ["--approve", document.plan.digest.slice(0, 12)];
  machines.set("cp1", "/etc/kubernetes/enc.yaml", { text: "edited meanwhile\n" });
  const stale = await call(["apply", "plan.json", ...approve]);
  assert.equal(stale.code, 12, stale.err);
  assert.match(stale.out, /somebody changed it/);
  assert.match(stale.out, /requorum backup restore \S+ --host cp1 --kind encryption-config /);
  assert.equal(machines.text("cp1", "/etc/kubernetes/enc.yaml"), "edited meanwhile\n");
  machines.set("cp1", "/etc/kubernetes/enc.yaml", { text: `secret: old-${secret}\n` });
  // As it is printed: what opens the set was typed to apply, and resume needs it again.
  const [, hint = ""] = /\n {4}requorum (resume .*)\n/.exec(stale.out) ?? [];
  const applied = await typed(hint);
  assert.equal(applied.code, 0, applied.err);
  assert.equal(machines.text("cp1", "/etc/kubernetes/enc.yaml"), files[3]![2]);
});

test("backup restore latest --out -o json: a newer set of an unknown signer is named in the document", async (context) => {
  const { machines, call, directory } = await setting(context);
  machines.set("cp1", cfg, { text: "frontend api\n", mode: 0o644 });
  const stranger = setWorld(new DirectoryStore(join(directory, "store")));
  await writeSet(stranger.writing, {}, { id: secondSet, facts: { createdAt: "2026-03-01T04:00:00.000Z" } });
  const made = await call(["backup", "restore", "latest", "--host", "cp1", "--path", cfg, "--out", "plan.json", "-o", "json"]);
  assert.deepEqual([made.code, made.err], [0, ""]);
  const { set, passedOver } = backupRestoreSchema.parse(JSON.parse(made.out));
  assert.deepEqual([set, passedOver.map(({ id }) => id)], [firstSet, [secondSet]]);
  assert.match(passedOver[0]?.command ?? "", new RegExp(`^requorum backup restore ${secondSet} --host cp1 .*--trust-signer`));
});

test("backup restore: wrong words, another cluster's set and etcd's data are refused with the way on", async (context) => {
  const { restore } = await setting(context, "south");
  assert.match((await restore([])).err, /say what is put back/);
  assert.match((await restore(["--path", "etc/x"])).err, /no absolute path/);
  assert.match((await restore(["--pki"])).err, /it is of cluster south; the configuration is of north/);
  const own = await setting(context);
  assert.match((await own.restore(["--path", "/var/lib/etcd/member"])).err, /snapshot restore/);
  assert.match((await own.restore(["--kind", "kubelet"])).err, /nothing of that kind of cp1/);
});

test("backup restore: a machine that misses one look is looked at again before it blocks anything", async (context) => {
  const { machines, restore, files } = await setting(context);
  machines.set("cp1", caKey, { text: "lost" });
  let looks = 0;
  machines.beforeRun = (host, { reason }) => {
    if (host !== "cp1" || reason !== "read the machine's facts") return;
    looks += 1;
    if (looks === 2) throw new RecoveryError("SSH_CONNECTION_LOST", { subject: "host cp1", detail: "the line went" });
  };
  const { code, err, out } = await restore(["--path", caKey], ["north"]);
  assert.equal(code, 0, err + out);
  assert.equal(machines.text("cp1", caKey), files[2]![2]);
});

test("backup restore: why another machine could not be asked for its CA is said", async (context) => {
  const { machines, restore } = await setting(context);
  machines.set("cp1", caKey, { text: "lost" });
  machines.beforeRun = (host, { reason }) => {
    if (host === "cp2" && reason.startsWith("look at the files"))
      throw new RecoveryError("SSH_AUTH_FAILED", { subject: "host cp2", detail: "none of the keys" });
  };
  const { code, out } = await restore(["--path", caKey]);
  assert.equal(code, 12, out);
  assert.match(out.replaceAll(/\s+/g, " "), /cp2: it could not be asked: SSH_AUTH_FAILED: none of the keys/);
});
