import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { configSchemaPath } from "../../scripts/generate-config-schema.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { configJsonSchemaText } from "./config-schema.ts";
import { readClusterConfig } from "./config.ts";

const small = `apiVersion: requorum/v1
cluster: prod
hosts:
  - name: cp1
    address: 10.0.0.11
`;

function problemsOf(text: string): readonly string[] {
  try {
    readClusterConfig(text, "requorum.yaml");
  } catch (error) {
    assert.ok(error instanceof RecoveryError, String(error));
    assert.equal(error.code, "CONFIG_INVALID");
    assert.equal(error.subject, "file requorum.yaml");
    return error.detail.split("\n");
  }
  return [];
}

test("readClusterConfig: what is left out gets its default", () => {
  assert.deepEqual(readClusterConfig(small, "requorum.yaml"), {
    apiVersion: "requorum/v1",
    cluster: "prod",
    platform: "kubeadm",
    etcdTopology: "stacked",
    controlPlaneEndpoint: undefined,
    loadBalancer: "none",
    hosts: [{ name: "cp1", address: "10.0.0.11", roles: ["control-plane"] }],
    ssh: { connectTimeoutMs: 1300 },
    paths: { etcdDataDir: "/var/lib/etcd", pkiDir: "/etc/kubernetes/pki", manifestsDir: "/etc/kubernetes/manifests" },
    policy: { planLifetimeMs: 3_600_000 },
  });
});

test("readClusterConfig: everything that can be said is kept", () => {
  const config = readClusterConfig(
    `apiVersion: requorum/v1
cluster: prod-eu.1
platform: kubespray
etcdTopology: external
controlPlaneEndpoint: "[fd00::10]:6443"
loadBalancer: kube-vip
ssh: { configFile: ssh/config, connectTimeoutMs: 900 }
paths: { etcdDataDir: /data/etcd, pkiDir: /etc/kubernetes/ssl, manifestsDir: /m }
policy: { planLifetimeMs: 60000 }
hosts:
  - { name: cp1, address: cp1.example.org, sshUser: admin, sshPort: 2222, sshJump: "me@bastion:22,other", roles: [control-plane, load-balancer] }
  - { name: e1, address: "fd00::21", roles: [etcd] }
  - { name: s1, address: 10.0.0.9, roles: [spare] }
`,
    "/etc/requorum/prod.yaml",
  );
  assert.equal(config.ssh.configFile, "/etc/requorum/ssh/config");
  assert.deepEqual(config.hosts[0], {
    name: "cp1",
    address: "cp1.example.org",
    sshUser: "admin",
    sshPort: 2222,
    sshJump: "me@bastion:22,other",
    roles: ["control-plane", "load-balancer"],
  });
  assert.deepEqual(config.paths, { etcdDataDir: "/data/etcd", pkiDir: "/etc/kubernetes/ssl", manifestsDir: "/m" });
  assert.deepEqual(config.policy, { planLifetimeMs: 60_000 });
});

/** What is changed in the small configuration, and the one complaint it must bring. */
const malformed: readonly { readonly of: string; readonly text: string; readonly says: RegExp }[] = [
  { of: "an empty file", text: "", says: /^requorum\.yaml:1:1: the file is empty; expected a mapping/ },
  { of: "a list instead of a mapping", text: "- a\n", says: /^requorum\.yaml:1:1: the file is a list; expected a mapping/ },
  { of: "plain text", text: "hello\n", says: /^requorum\.yaml:1:1: the file is "hello"; expected a mapping/ },
  { of: "wrong indentation", text: small.replace("    address", "   address"), says: /^requorum\.yaml:5:\d+: / },
  { of: "a tab", text: small.replace("    address", "\taddress"), says: /^requorum\.yaml:\d:\d+: .*tab/i },
  { of: "an unclosed quote", text: small.replace("prod", '"prod'), says: /^requorum\.yaml:\d+:\d+: .*quote/ },
  { of: "an unclosed bracket", text: `${small}    roles: [etcd\n`, says: /^requorum\.yaml:\d+:\d+: / },
  { of: "a key twice", text: `${small}cluster: other\n`, says: /^requorum\.yaml:6:1: map keys must be unique/ },
  { of: "two documents", text: `${small}---\na: b\n`, says: /^requorum\.yaml:6:1: a second document begins here/ },
  {
    of: "another version",
    text: small.replace("requorum/v1", "requorum/v2"),
    says: /^requorum\.yaml:1:13: apiVersion is "requorum\/v2"; expected requorum\/v1$/,
  },
  { of: "no cluster", text: small.replace("cluster: prod\n", ""), says: /^requorum\.yaml:1:1: cluster is missing; expected text$/ },
  {
    of: "a cluster that is a number",
    text: small.replace("prod", "123"),
    says: /^requorum\.yaml:2:10: cluster is 123; expected text \(put it in quotes: "123"\)$/,
  },
  {
    of: "a cluster name with a slash",
    text: small.replace("prod", "../x"),
    says: /^requorum\.yaml:2:10: cluster is "\.\.\/x"; expected a name of lower-case letters/,
  },
  {
    of: "a mistyped key",
    text: small.replace("address", "adress"),
    says: /^requorum\.yaml:5:5: "adress" is not known in hosts\[0\]; did you mean address\?$/,
  },
  {
    of: "a mistyped key at the top",
    text: `${small}etcdToplogy: stacked\n`,
    says: /^requorum\.yaml:6:1: "etcdToplogy" is not known; did you mean etcdTopology\?$/,
  },
  {
    of: "an unknown key",
    text: `${small}ssh:\n  password: x\n`,
    says: /^requorum\.yaml:7:3: "password" is not known in ssh; expected one of configFile, connectTimeoutMs$/,
  },
  {
    of: "an empty hosts list",
    text: "apiVersion: requorum/v1\ncluster: prod\nhosts: []\n",
    says: /^requorum\.yaml:3:8: hosts is an empty list; expected at least one entry$/,
  },
  {
    of: "hosts as a mapping",
    text: "apiVersion: requorum/v1\ncluster: prod\nhosts:\n  cp1: 10.0.0.1\n",
    says: /^requorum\.yaml:4:3: hosts is a mapping; expected a list/,
  },
  {
    of: "an impossible IPv4 address",
    text: small.replace("10.0.0.11", "10.0.0.300"),
    says: /^requorum\.yaml:5:14: hosts\[0\]\.address is "10\.0\.0\.300"; expected an IP address or a DNS name/,
  },
  { of: "an address with a port", text: small.replace("10.0.0.11", "10.0.0.11:22"), says: /^requorum\.yaml:5:14: .*without a port$/ },
  { of: "an address that is an option of ssh", text: small.replace("10.0.0.11", "-oProxyCommand=x"), says: /^requorum\.yaml:5:14: / },
  {
    of: "a name that is an option of ssh",
    text: small.replace("cp1", "-v"),
    says: /^requorum\.yaml:4:11: hosts\[0\]\.name is "-v"; expected a host name/,
  },
  {
    of: "a user that is an option of ssh",
    text: `${small}    sshUser: -l\n`,
    says: /^requorum\.yaml:6:14: hosts\[0\]\.sshUser is "-l"; expected a user name$/,
  },
  { of: "a jump host with a space", text: `${small}    sshJump: "a b"\n`, says: /^requorum\.yaml:6:14: .*ssh -J/ },
  { of: "a jump host that a shell would run", text: `${small}    sshJump: "a;reboot"\n`, says: /^requorum\.yaml:6:14: .*ssh -J/ },
  {
    of: "a jump host with an option in it",
    text: `${small}    sshJump: "a,-oProxyCommand=reboot"\n`,
    says: /^requorum\.yaml:6:14: .*ssh -J/,
  },
  {
    of: "a port out of range",
    text: `${small}    sshPort: 70000\n`,
    says: /^requorum\.yaml:6:14: hosts\[0\]\.sshPort is 70000; expected at most 65535$/,
  },
  {
    of: "a port that is text",
    text: `${small}    sshPort: "22"\n`,
    says: /^requorum\.yaml:6:14: hosts\[0\]\.sshPort is "22"; expected a number$/,
  },
  {
    of: "a mistyped role",
    text: `${small}    roles: [controlplane]\n`,
    says: /^requorum\.yaml:6:13: hosts\[0\]\.roles\[0\] is "controlplane"; expected one of control-plane, .*; did you mean control-plane\?$/,
  },
  {
    of: "a role twice",
    text: `${small}    roles: [control-plane, control-plane]\n`,
    says: /^requorum\.yaml:6:28: hosts\[0\]\.roles names control-plane twice$/,
  },
  {
    of: "no control-plane host",
    text: `${small}    roles: [etcd]\n`,
    says: /^requorum\.yaml:4:3: no host has the role control-plane; expected at least one$/,
  },
  {
    of: "two hosts of one name",
    text: `${small}  - { name: CP1, address: 10.0.0.12 }\n`,
    says: /^requorum\.yaml:6:13: hosts\[1\]\.name is "CP1", which hosts\[0\] has already/,
  },
  {
    of: "two hosts of one address",
    text: `${small}  - { name: cp2, address: 10.0.0.11 }\n`,
    says: /^requorum\.yaml:6:27: hosts\[1\]\.address is "10\.0\.0\.11", which hosts\[0\] has already/,
  },
  {
    of: "external etcd without machines for it",
    text: `${small}etcdTopology: external\n`,
    says: /^requorum\.yaml:6:15: etcdTopology is external, but no host has the role etcd/,
  },
  {
    of: "an endpoint without a port",
    text: `${small}controlPlaneEndpoint: 10.0.0.10\n`,
    says: /^requorum\.yaml:6:23: controlPlaneEndpoint is "10\.0\.0\.10"; expected ADDRESS:PORT/,
  },
  {
    of: "an endpoint with a scheme",
    text: `${small}controlPlaneEndpoint: https://10.0.0.10:6443\n`,
    says: /^requorum\.yaml:6:23: .*expected ADDRESS:PORT/,
  },
  { of: "an endpoint with port 0", text: `${small}controlPlaneEndpoint: 10.0.0.10:0\n`, says: /^requorum\.yaml:6:23: / },
  {
    of: "a relative path on the machines",
    text: `${small}paths:\n  etcdDataDir: var/lib/etcd\n`,
    says: /^requorum\.yaml:7:16: paths\.etcdDataDir is "var\/lib\/etcd"; expected an absolute path$/,
  },
  {
    of: "a negative time",
    text: `${small}policy:\n  planLifetimeMs: -1\n`,
    says: /^requorum\.yaml:7:19: policy\.planLifetimeMs is -1; expected at least 60000$/,
  },
  {
    of: "plans that live longer than the checker lets them",
    text: `${small}policy:\n  planLifetimeMs: 86400001\n`,
    says: /^requorum\.yaml:7:19: policy\.planLifetimeMs is 86400001; expected at most 86400000$/,
  },
  {
    of: "a wait that nothing would keep to: silence, however long, is no proof of loss (I-G2)",
    text: `${small}policy:\n  unreachableGraceMs: 300000\n`,
    says: /^requorum\.yaml:7:3: .*unreachableGraceMs/,
  },
  { of: "an empty value", text: `${small}ssh:\n`, says: /^requorum\.yaml:6:5: ssh is empty; expected a mapping/ },
];
for (const { of, text, says } of malformed) {
  test(`readClusterConfig: ${of} is told with file, line, column and what was expected`, () => {
    const problems = problemsOf(text);
    assert.ok(problems.length >= 1, "no complaint");
    assert.match(problems[0] ?? "", says);
  });
}

test("readClusterConfig: several problems are told at once, in the order of the file", () => {
  const problems = problemsOf(`apiVersion: requorum/v9
cluster: Prod
platfrom: kubeadm
hosts:
  - name: cp1
  - name: cp2
    address: 300.1.1.1
    rolls: []
`);
  assert.deepEqual(
    problems.map((problem) => problem.split(":").slice(1, 3).join(":")),
    ["1:13", "2:10", "3:1", "5:5", "7:14", "8:5"],
  );
});

test("readClusterConfig: a thousand problems are cut to a screenful", () => {
  const problems = problemsOf(`${small}${Array.from({ length: 500 }, (_, index) => `key${String(index)}x: 1\n`).join("")}`);
  assert.equal(problems.length, 21);
  assert.match(problems.at(-1) ?? "", /and 480 more/);
});

test("readClusterConfig: an alias bomb is refused, not expanded", () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let index = 1; index < 10; index += 1)
    lines.push(`a${String(index)}: &a${String(index)} [${Array.from({ length: 10 }, () => `*a${String(index - 1)}`).join(", ")}]`);
  assert.match(problemsOf(lines.join("\n"))[0] ?? "", /alias/i);
});

test("readClusterConfig: a value that might be a secret is not repeated at length", () => {
  const secret = "s".repeat(400);
  assert.ok(!problemsOf(small.replace("prod", secret)).join("\n").includes(secret));
});

test("requorum.schema.json: the published schema says what the code says", () => {
  assert.equal(readFileSync(configSchemaPath, "utf8"), configJsonSchemaText(), "run node scripts/generate-config-schema.ts");
});

test("readClusterConfig: a second document is refused where it begins, in words that say so", () => {
  for (const [text, place] of [
    [`${small}---\n${small}`, "6:1"],
    [`---\n${small}---\n`, "7:1"],
    [`---\n---\n${small}`, "2:1"],
  ] as const) {
    const problems = problemsOf(text);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", new RegExp(`^requorum\\.yaml:${place}: a second document begins here; expected only one`));
  }
  assert.deepEqual(problemsOf(`---\n${small}...\n`), []);
});
