import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { backupRestoreWorld, type FileOfSet } from "../support/backup-restore-world.ts";
import { TestAuthority } from "../support/etcd-certificates.ts";

const pki = "/etc/kubernetes/pki";
type Machines = Awaited<ReturnType<typeof backupRestoreWorld>>["machines"];

async function authorities(context: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), "requorum-restore-authority-"));
  context.after(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  const [own, old] = [await TestAuthority.make(directory, "own-ca"), await TestAuthority.make(directory, "old-ca")];
  const issued = async (name: string, by: TestAuthority) => {
    const { certificate, key } = await by.issue(name, { names: ["a"], until: new Date("2027-02-03") });
    return { crt: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") };
  };
  return {
    ca: readFileSync(own.caFile, "utf8"),
    oldCa: readFileSync(old.caFile, "utf8"),
    good: await issued("good", own),
    foreign: await issued("foreign", old),
  };
}

function linkOn(machines: Machines, host: string, path: string, target: string): void {
  const place = machines.place(host, path);
  mkdirSync(dirname(place), { recursive: true });
  rmSync(place, { recursive: true, force: true });
  symlinkSync(target, place);
}

const flat = (text: string): string => text.replaceAll(/\s+/g, " ");

test("backup restore: a CA that the balancer's configuration names is the PKI's: asked by --pki, with its judgement, and no file of the balancer", async (context) => {
  const { ca, oldCa, good } = await authorities(context);
  const files = (own: string): readonly FileOfSet[] => [
    ["load-balancer", "/etc/haproxy/haproxy.cfg", `  ca-file ${pki}/ca.crt\n`, 0o644],
    ["load-balancer", `${pki}/ca.crt`, own, 0o644],
    ["pki", `${pki}/apiserver.crt`, good.crt, 0o644],
    ["pki", `${pki}/apiserver.key`, good.key, 0o600],
  ];
  const foreign = await backupRestoreWorld(context, { files: files(oldCa) });
  for (const host of ["cp1", "cp2"]) foreign.machines.set(host, `${pki}/ca.crt`, { text: ca, mode: 0o644 });
  assert.match((await foreign.restore(["--kind", "load-balancer"])).out, /NOTHING TO DO/);
  for (const wish of ["--pki", "--path"]) {
    const refused = await foreign.restore(wish === "--pki" ? [wish] : [wish, `${pki}/ca.crt`]);
    assert.equal(refused.code, 12, refused.err + refused.out);
    assert.match(flat(refused.out), /ca\.crt of the set is not the CA that cp2 uses.*--accept OTHER_CA/);
  }
  assert.equal(foreign.machines.text("cp1", `${pki}/ca.crt`), ca);
  const own = await backupRestoreWorld(context, { files: files(ca) });
  own.machines.set("cp2", `${pki}/ca.crt`, { text: ca, mode: 0o644 });
  for (const name of ["ca.crt", "apiserver.crt", "apiserver.key"]) unlinkSync(own.machines.place("cp1", `${pki}/${name}`));
  const done = await own.restore(["--pki"], ["north"]);
  assert.equal(done.code, 0, done.err + done.out);
  assert.deepEqual([own.machines.text("cp1", `${pki}/ca.crt`), own.machines.text("cp1", `${pki}/apiserver.crt`)], [ca, good.crt]);
  assert.match(flat(done.err), /restart kube-apiserver/);
});

test("backup restore: etcd's certificates of a CA that only lies beside etcd's are OTHER_CA", async (context) => {
  const { ca, oldCa, foreign } = await authorities(context);
  const { machines, restore } = await backupRestoreWorld(context, {
    files: [
      ["pki", `${pki}/etcd/ca.crt`, ca, 0o644],
      ["pki", `${pki}/etcd/old-ca.crt`, oldCa, 0o644],
      ["pki", `${pki}/etcd/peer.crt`, foreign.crt, 0o644],
      ["pki", `${pki}/etcd/peer.key`, foreign.key, 0o600],
    ],
  });
  machines.set("cp2", `${pki}/etcd/ca.crt`, { text: ca, mode: 0o644 });
  machines.set("cp2", `${pki}/etcd/old-ca.crt`, { text: oldCa, mode: 0o644 });
  for (const name of ["peer.crt", "peer.key"]) unlinkSync(machines.place("cp1", `${pki}/etcd/${name}`));
  const { code, err, out } = await restore(["--path", `${pki}/etcd`]);
  assert.equal(code, 12, err + out);
  assert.match(flat(out), /has signed \S*peer\.crt \(issued by CN=old-ca\).*--accept OTHER_CA/);
});

test("backup restore: kubeconfigs in block form, with paths, or cut off are judged as what they hold, and what cannot be read is not known", async (context) => {
  const { ca, oldCa, good, foreign } = await authorities(context);
  const path = "/etc/kubernetes/admin.conf";
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const block = (text: string): string => `>-\n      ${base64(text)}`;
  const conf = (cluster: string, user: string): string =>
    `kind: Config\nclusters:\n- name: k\n  cluster:\n    ${cluster}\nusers:\n- name: a\n  user:\n    ${user}\n`;
  const whole = conf(`certificate-authority-data: ${base64(ca)}`, `client-certificate-data: ${base64(good.crt)}`);
  for (const [text, why] of [
    [
      conf(`certificate-authority-data: ${block(oldCa)}`, `client-certificate-data: ${block(foreign.crt)}`),
      /admin\.conf \(issued by CN=old-ca\)/,
    ],
    [conf("certificate-authority: /srv/old-ca.crt", "client-certificate: /srv/old.crt"), /admin\.conf \(issued by CN=old-ca\)/],
    [
      `x: &f {client-certificate-data: ${base64(foreign.crt)}}\n${conf(`certificate-authority-data: ${base64(ca)}`, "<<: *f")}`,
      /admin\.conf \(issued by CN=old-ca\)/,
    ],
    [
      `x: &f {certificate-authority-data: ${base64(oldCa)}}\n${conf("<<: *f", `client-certificate-data: ${base64(good.crt)}`)}`,
      /is what \S*admin\.conf trusts \(it trusts CN=old-ca, key [0-9a-f]{16}\)/,
    ],
    [`${whole}users: []\n`, /admin\.conf of the set holds: it cannot be read as a kubeconfig/],
    [whole.slice(0, -200), /client-certificate-data of user a cannot be read as a certificate/],
  ] as const) {
    const { machines, restore } = await backupRestoreWorld(context, {
      files: [
        ["pki", `${pki}/ca.crt`, ca, 0o644],
        ["pki", "/srv/old-ca.crt", oldCa, 0o644],
        ["pki", "/srv/old.crt", foreign.crt, 0o644],
        ["kubeconfig", path, text, 0o600],
      ],
    });
    machines.set("cp2", `${pki}/ca.crt`, { text: ca, mode: 0o644 });
    machines.set("cp1", path, { text: whole });
    const refused = await restore(["--kind", "kubeconfig"]);
    assert.equal(refused.code, 12, refused.err + refused.out);
    assert.match(flat(refused.out), why);
    assert.match(flat(refused.out), /--accept OTHER_CA/);
    const accepted = await restore(["--kind", "kubeconfig", "--accept", `OTHER_CA=${path}`], ["north"]);
    assert.equal(accepted.code, 0, accepted.err + accepted.out);
    assert.match(flat(accepted.err), why);
    assert.equal(machines.text("cp1", path), text);
  }
});

const manifest = (program: string, flag: string): string =>
  `apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - command: [${program}, ${flag}]\n    volumeMounts: [{ name: k, mountPath: /etc/kubernetes }]\n  volumes: [{ name: k, hostPath: { path: /etc/kubernetes } }]\n`;
const apiserver = "/etc/kubernetes/manifests/kube-apiserver.yaml";

/** A set with an old key, beside machines that agree on another one. */
const sharedCases: readonly {
  readonly what: string;
  readonly files: readonly FileOfSet[];
  readonly key: string;
  /** What only the machine has. */
  readonly machine?: readonly [string, string];
}[] = [
  {
    what: "a link at its usual place leads to",
    files: [
      ["pki", `${pki}/sa.key`, "-> keys/signing.key", 0o777],
      ["pki", `${pki}/keys/signing.key`, "old key\n", 0o600],
    ],
    key: `${pki}/keys/signing.key`,
  },
  {
    what: "the API server's manifest of the set names as signing key",
    files: [
      ["pki", `${pki}/sa-signer.key`, "old key\n", 0o600],
      ["static-pod", apiserver, manifest("kube-apiserver", `--service-account-signing-key-file=${pki}/sa-signer.key`), 0o600],
    ],
    key: `${pki}/sa-signer.key`,
  },
  {
    what: "only the machine's controller manager names",
    files: [["pki", `${pki}/sa-signer.key`, "old key\n", 0o600]],
    key: `${pki}/sa-signer.key`,
    machine: [
      "/etc/kubernetes/manifests/kube-controller-manager.yaml",
      manifest("kube-controller-manager", `--service-account-private-key-file=${pki}/sa-signer.key`),
    ],
  },
  {
    what: "the API server reads behind a directory that is a link, as encryption configuration",
    files: [
      ["pki", pki, "-> ssl", 0o777],
      ["pki", "/etc/kubernetes/ssl/secrets_encryption.yaml", "kind: EncryptionConfiguration\n", 0o600],
      ["static-pod", apiserver, manifest("kube-apiserver", `--encryption-provider-config=${pki}/secrets_encryption.yaml`), 0o600],
    ],
    key: "/etc/kubernetes/ssl/secrets_encryption.yaml",
  },
];

for (const { what, files, key, machine } of sharedCases)
  test(`backup restore: a key of another age than the other control planes' is OTHER_KEYS when ${what}`, async (context) => {
    const { ca } = await authorities(context);
    const caPath = key.replace(/(pki|ssl)\/.*/, "$1/ca.crt");
    const { machines, restore } = await backupRestoreWorld(context, { files: [...files, ["pki", caPath, ca, 0o644]] });
    machines.set("cp2", caPath, { text: ca, mode: 0o644 });
    for (const host of ["cp1", "cp2"]) machines.set(host, key, { text: "the key of today\n" });
    for (const [, path, text] of files) if (text.startsWith("-> ")) linkOn(machines, "cp2", path, text.slice(3));
    if (machine !== undefined) machines.set("cp1", machine[0], { text: machine[1] });
    const refused = await restore(["--pki"]);
    assert.equal(refused.code, 12, refused.err + refused.out);
    assert.ok(flat(refused.out).includes(`${key} of the set is not what cp2 has`), refused.out);
    assert.match(refused.out, /--accept OTHER_KEYS/);
    const text = files.find(([, path]) => path === key)?.[2] ?? "";
    machines.set("cp2", key, { text });
    const done = await restore(["--pki"], ["north"]);
    assert.equal(done.code, 0, done.err + done.out);
    assert.equal(machines.text("cp1", key), text);
  });

test("backup restore: a lost link to a signing key or a CA from before a rotation is not proven by the old file that the other machine kept", async (context) => {
  const { ca, oldCa } = await authorities(context);
  const files: readonly FileOfSet[] = [
    ["pki", `${pki}/ca.crt`, "-> versions/ca-1.crt", 0o777],
    ["pki", `${pki}/versions/ca-1.crt`, oldCa, 0o644],
    ["pki", `${pki}/sa.key`, "-> versions/sa-1.key", 0o777],
    ["pki", `${pki}/versions/sa-1.key`, "old key\n", 0o600],
  ];
  const { machines, restore } = await backupRestoreWorld(context, { files });
  for (const [, path, text] of files) if (!text.startsWith("-> ")) machines.set("cp2", path, { text });
  for (const host of ["cp1", "cp2"]) {
    machines.set(host, `${pki}/versions/ca-2.crt`, { text: ca });
    machines.set(host, `${pki}/versions/sa-2.key`, { text: "new key\n" });
    linkOn(machines, host, `${pki}/ca.crt`, "versions/ca-2.crt");
    linkOn(machines, host, `${pki}/sa.key`, "versions/sa-2.key");
  }
  const refused = await restore(["--pki"]);
  assert.equal(refused.code, 12, refused.err + refused.out);
  assert.match(flat(refused.out), /pki\/ca\.crt on cp2: a link that leads elsewhere than the set's.*--accept OTHER_CA/);
  assert.match(flat(refused.out), /pki\/sa\.key on cp2: a link that leads elsewhere than the set's.*--accept OTHER_KEYS/);
  assert.equal(readlinkSync(machines.place("cp1", `${pki}/sa.key`)), "versions/sa-2.key");
  for (const name of ["ca.crt", "sa.key"]) {
    const target = files.find(([, path]) => path === `${pki}/${name}`)?.[2].slice(3) ?? "";
    linkOn(machines, "cp2", `${pki}/${name}`, target);
  }
  const done = await restore(["--pki"], ["north"]);
  assert.equal(done.code, 0, done.err + done.out);
  assert.equal(readlinkSync(machines.place("cp1", `${pki}/sa.key`)), "versions/sa-1.key");
});

test("backup restore: behind a lost directory link, keys of service accounts that are seen to be gone are no doubt, and one that was cut off is", async (context) => {
  const { ca, good } = await authorities(context);
  const ssl = "/etc/kubernetes/ssl";
  const files: readonly FileOfSet[] = [
    ["pki", pki, "-> ssl", 0o777],
    ["pki", `${ssl}/ca.crt`, ca, 0o644],
    ["pki", `${ssl}/apiserver.crt`, good.crt, 0o644],
    ["pki", `${ssl}/apiserver.key`, good.key, 0o600],
    ["pki", `${ssl}/sa.key`, "a signing key\n", 0o600],
    ["pki", `${ssl}/sa.pub`, "its public key\n", 0o644],
  ];
  const wishes = ["apiserver.crt", "apiserver.key"].flatMap((name) => ["--path", `${pki}/${name}`]);
  for (const { wish, lost } of [
    { wish: wishes, lost: true },
    { wish: ["--path", `${pki}/ca.crt`], lost: true },
    { wish: wishes, lost: false },
  ]) {
    const { machines, restore } = await backupRestoreWorld(context, { files });
    for (const [, path, text] of files) if (!text.startsWith("-> ")) machines.set("cp2", path, { text });
    linkOn(machines, "cp2", pki, "ssl");
    for (const path of [pki, ssl]) rmSync(machines.place("cp1", path), { recursive: true });
    if (!lost) machines.set("cp1", `${ssl}/sa.key`, { text: "a sig" });
    const { code, err, out } = await restore(wish, ["north"]);
    assert.equal(code, lost ? 0 : 12, err + out);
    if (lost) assert.equal(readlinkSync(machines.place("cp1", pki)), "ssl");
    else assert.match(flat(out), /ssl\/sa\.key of the set is not what cp2 has.*--accept OTHER_KEYS/);
  }
  const alone = await backupRestoreWorld(context, { files });
  for (const [, path, text] of files) if (!text.startsWith("-> ")) alone.machines.set("cp2", path, { text });
  linkOn(alone.machines, "cp2", pki, "ssl");
  for (const path of [pki, ssl]) rmSync(alone.machines.place("cp1", path), { recursive: true });
  const { code, out } = await alone.restore(["--path", `${pki}/sa.key`]);
  assert.equal(code, 12, out);
  assert.match(flat(out), /sa\.key of the set is worth nothing without \S*sa\.pub, which is not on the machine/);
  assert.doesNotMatch(out, /OTHER_KEYS/);
});

test("backup restore: kubelet.conf is judged by what will be read at the paths that it names, and one that is not there is said", async (context) => {
  const { ca, good, foreign } = await authorities(context);
  const [conf, pem] = ["/etc/kubernetes/kubelet.conf", "/var/lib/kubelet/pki/kubelet-client-current.pem"];
  const caData = Buffer.from(ca).toString("base64");
  const text = `kind: Config\nclusters: [{ name: k, cluster: { certificate-authority-data: ${caData} } }]\nusers: [{ name: a, user: { client-certificate: ${pem} } }]\n`;
  const { machines, restore } = await backupRestoreWorld(context, {
    files: [
      ["pki", `${pki}/ca.crt`, ca, 0o644],
      ["pki", pem, `${good.crt}${good.key}`, 0o600],
      ["kubeconfig", conf, text, 0o600],
    ],
  });
  machines.set("cp2", `${pki}/ca.crt`, { text: ca, mode: 0o644 });
  unlinkSync(machines.place("cp1", conf));
  machines.set("cp1", pem, { text: `${foreign.crt}${foreign.key}`, mode: 0o600 });
  const other = await restore(["--kind", "kubeconfig"]);
  assert.equal(other.code, 12, other.err + other.out);
  assert.match(flat(other.out), /has signed \S*kubelet\.conf \(issued by CN=old-ca\).*--accept OTHER_CA/);
  rmSync(machines.place("cp1", "/var/lib/kubelet/pki"), { recursive: true });
  const lost = await restore(["--kind", "kubeconfig"]);
  assert.equal(lost.code, 12, lost.err + lost.out);
  assert.match(
    flat(lost.out),
    /kubelet\.conf of the set names \S*current\.pem, which is not on cp1, and which the set has.*add --path \S*current\.pem\./,
  );
  assert.doesNotMatch(lost.out, /OTHER_CA/);
  const both = await restore(["--kind", "kubeconfig", "--path", pem], ["north"]);
  assert.equal(both.code, 0, both.err + both.out);
  assert.deepEqual([machines.text("cp1", conf), machines.text("cp1", pem)], [text, `${good.crt}${good.key}`]);
});

test("backup restore: of two CAs of one name the refusal tells that the issuer's key is another, and a certificate is judged over those behind it", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "requorum-restore-names-"));
  context.after(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  const makeIn = async (place: string) => {
    mkdirSync(join(directory, place));
    return TestAuthority.make(join(directory, place), "kubernetes");
  };
  const [own, old] = [await makeIn("own"), await makeIn("old")];
  const issue = async (by: TestAuthority) => {
    const { certificate, key } = await by.issue("a", { names: ["a"], until: new Date("2027-02-03") });
    return { crt: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") };
  };
  const [ofOwn, ofOld] = [await issue(own), await issue(old)];
  const [ca, oldCa] = [readFileSync(own.caFile, "utf8"), readFileSync(old.caFile, "utf8")];
  const path = "/etc/kubernetes/admin.conf";
  const conf = (pem: string): string =>
    `kind: Config\nusers: [{ name: a, user: { client-certificate-data: ${Buffer.from(pem).toString("base64")} } }]\n`;
  for (const [pem, isGood] of [
    [ofOld.crt, false],
    // Behind it another CA's, as a chain is: only the first is shown.
    [`${ofOwn.crt}${oldCa}`, true],
  ] as const) {
    const { machines, restore } = await backupRestoreWorld(context, {
      files: [
        ["pki", `${pki}/ca.crt`, ca, 0o644],
        ["kubeconfig", path, conf(pem), 0o600],
      ],
    });
    machines.set("cp2", `${pki}/ca.crt`, { text: ca, mode: 0o644 });
    unlinkSync(machines.place("cp1", path));
    const { code, err, out } = await restore(["--kind", "kubeconfig"], ["north"]);
    assert.equal(code, isGood ? 0 : 12, err + out);
    if (!isGood)
      assert.match(flat(out), /\(issued by CN=kubernetes, with another key than the \/etc\/kubernetes\/pki\/ca\.crt of the set\)/);
  }
});
