import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { backupRestoreWorld } from "../support/backup-restore-world.ts";
import { TestAuthority } from "../support/etcd-certificates.ts";

const pki = "/etc/kubernetes/pki";
const kubelet = "/var/lib/kubelet/pki";
const [rotated, current, renewed] = ["2024-01-01-00-00-00", "2025-06-01-00-00-00", "2026-02-01-00-00-00"].map(
  (date) => `${kubelet}/kubelet-client-${date}.pem`,
) as [string, string, string];

/** Certificates of a real CA, by the clock of these tests, which stands at 2026-03-01. */
async function certificates(context: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "requorum-restore-certificates-"));
  context.after(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  const authority = await TestAuthority.make(directory, "own-ca");
  const other = await TestAuthority.make(directory, "new-ca");
  const issued = async (name: string, until: string, by = authority) => {
    const { certificate, key } = await by.issue(name, { names: ["a"], until: new Date(until) });
    return { crt: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") };
  };
  return {
    ca: readFileSync(authority.caFile, "utf8"),
    otherCa: readFileSync(other.caFile, "utf8"),
    foreign: await issued("foreign", "2027-02-03", other),
    ended: await issued("ended", "2025-01-02"),
    older: await issued("older", "2026-06-02"),
    newer: await issued("newer", "2027-02-03"),
  };
}

test("backup restore: of a lost PKI directory the ended leftover is left out by name, and a certificate older than the machine's is told, behind a link, too", async (context) => {
  const { ca, ended, older, newer } = await certificates(context);
  const { machines, restore } = await backupRestoreWorld(context, {
    files: [
      ["pki", `${pki}/ca.crt`, ca, 0o644],
      ["pki", `${pki}/apiserver.crt`, older.crt, 0o644],
      ["pki", `${pki}/apiserver.key`, older.key, 0o600],
      ["pki", rotated, `${ended.crt}${ended.key}`, 0o600],
      ["pki", current, `${older.crt}${older.key}`, 0o600],
      ["pki", `${kubelet}/kubelet-client-current.pem`, `-> ${current}`, 0o777],
    ],
  });
  machines.set("cp2", `${pki}/ca.crt`, { text: ca });
  for (const path of [rotated, current, `${kubelet}/kubelet-client-current.pem`, `${pki}/apiserver.key`])
    unlinkSync(machines.place("cp1", path));
  machines.set("cp1", `${pki}/apiserver.crt`, { text: newer.crt });
  machines.set("cp1", renewed, { text: newer.crt });
  symlinkSync("kubelet-client-2026-02-01-00-00-00.pem", machines.place("cp1", `${kubelet}/kubelet-client-current.pem`));
  const { code, err, out } = await restore(["--pki"], ["north"]);
  assert.equal(code, 0, err + out);
  assert.match(err, /Left out: \S*2024-01-01-00-00-00\.pem\..*ended 2025-01-02/s);
  const flat = err.replaceAll(/\s+/g, " ");
  for (const path of [`${pki}/apiserver.crt`, `${kubelet}/kubelet-client-current.pem`])
    assert.ok(flat.includes(`the certificate of ${path} in the set ends 2026-06-02T00:00:00.000Z, sooner than the one there now`), flat);
  const tree = machines.tree("cp1");
  assert.deepEqual([rotated in tree, current in tree, tree[`${pki}/apiserver.crt`] === older.crt], [false, true, true]);
});

test("backup restore: an ended certificate and another CA are refused with the files' names, dates and issuers; half a pair is not put back alone", async (context) => {
  const { ca, otherCa, ended, older, newer } = await certificates(context);
  const { machines, restore } = await backupRestoreWorld(context, {
    files: [
      ["pki", `${pki}/ca.crt`, ca, 0o644],
      ["pki", `${pki}/apiserver.crt`, older.crt, 0o644],
      ["pki", `${pki}/apiserver.key`, older.key, 0o600],
      ["pki", `${pki}/front-proxy-client.crt`, ended.crt, 0o644],
    ],
  });
  machines.set("cp2", `${pki}/ca.crt`, { text: otherCa });
  machines.set("cp1", `${pki}/apiserver.crt`, { text: newer.crt });
  machines.set("cp1", `${pki}/apiserver.key`, { text: newer.key });
  machines.set("cp1", `${pki}/front-proxy-client.crt`, { text: newer.crt });
  const flat = async (...wish: string[]) => {
    const { code, out } = await restore(wish);
    assert.equal(code, 12, out);
    return out.replaceAll(/\s+/g, " ");
  };
  const refused = await flat("--pki");
  assert.match(refused, /the set has CN=own-ca until \S+, key [0-9a-f]{16}, cp2 has CN=new-ca until/);
  assert.match(refused, /apiserver\.crt \(issued by CN=own-ca\)/);
  assert.match(refused, /front-proxy-client\.crt \(ended 2025-01-02T00:00:00\.000Z; the one on the machine ends 2027-02-03/);
  machines.set("cp2", `${pki}/ca.crt`, { text: ca });
  assert.match(await flat("--path", `${pki}/apiserver.crt`), /not of one key.*--path \S*apiserver\.crt --path \S*apiserver\.key/);
  const done = await restore(["--pki", "--accept", `EXPIRED=${pki}/front-proxy-client.crt`], ["north"]);
  assert.equal(done.code, 0, done.err + done.out);
  assert.match(done.out, /agreed-to: .*accepted though not proven: EXPIRED .*front-proxy-client\.crt \(ended 2025-01-02/s);
});

test("backup restore: a pair whose ended certificate only looks like a leftover is refused or put back as a whole, and one that is broken already is no NOTHING TO DO", async (context) => {
  const { ca, ended, newer } = await certificates(context);
  const [crt, key] = [`${pki}/etcd/backup-client.crt`, `${pki}/etcd/backup-client.key`];
  const { machines, restore } = await backupRestoreWorld(context, {
    files: [
      ["pki", `${pki}/ca.crt`, ca, 0o644],
      ["pki", crt, ended.crt, 0o644],
      ["pki", key, ended.key, 0o600],
    ],
  });
  machines.set("cp2", `${pki}/ca.crt`, { text: ca });
  machines.set("cp1", key, { text: newer.key });
  const broken = await restore(["--path", crt]);
  assert.equal(broken.code, 12, broken.out);
  assert.match(broken.out.replaceAll(/\s+/g, " "), /not of one key.*--path \S*backup-client\.crt --path \S*backup-client\.key/);
  machines.set("cp1", crt, { text: newer.crt });
  const refused = await restore(["--pki"]);
  assert.equal(refused.code, 12, refused.out);
  assert.match(refused.out, /--accept EXPIRED/);
  const done = await restore(["--pki", "--accept", `EXPIRED=${crt}`], ["north"]);
  assert.equal(done.code, 0, done.err + done.out);
  assert.deepEqual([machines.text("cp1", crt), machines.text("cp1", key)], [ended.crt, ended.key]);
});

test("backup restore: the kubelet's live certificate behind a directory that is a link is no leftover, and its link is not put back alone", async (context) => {
  const { ca, older, newer } = await certificates(context);
  const name = "kubelet-client-2025-06-01-00-00-00.pem";
  const [real, link] = [`/data/kubelet/pki/${name}`, "/data/kubelet/pki/kubelet-client-current.pem"];
  const { machines, restore } = await backupRestoreWorld(context, {
    files: [
      ["pki", `${pki}/ca.crt`, ca, 0o644],
      ["pki", real, `${older.crt}${older.key}`, 0o600],
      ["kubelet", "/var/lib/kubelet", "-> /data/kubelet", 0o777],
      ["pki", link, `-> /var/lib/kubelet/pki/${name}`, 0o777],
    ],
  });
  machines.set("cp2", `${pki}/ca.crt`, { text: ca });
  unlinkSync(machines.place("cp1", real));
  unlinkSync(machines.place("cp1", link));
  machines.set("cp1", "/data/kubelet/pki/renewed.pem", { text: newer.crt });
  symlinkSync("second.pem", machines.place("cp1", link));
  symlinkSync("/var/lib/kubelet/pki/renewed.pem", machines.place("cp1", "/data/kubelet/pki/second.pem"));
  const { code, err, out } = await restore(["--path", "/var/lib/kubelet/pki/kubelet-client-current.pem"], ["north"]);
  assert.equal(code, 0, err + out);
  assert.ok(err.replaceAll(/\s+/g, " ").includes(`the certificate of ${link} in the set ends 2026-06-02T00:00:00.000Z, sooner`), err);
  assert.equal(machines.text("cp1", real), `${older.crt}${older.key}`);
});

test("backup restore: a foreign CA's certificate is OTHER_CA though ca.crt is the cluster's, in a kubeconfig, too; and a key that was changed after the plan stops its certificate", async (context) => {
  const { ca, older, foreign } = await certificates(context);
  const [crt, key] = [`${pki}/apiserver.crt`, `${pki}/apiserver.key`];
  const conf = `users:\n- user:\n    client-certificate-data: ${Buffer.from(foreign.crt).toString("base64")}\n`;
  const { machines, restore, call } = await backupRestoreWorld(context, {
    files: [
      ["pki", `${pki}/ca.crt`, ca, 0o644],
      ["pki", crt, older.crt, 0o644],
      ["pki", key, older.key, 0o600],
      ["pki", `${pki}/front-proxy-client.crt`, foreign.crt, 0o644],
      ["kubeconfig", "/etc/kubernetes/admin.conf", conf, 0o600],
    ],
  });
  machines.set("cp2", `${pki}/ca.crt`, { text: ca });
  for (const path of [crt, `${pki}/front-proxy-client.crt`, "/etc/kubernetes/admin.conf"]) machines.set("cp1", path, { text: "lost" });
  const refused = await restore(["--pki", "--kind", "kubeconfig"]);
  assert.equal(refused.code, 12, refused.out);
  assert.match(
    refused.out.replaceAll(/\s+/g, " "),
    /has signed \S*admin\.conf \(issued by CN=new-ca\).*about \S*admin\.conf \(issued by CN=new-ca\), \S*front-proxy-client\.crt \(issued by CN=new-ca\)\. /,
  );
  const made = await restore(["--path", crt, "--out", "plan.json", "-o", "json"]);
  assert.equal(made.code, 0, made.err);
  const { plan } = JSON.parse(made.out) as { readonly plan: { readonly digest: string } };
  machines.set("cp1", key, { text: foreign.key });
  const stale = await call(["apply", "plan.json", "--approve", plan.digest.slice(0, 12)]);
  assert.equal(stale.code, 12, stale.err + stale.out);
  assert.match(stale.out.replaceAll(/\s+/g, " "), /apiserver\.key on cp1, beside which .* somebody changed it/);
  assert.equal(machines.text("cp1", crt), "lost");
});

test("backup restore: a pair that is broken in the set does not replace a good one; beside it, other files are put back by their names", async (context) => {
  const { ca, older, newer } = await certificates(context);
  const [crt, key, other] = [`${pki}/apiserver.crt`, `${pki}/apiserver.key`, `${pki}/front.pem`];
  const { machines, restore } = await backupRestoreWorld(context, {
    files: [
      ["pki", `${pki}/ca.crt`, ca, 0o644],
      ["pki", crt, older.crt, 0o644],
      ["pki", key, newer.key, 0o600],
      ["pki", other, older.crt, 0o600],
    ],
  });
  machines.set("cp2", `${pki}/ca.crt`, { text: ca });
  machines.set("cp1", crt, { text: newer.crt });
  machines.set("cp1", other, { text: "lost" });
  const refused = await restore(["--pki"]);
  assert.equal(refused.code, 12, refused.out);
  assert.match(refused.out.replaceAll(/\s+/g, " "), /apiserver\.crt and \S*apiserver\.key would not be of one key/);
  assert.equal(machines.text("cp1", crt), newer.crt);
  const done = await restore(["--path", other], ["north"]);
  assert.deepEqual([done.code, machines.text("cp1", other)], [0, older.crt]);
});

test("backup restore: a certificate that only a copy of another CA has signed is OTHER_CA; a CA that has signed nothing of what is wanted holds nothing up", async (context) => {
  const { ca, otherCa, older, foreign } = await certificates(context);
  const [crt, key] = [`${pki}/apiserver.crt`, `${pki}/apiserver.key`];
  const given = (shown: { readonly crt: string; readonly key: string }, copy: string) =>
    backupRestoreWorld(context, {
      files: [
        ["pki", `${pki}/ca.crt`, ca, 0o644],
        ["pki", copy, otherCa, 0o644],
        ["pki", crt, shown.crt, 0o644],
        ["pki", key, shown.key, 0o600],
      ],
    });
  for (const copy of ["/etc/kubernetes/pki.bak/ca.crt", `${pki}/etcd/ca.crt`]) {
    const { machines, restore } = await given(foreign, copy);
    machines.set("cp2", `${pki}/ca.crt`, { text: ca });
    machines.set("cp2", copy, { text: otherCa });
    for (const path of [crt, key]) unlinkSync(machines.place("cp1", path));
    const { code, out } = await restore(["--pki"]);
    assert.equal(code, 12, out);
    assert.match(out.replaceAll(/\s+/g, " "), /has signed \S*apiserver\.crt \(issued by CN=new-ca\).*--accept OTHER_CA/);
  }
  const { machines, restore } = await given(older, "/etc/kubernetes/ssl/ca.pem");
  machines.set("cp2", `${pki}/ca.crt`, { text: ca });
  for (const path of [crt, key]) unlinkSync(machines.place("cp1", path));
  const done = await restore(["--path", pki], ["north"]);
  assert.equal(done.code, 0, done.err + done.out);
  assert.deepEqual([machines.text("cp1", crt), machines.text("cp1", key)], [older.crt, older.key]);
});
