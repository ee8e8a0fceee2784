import assert from "node:assert/strict";
import { test } from "node:test";
import { etcdManifest } from "../../test/support/etcd-manifest.ts";
import { FakeHostAccess } from "../../test/support/fake-host-access.ts";
import { asHostName } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { readClusterConfig } from "../schemas/config.ts";
import type { ConfigDraft } from "../schemas/config-draft.ts";
import { initCluster } from "./init-cluster.ts";
import { draftFromAnsible, draftFromHosts, draftFromKubeconfig } from "./init-draft.ts";

const name = { fallback: "my directory" };

/** What the discovery script prints on a kubeadm machine with keepalived and haproxy. */
function kubeadmFacts(host: string, address: string, more: readonly string[] = []): string {
  const rows = [
    ["hostname", host],
    ["address", address],
    ["server.admin.conf", "https://10.0.0.10:8443"],
    ["server.kubelet.conf", "https://10.0.0.10:8443"],
    ["server.controller-manager.conf", `https://${address}:6443`],
    ["manifests", "/etc/kubernetes/manifests"],
    ["apiserver", "yes"],
    ["apiserver.advertise", address],
    ["apiserver.etcd", "https://127.0.0.1:2379"],
    ["apiserver.ca", "/etc/kubernetes/pki/ca.crt"],
    ["etcd", "static-pod"],
    ["etcd.name", host],
    ["etcd.manifest", Buffer.from(etcdManifest("/var/lib/etcd")).toString("base64")],
    ["etcd.client", `https://${address}:2379`],
    ["etcd.cluster", `${host}=https://${address}:2380,cp1=https://10.0.0.11:2380`],
    ["kubelet", "yes"],
    ["haproxy", "yes"],
    ["vip", "10.0.0.10"],
  ];
  return [...rows.map((row) => row.join("\t")), ...more, "complete\tyes", ""].join("\n");
}

async function init(draft: ConfigDraft, answers: Readonly<Record<string, string | RecoveryError>>, mayGuess = false) {
  const access = new FakeHostAccess();
  for (const [host, answer] of Object.entries(answers)) {
    if (typeof answer === "string") access.onScript({ host: asHostName(host) }, { stdout: answer });
    else access.failWith(asHostName(host), () => answer);
  }
  return initCluster({ draft, openHosts: () => access, path: "requorum.yaml", madeBy: "requorum init", mayGuess, report: () => undefined });
}

const down = new RecoveryError("SSH_UNREACHABLE", { subject: "host cp3", detail: "cp3: no answer at all within 1500 ms" });

test("initCluster: three machines of a kubeadm cluster are found out from their names, and every fact names its source", async () => {
  const result = await init(draftFromHosts(["cp1", "cp2", "cp3"], name, {}), {
    cp1: kubeadmFacts("cp1", "10.0.0.11"),
    cp2: kubeadmFacts("cp2", "10.0.0.12"),
    cp3: kubeadmFacts("cp3", "10.0.0.13"),
  });
  assert.equal(
    result.text,
    `# Written by requorum init. Every fact names its source; change what is wrong.
apiVersion: requorum/v1
cluster: my-directory   # the directory's name; you will type it to consent
platform: kubeadm   # files of cp1
etcdTopology: stacked   # etcd manifest on cp1
controlPlaneEndpoint: 10.0.0.10:8443   # server in admin.conf on cp1
loadBalancer: keepalived-haproxy   # keepalived.conf on cp1
hosts:
  - name: cp1
    address: 10.0.0.11   # --advertise-address of kube-apiserver on cp1
    roles: [control-plane, etcd, load-balancer]   # files of cp1
  - name: cp2
    address: 10.0.0.12   # --advertise-address of kube-apiserver on cp2
    roles: [control-plane, etcd, load-balancer]   # files of cp2
  - name: cp3
    address: 10.0.0.13   # --advertise-address of kube-apiserver on cp3
    roles: [control-plane, etcd, load-balancer]   # files of cp3
`,
  );
  assert.deepEqual(result.notReached, []);
  assert.deepEqual(readClusterConfig(result.text, "requorum.yaml"), result.config);
});

test("initCluster: a machine that is down is noted and kept, and the file is still written", async () => {
  const result = await init(draftFromHosts(["cp1", "cp2", "cp3=10.0.0.13"], name, {}), {
    cp1: kubeadmFacts("cp1", "10.0.0.11"),
    cp2: kubeadmFacts("cp2", "10.0.0.12"),
    cp3: down,
  });
  assert.deepEqual(result.notReached, [{ host: "cp3", code: "SSH_UNREACHABLE", detail: down.detail }]);
  assert.match(
    result.text,
    / {2}# NOTE: not reached \(SSH_UNREACHABLE\).*\n {2}- name: cp3\n {4}address: 10\.0\.0\.13 {3}# --host\n {4}roles: \[control-plane\]/,
  );
});

test("initCluster: the address of a machine that is down is taken from the etcd settings of the others", async () => {
  const result = await init(draftFromHosts(["cp1", "cp2"], name, {}), {
    cp1: new RecoveryError("SSH_UNREACHABLE", { subject: "host cp1", detail: "no answer" }),
    cp2: kubeadmFacts("cp2", "10.0.0.12"),
  });
  assert.match(result.text, /address: 10\.0\.0\.11 {3}# etcd member cp1 in the etcd settings on cp2/);
});

test("initCluster: kubelets that talk to the API server of their own machine are no contradiction", async () => {
  const facts = (host: string, address: string) =>
    kubeadmFacts(host, address).replace("server.kubelet.conf\thttps://10.0.0.10:8443", `server.kubelet.conf\thttps://${address}:6443`);
  const result = await init(draftFromHosts(["cp1", "cp2"], name, {}), { cp1: facts("cp1", "10.0.0.11"), cp2: facts("cp2", "10.0.0.12") });
  assert.equal(result.config.controlPlaneEndpoint, "10.0.0.10:8443");
  assert.deepEqual(result.notes, []);
});

test("initCluster: a machine without a trace of Kubernetes stays a control-plane machine, with a note that it may be a spare", async () => {
  const result = await init(draftFromHosts(["cp1", "cp2=10.0.0.12"], name, {}), {
    cp1: kubeadmFacts("cp1", "10.0.0.11"),
    cp2: "hostname\tcp2\naddress\t10.0.0.12\nmanifests\t/etc/kubernetes/manifests\ncomplete\tyes\n",
  });
  assert.match(result.notes.join("\n"), /no trace of Kubernetes on cp2/);
  assert.deepEqual(result.config.hosts[1]?.roles, ["control-plane"]);
});

test("initCluster: a wiped machine whose balancer files are still there stays a control-plane machine, and says so in the file", async () => {
  const facts = { cp1: kubeadmFacts("cp1", "10.0.0.11"), cp3: kubeadmFacts("cp3", "10.0.0.13") };
  for (const rest of ["haproxy\tyes\nvip\t10.0.0.10\n", "haproxy\tyes\nkubelet\tyes\n"]) {
    const result = await init(draftFromHosts(["cp1", "cp2=10.0.0.12", "cp3"], name, {}), {
      ...facts,
      cp2: `hostname\tcp2\naddress\t10.0.0.12\n${rest}complete\tyes\n`,
    });
    assert.deepEqual(result.config.hosts[1]?.roles, ["control-plane", "load-balancer"]);
    assert.match(result.notes.join("\n"), /no API server on cp2.*kept as a control-plane machine, as you said/);
    assert.match(
      result.text,
      / {2}# NOTE: no API server on cp2.*\n {2}- name: cp2\n.*\n {4}roles: \[control-plane, load-balancer\] {3}# as you said/,
    );
    assert.deepEqual(readClusterConfig(result.text, "requorum.yaml"), result.config);
  }
});

test("initCluster: a machine with etcd alone is an etcd machine only where an API server elsewhere names it", async () => {
  const etcdOnly = kubeadmFacts("cp2", "10.0.0.12")
    .split("\n")
    .filter((line) => !/^(apiserver|server|vip|haproxy|kubelet)/.test(line))
    .join("\n");
  const moved = await init(draftFromHosts(["cp1", "cp2"], name, {}), { cp1: kubeadmFacts("cp1", "10.0.0.11"), cp2: etcdOnly });
  assert.deepEqual(moved.config.hosts[1]?.roles, ["control-plane", "etcd"]);
  const named = await init(draftFromHosts(["cp1", "cp2"], name, {}), {
    cp1: kubeadmFacts("cp1", "10.0.0.11").replace("https://127.0.0.1:2379", "https://10.0.0.12:2379"),
    cp2: etcdOnly,
  });
  assert.deepEqual(named.config.hosts[1]?.roles, ["etcd"]);
  assert.deepEqual(named.notes, []);
});

test("initCluster: a forgotten etcd member is pointed out", async () => {
  const result = await init(draftFromHosts(["cp2"], name, {}), { cp2: kubeadmFacts("cp2", "10.0.0.12") });
  assert.match(result.notes.join("\n"), /etcd member cp1 \(10\.0\.0\.11\)/);
});

test("initCluster: machines that disagree about the endpoint are told, and the majority wins", async () => {
  const other = kubeadmFacts("cp3", "10.0.0.13").replaceAll("10.0.0.10:8443", "10.0.0.11:6443");
  const result = await init(draftFromHosts(["cp1", "cp2", "cp3"], name, {}), {
    cp1: kubeadmFacts("cp1", "10.0.0.11"),
    cp2: kubeadmFacts("cp2", "10.0.0.12"),
    cp3: other,
  });
  assert.equal(result.config.controlPlaneEndpoint, "10.0.0.10:8443");
  assert.match(result.notes.join("\n"), /disagree.*10\.0\.0\.11:6443 \(admin\.conf on cp3\)/);
});

test("initCluster: external etcd machines are added from what the API servers name", async () => {
  const facts = kubeadmFacts("cp1", "10.0.0.11")
    .split("\n")
    .filter((line) => !/^(etcd|vip|haproxy)/.test(line))
    .join("\n")
    .replace("https://127.0.0.1:2379", "https://10.0.0.21:2379,https://10.0.0.22:2379");
  const result = await init(draftFromHosts(["cp1"], name, {}), { cp1: facts });
  assert.equal(result.config.etcdTopology, "external");
  assert.equal(result.config.loadBalancer, "external");
  assert.deepEqual(
    result.config.hosts.map((host) => [host.name, host.address, host.roles.join()]),
    [
      ["cp1", "10.0.0.11", "control-plane"],
      ["etcd-10-0-0-21", "10.0.0.21", "etcd"],
      ["etcd-10-0-0-22", "10.0.0.22", "etcd"],
    ],
  );
});

test("initCluster: kube-vip, unusual directories and an endpoint that is a machine's own are recognised", async () => {
  const facts = kubeadmFacts("cp1", "10.0.0.11", ["kubevip\t10.0.0.10"])
    .split("\n")
    .filter((line) => !/^(vip|haproxy)/.test(line))
    .join("\n")
    .replace(/^etcd\.manifest.*$/m, `etcd.manifest\t${Buffer.from(etcdManifest("/data/etcd")).toString("base64")}`);
  const result = await init(draftFromHosts(["cp1"], name, {}), { cp1: facts });
  assert.equal(result.config.loadBalancer, "kube-vip");
  assert.equal(result.config.paths.etcdDataDir, "/data/etcd");
  // Where the manifest does not tell it, nothing is claimed.
  for (const untold of ["", "%%%", Buffer.from("a: [b").toString("base64"), Buffer.from("kind: List").toString("base64")]) {
    const { config } = await init(draftFromHosts(["cp1"], name, {}), {
      cp1: facts.replace(/^etcd\.manifest.*$/m, `etcd.manifest\t${untold}`),
    });
    assert.equal(config.paths.etcdDataDir, "/var/lib/etcd");
  }
  const own = await init(draftFromHosts(["cp1"], name, {}), {
    cp1: facts.replace(/kubevip.*\n/, "").replaceAll("10.0.0.10:8443", "10.0.0.11:6443"),
  });
  assert.equal(own.config.loadBalancer, "none");
});

test("initCluster: what a machine sends cannot add lines to the file", async () => {
  const evil = kubeadmFacts("cp1", "10.0.0.11").replace("/var/lib/etcd", "/x: y # z\rcluster: evil");
  const result = await init(draftFromHosts(["cp1"], name, {}), { cp1: evil });
  assert.equal(result.config.cluster, "my-directory");
  assert.deepEqual(readClusterConfig(result.text, "requorum.yaml"), result.config);
});

test("initCluster: half an answer counts as not reached; an interruption and a missing ssh stop everything", async () => {
  const half = await init(draftFromHosts(["cp1", "cp2"], name, {}), { cp1: kubeadmFacts("cp1", "10.0.0.11"), cp2: "hostname\tcp2\n" });
  assert.deepEqual(
    half.notReached.map((one) => one.code),
    ["REMOTE_ANSWER_MALFORMED"],
  );
  for (const code of ["INTERRUPTED", "SSH_CLIENT_MISSING"] as const) {
    await assert.rejects(init(draftFromHosts(["cp1"], name, {}), { cp1: new RecoveryError(code, { subject: "x", detail: "y" }) }), {
      code,
    });
  }
});

test("initCluster: two names of one machine are refused", async () => {
  await assert.rejects(
    init(draftFromHosts(["cp1", "alias"], name, {}), { cp1: kubeadmFacts("cp1", "10.0.0.11"), alias: kubeadmFacts("cp1", "10.0.0.11") }),
    { code: "CONFIG_INVALID", detail: /10\.0\.0\.11/ },
  );
});

test("draftFromHosts: what is no name and address is a usage error", () => {
  for (const bad of ["", "a b", "-x", "cp1=", "cp1=10.0.0.300", "cp1=1.2.3.4=5", "cp1=1.2.3.4:22"])
    assert.throws(() => draftFromHosts([bad], name, {}), { code: "USAGE" }, bad);
  assert.throws(() => draftFromHosts(["cp1", "CP1"], name, {}), { code: "USAGE" });
});

test("draftFromAnsible: a kubespray inventory becomes hosts with addresses, logins and roles", () => {
  const text = `node1 ansible_host=203.0.113.1 ip=10.3.0.1 etcd_member_name=etcd1 ansible_user=ubuntu ansible_port=2222
node2 ansible_host=10.3.0.2
[kube_control_plane]
node1
node2
[etcd:children]
kube_control_plane
[kube_node]
node2
node[3:4] ansible_user="core"
[k8s_cluster:children]
kube_control_plane
kube_node
[all:vars]
ansible_ssh_common_args='-o ProxyJump=me@bastion'
loadbalancer_apiserver={"address": "10.3.0.10", "port": 8383}
`;
  const draft = draftFromAnsible({ text, path: "hosts.ini" }, { given: "prod", fallback: "x" }, {});
  assert.equal(draft.cluster.value, "prod");
  assert.equal(draft.platform?.value, "kubespray");
  assert.equal(draft.etcdTopology?.value, "stacked");
  assert.equal(draft.controlPlaneEndpoint?.value, "10.3.0.10:8383");
  assert.deepEqual(
    draft.hosts.map(({ name: host, address, roles, sshAddress, sshUser, sshPort, sshJump }) => [
      host,
      address?.value,
      roles?.value.join(),
      sshAddress,
      sshUser,
      sshPort,
      sshJump,
    ]),
    [
      ["node1", "10.3.0.1", "control-plane,etcd", "203.0.113.1", "ubuntu", 2222, "me@bastion"],
      ["node2", "10.3.0.2", "control-plane,etcd", undefined, undefined, undefined, "me@bastion"],
      ["node3", "node3", "worker", undefined, "core", undefined, "me@bastion"],
      ["node4", "node4", "worker", undefined, "core", undefined, "me@bastion"],
    ],
  );
});

test("draftFromAnsible: values that Ansible computes, bad addresses and missing groups are told with their line", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["[kube_control_plane]\nnode1 ansible_host={{x}}\n", /^hosts\.ini:2:1: ansible_host of node1 is computed by Ansible/],
    ["[kube_control_plane]\nnode1 ip=10.0.0.300\n", /^hosts\.ini:2:1: ip of node1 is "10\.0\.0\.300"/],
    ["[kube_control_plane]\nnode1 ansible_port=ssh\n", /^hosts\.ini:2:1: ansible_port of node1 is "ssh"/],
    ["[web]\nnode1\n", /no machine is in a control-plane group/],
  ];
  for (const [text, says] of cases)
    assert.throws(() => draftFromAnsible({ text, path: "hosts.ini" }, name, {}), { code: "INVENTORY_FILE_INVALID", detail: says });
});

test("draftFromKubeconfig: nodes that the API lists become hosts; without an answer only the endpoint is known, and init says so", async () => {
  const text = `apiVersion: v1
kind: Config
current-context: admin@prod
contexts: [{ name: admin@prod, context: { cluster: prod, user: admin } }]
clusters: [{ name: prod, cluster: { server: "https://10.0.0.10:6443" } }]
users: [{ name: admin, user: { token: planted-secret-token } }]
`;
  const listed = draftFromKubeconfig(
    { text, path: "admin.conf" },
    {
      kind: "listed",
      nodes: [
        { name: "cp1", internalIp: "10.0.0.11", isControlPlane: true },
        { name: "w1", internalIp: "10.0.0.31", isControlPlane: false },
      ],
    },
    name,
    { sshUser: "admin" },
  );
  const result = await init(listed, { cp1: kubeadmFacts("cp1", "10.0.0.11"), w1: down });
  assert.equal(result.config.cluster, "prod");
  assert.deepEqual(
    result.config.hosts.map((host) => [host.name, host.sshUser, host.roles.join()]),
    [
      ["cp1", "admin", "control-plane"],
      ["w1", "admin", "worker"],
    ],
  );
  assert.ok(!result.text.includes("planted-secret-token"));
  const silent = draftFromKubeconfig({ text, path: "admin.conf" }, { kind: "no-answer", because: "timeout" }, name, {});
  await assert.rejects(init(silent, {}), { code: "FACTS_INCOMPLETE", detail: /did not answer through 10\.0\.0\.10:6443/ });
});

test("initCluster: machines that keep etcd's data in different places get a note", async () => {
  const facts = kubeadmFacts("cp2", "10.0.0.12").replace(
    /^etcd\.manifest.*$/m,
    `etcd.manifest\t${Buffer.from(etcdManifest("/data/etcd")).toString("base64")}`,
  );
  const result = await init(draftFromHosts(["cp1", "cp2"], name, {}), { cp1: kubeadmFacts("cp1", "10.0.0.11"), cp2: facts });
  assert.match(result.text, /\/var\/lib\/etcd on cp1, \/data\/etcd on cp2/);
});

test("initCluster: when no machine could be asked nothing is written, each is told with its reason; asked for all the same, it says what it is", async () => {
  const nope = { nope1: new RecoveryError("SSH_HOST_KEY_UNKNOWN", { subject: "host nope1", detail: "no host key of nope1 is recorded" }) };
  await assert.rejects(init(draftFromHosts(["nope1"], name, {}), nope), (error: unknown) => {
    assert.ok(error instanceof RecoveryError);
    assert.equal(error.code, "FACTS_INCOMPLETE");
    assert.match(error.detail, /nothing was written: nope1: no host key of nope1 is recorded \[SSH_HOST_KEY_UNKNOWN\]/);
    assert.match(error.remedies.at(-1)?.why ?? "", /--force/);
    return true;
  });
  const guessed = await init(draftFromHosts(["nope1"], name, {}), nope, true);
  assert.match(guessed.text, /NOTE: not reached \(SSH_HOST_KEY_UNKNOWN\)/);
});
