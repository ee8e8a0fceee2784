import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test, type TestContext } from "node:test";
import { backupRestoreWorld, type FileOfSet } from "../support/backup-restore-world.ts";
import { TestAuthority } from "../support/etcd-certificates.ts";

const pki = "/etc/kubernetes/pki";
const [caCrt, crt, key] = [`${pki}/ca.crt`, `${pki}/apiserver.crt`, `${pki}/apiserver.key`];
const config = "/var/lib/kubelet/config.yaml";

interface Issued {
  readonly crt: string;
  readonly key: string;
}
let ca = "";
let [older, newer, foreign]: readonly Issued[] = [];
before(async () => {
  const directory = mkdtempSync(join(tmpdir(), "requorum-restore-pairs-"));
  const own = await TestAuthority.make(directory, "own-ca");
  const other = await TestAuthority.make(directory, "new-ca");
  const issue = async (by: TestAuthority, name: string, until: string): Promise<Issued> => {
    const { certificate, key: keyFile } = await by.issue(name, { names: ["a"], until: new Date(until) });
    return { crt: readFileSync(certificate, "utf8"), key: readFileSync(keyFile, "utf8") };
  };
  ca = readFileSync(own.caFile, "utf8");
  [older, newer] = [await issue(own, "older", "2026-06-02"), await issue(own, "newer", "2027-02-03")];
  foreign = await issue(other, "foreign", "2027-02-03");
  rmSync(directory, { recursive: true });
});

/** A set with the cluster's CA and these files. `refused`: the words of a restore that must change nothing. */
async function setting(context: TestContext, files: readonly FileOfSet[]) {
  const { machines, restore } = await backupRestoreWorld(context, { files: [["pki", caCrt, ca, 0o644], ...files] });
  machines.set("cp2", caCrt, { text: ca });
  const refused = async (...wish: string[]): Promise<string> => {
    const tree = machines.tree("cp1");
    const { code, err, out } = await restore(wish, ["north"]);
    assert.equal(code, 12, err + out);
    assert.deepEqual(machines.tree("cp1"), tree);
    return out.replaceAll(/\s+/g, " ");
  };
  return { machines, restore, refused };
}

test("backup restore: a half that is a link of the set is not put beside the machine's renewed key", async (context) => {
  const { machines, restore, refused } = await setting(context, [
    ["pki", `${pki}/versions/api-2025.crt`, older!.crt, 0o644],
    ["pki", crt, "-> versions/api-2025.crt", 0o777],
    ["pki", key, older!.key, 0o600],
  ]);
  unlinkSync(machines.place("cp1", crt));
  machines.set("cp1", crt, { text: newer!.crt });
  machines.set("cp1", key, { text: newer!.key });
  const words = await refused("--path", crt);
  assert.match(words, /not of one key.*Put both back: --path \S*apiserver\.crt --path \S*apiserver\.key/);
  const done = await restore(["--path", crt, "--path", key], ["north"]);
  assert.equal(done.code, 0, done.err + done.out);
  assert.deepEqual([machines.text("cp1", crt), machines.text("cp1", key)], [older!.crt, older!.key]);
});

test("backup restore: beside a key of the machine that is empty a certificate is refused, also one that is as in the set; the set's empty key does not replace a good one", async (context) => {
  const { machines, refused } = await setting(context, [
    ["pki", crt, older!.crt, 0o644],
    ["pki", key, older!.key, 0o600],
  ]);
  machines.set("cp1", key, { text: "" });
  for (const text of [older!.crt, newer!.crt]) {
    machines.set("cp1", crt, { text, mode: 0o644 });
    assert.match(await refused("--path", crt), /No key is read in \S*apiserver\.key \(it is empty\).*Put both back/);
  }
  const empty = await setting(context, [
    ["pki", crt, older!.crt, 0o644],
    ["pki", key, "", 0o600],
  ]);
  empty.machines.set("cp1", key, { text: older!.key });
  assert.match(await empty.refused("--pki"), /No key is read in \S*apiserver\.key \(it is empty\).*another set/);
});

test("backup restore: the only half that the set has is judged beside the machine's", async (context) => {
  const { machines, restore, refused } = await setting(context, [["pki", crt, older!.crt, 0o644]]);
  machines.set("cp1", crt, { text: newer!.crt });
  machines.set("cp1", key, { text: newer!.key });
  assert.match(await refused("--pki"), /not of one key.*The set has no \S*apiserver\.key/);
  machines.set("cp1", key, { text: older!.key });
  const done = await restore(["--pki"], ["north"]);
  assert.deepEqual([done.code, machines.text("cp1", crt)], [0, older!.crt]);
});

test("backup restore: a link of the set to what nobody has does not replace a good file; what the machine has there is judged as its content", async (context) => {
  // A directory on the way is a link that only the machine has.
  const [named, target] = ["/opt/certs/current/apiserver.crt", "/opt/certs/2025/apiserver.crt"];
  const { machines, restore, refused } = await setting(context, [["pki", crt, `-> ${named}`, 0o777]]);
  mkdirSync(machines.place("cp1", "/opt/certs/2025"), { recursive: true });
  symlinkSync("2025", machines.place("cp1", "/opt/certs/current"));
  unlinkSync(machines.place("cp1", crt));
  machines.set("cp1", crt, { text: newer!.crt });
  machines.set("cp1", key, { text: newer!.key });
  assert.match(await refused("--pki"), /would lead to nothing: it leads to \/opt\/certs\/2025\/apiserver\.crt/);
  machines.set("cp1", target, { text: older!.crt });
  assert.match(await refused("--pki"), /not of one key/);
  machines.set("cp1", target, { text: foreign!.crt });
  machines.set("cp1", key, { text: foreign!.key });
  assert.match(await refused("--pki"), /apiserver\.crt \(issued by CN=new-ca\).*--accept OTHER_CA/);
  machines.set("cp1", target, { text: older!.crt });
  machines.set("cp1", key, { text: older!.key });
  const done = await restore(["--pki"], ["north"]);
  assert.equal(done.code, 0, done.err + done.out);
  assert.match(done.err.replaceAll(/\s+/g, " "), /apiserver\.crt in the set ends 2026-06-02\S+, sooner than the one there now/);
  assert.equal(machines.tree("cp1")[crt], `-> ${named}`);
});

test("backup restore: settings of the kubelet are not led to another directory than the machine's", async (context) => {
  const { machines, refused } = await setting(context, [["kubelet", "/etc/systemd/system/kubelet.service.d", "-> /opt/old", 0o777]]);
  for (const name of ["old", "new"]) machines.set("cp1", `/opt/${name}/10-kubeadm.conf`, { text: "[Service]\n" });
  unlinkSync(machines.place("cp1", "/etc/systemd/system/kubelet.service.d"));
  symlinkSync("/opt/new", machines.place("cp1", "/etc/systemd/system/kubelet.service.d"));
  assert.match(await refused("--kind", "kubelet"), /leads to \/opt\/old, on the machine to \/opt\/new.*I-S11/);
});

test("backup restore: kubelet settings behind a link of the set, which only the machine has, are judged by their places of static pods", async (context) => {
  const at = (place: string): string => `kind: KubeletConfiguration\nstaticPodPath: ${place}\n`;
  const { machines, restore, refused } = await setting(context, [["kubelet", config, "-> /opt/kubelet/config.yaml", 0o777]]);
  unlinkSync(machines.place("cp1", config));
  machines.set("cp1", config, { text: at("/etc/kubernetes/manifests") });
  machines.set("cp1", "/opt/kubelet/config.yaml", { text: at("/srv/old-manifests") });
  assert.match(
    await refused("--kind", "kubelet"),
    /static pods from \/srv\/old-manifests; the machine's lets the kubelet take static pods from \/etc\/kubernetes\/manifests/,
  );
  machines.set("cp1", "/opt/kubelet/config.yaml", { text: at("/etc/kubernetes/manifests") });
  const done = await restore(["--kind", "kubelet"], ["north"]);
  assert.equal(done.code, 0, done.err + done.out);
});
