import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { FakeHostAccess } from "../../../test/support/fake-host-access.ts";
import { defaultPaths, type ClusterConfig } from "../../model/cluster-config.ts";
import { asHostName } from "../../model/ids.ts";
import { collectMachine, type MachineParts } from "./collect-machine.ts";
import { collectScript } from "./collect-script.ts";

const cp1 = { name: asHostName("cp1"), address: "10.0.0.11", roles: ["control-plane"] as const };
const config: ClusterConfig = {
  apiVersion: "requorum/v1",
  cluster: "prod",
  platform: "kubeadm",
  etcdTopology: "stacked",
  controlPlaneEndpoint: undefined,
  loadBalancer: "none",
  hosts: [cp1],
  ssh: { connectTimeoutMs: 1000 },
  paths: defaultPaths,
  policy: { planLifetimeMs: 3_600_000 },
};

const secret = "planted-private-key";
const kubeadm: { readonly [path: string]: string } = Object.fromEntries(
  ["ca.crt", "ca.key", "sa.key", "sa.pub", "etcd/ca.crt", "etcd/ca.key"].map((name) => [`/etc/kubernetes/pki/${name}`, secret]),
);
const apiServer = (flag = ""): string => `kind: Pod
metadata: { name: kube-apiserver }
spec:
  containers:
    - command: [kube-apiserver, --client-ca-file=/etc/kubernetes/pki/ca.crt, --audit-log-path=/var/log/audit.log${flag}]
      volumeMounts: [{ name: k, mountPath: /etc/kubernetes/pki }, { name: enc, mountPath: /enc }]
  volumes: [{ name: k, hostPath: { path: /etc/kubernetes/pki } }, { name: enc, hostPath: { path: /srv/encryption } }]
`;
const whole = {
  ...kubeadm,
  "/etc/kubernetes/manifests/kube-apiserver.yaml": apiServer(),
  "/etc/kubernetes/manifests/etcd.yaml": "kind: Pod\n",
};

/** The real script with a real sh, on a machine made of files below a temporary root. */
async function collectedOn(
  files: { readonly [path: string]: string | Uint8Array },
  options: {
    readonly links?: { readonly [path: string]: string };
    readonly limits?: readonly string[];
    readonly config?: ClusterConfig;
    /** Shell text of a find(1) that is found before the real one. */
    readonly find?: string;
  } = {},
): Promise<MachineParts & { readonly calls: number }> {
  const root = mkdtempSync(join(tmpdir(), "requorum-collect-"));
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), content, { mode: 0o600 });
    }
    for (const [path, target] of Object.entries(options.links ?? {})) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      symlinkSync(target, join(root, path));
    }
    const bin = join(root, ".bin");
    if (options.find !== undefined) {
      mkdirSync(bin);
      writeFileSync(join(bin, "find"), `#!/bin/sh\n${options.find}\n`, { mode: 0o755 });
    }
    const hosts = new FakeHostAccess();
    hosts.onScript({}, ({ script, args = [] }) => {
      const words = [...(options.limits ?? args.slice(0, 3)), ...args.slice(3)];
      const ran = spawnSync("sh", ["-s", "--", ...words], {
        input: script,
        encoding: "utf8",
        env: { ...process.env, REQUORUM_PROBE_ROOT: root, PATH: `${bin}:${process.env["PATH"] ?? ""}` },
        maxBuffer: 64 * 1024 * 1024,
      });
      return { exitCode: ran.status ?? 1, stdout: ran.stdout, stderr: ran.stderr };
    });
    const parts = await collectMachine(hosts, options.config ?? config, cp1, { signal: new AbortController().signal });
    return { ...parts, calls: hosts.calls.length };
  } finally {
    rmSync(root, { recursive: true });
  }
}

const kindsOf = ({ parts }: MachineParts): { readonly [path: string]: string } =>
  Object.fromEntries(parts.map(({ kind, file }) => [file.path, kind]));

test("collectMachine: a find that is killed half-way, in the middle of a name, is said: what it did not come to is not known", async () => {
  const find = 'printf "%s\\n%s" "$1/pki/ca.crt" "$1/pki/ca"; kill -9 $$';
  const found = await collectedOn(whole, { find });
  assert.ok(found.parts.some(({ file }) => file.path === "/etc/kubernetes/pki/ca.crt"));
  assert.match(found.missing.join("\n"), /find ended with status 137: files may be missing/);
});

test("collectMachine: files come with kind, mode, owner and bytes; links stay links; kubeadm's copies of data dirs, and what requorum put aside, are left out", async () => {
  const odd = Uint8Array.from([0, 255, 10, 13, 0]);
  const found = await collectedOn(
    {
      ...whole,
      "/etc/kubernetes/admin.conf": "kind: Config\n",
      "/etc/kubernetes/empty.yaml": "",
      "/etc/kubernetes/pki/name with 'blank'.bin": odd,
      "/etc/kubernetes/tmp/kubeadm-backup-etcd/member/snap/db": "a whole database",
      "/etc/kubernetes/.requorum-aside/R/etc/kubernetes/pki/ca.key": "kept aside by a run",
      "/etc/containerd/config.toml": "version = 2\n",
      "/etc/keepalived/keepalived.conf": 'vrrp_script check {\n  script "/usr/local/bin/check_api.sh 6443"\n}\n',
      "/usr/local/bin/check_api.sh": "#!/bin/sh\n",
      "/var/lib/kubelet/config.yaml": "kind: KubeletConfiguration\n",
      "/var/lib/kubelet/pki/kubelet-client-2026.pem": secret,
      "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf": "[Service]\n",
    },
    { links: { "/var/lib/kubelet/pki/kubelet-client-current.pem": "kubelet-client-2026.pem", "/etc/kubernetes/pki/dangling": "nowhere" } },
  );
  assert.deepEqual(found.missing, []);
  const kinds = kindsOf(found);
  assert.equal(kinds["/etc/kubernetes/admin.conf"], "kubeconfig");
  assert.equal(kinds["/etc/containerd/config.toml"], "container-runtime");
  assert.equal(kinds["/usr/local/bin/check_api.sh"], "load-balancer");
  assert.equal(kinds["/etc/systemd/system/kubelet.service.d/10-kubeadm.conf"], "kubelet");
  assert.equal(kinds["/etc/kubernetes/manifests/etcd.yaml"], "static-pod");
  assert.ok(!Object.keys(kinds).some((path) => path.includes("/tmp/") || path.includes("/.requorum-aside/")));
  const fileAt = (path: string) => found.parts.find(({ file }) => file.path === path)?.file;
  assert.deepEqual(fileAt("/etc/kubernetes/pki/name with 'blank'.bin")?.content, odd);
  assert.equal(fileAt("/etc/kubernetes/empty.yaml")?.content.length, 0);
  assert.equal(fileAt("/etc/kubernetes/pki/ca.key")?.mode, 0o600);
  assert.equal(fileAt("/etc/kubernetes/pki/ca.key")?.uid, process.getuid?.());
  const link = fileAt("/var/lib/kubelet/pki/kubelet-client-current.pem");
  assert.deepEqual([link?.type, link?.target], ["symlink", "kubelet-client-2026.pem"]);
  assert.equal(fileAt("/etc/kubernetes/pki/dangling")?.target, "nowhere");
});

test("collectMachine: the encryption configuration is found where the API server's manifest says, through its volumes", async () => {
  const flag = ", --encryption-provider-config=/enc/config.yaml";
  const files = { ...whole, "/etc/kubernetes/manifests/kube-apiserver.yaml": apiServer(flag) };
  const there = await collectedOn({ ...files, "/srv/encryption/config.yaml": "kind: EncryptionConfiguration\n" });
  assert.equal(kindsOf(there)["/srv/encryption/config.yaml"], "encryption-config");
  assert.deepEqual(there.missing, []);
  assert.equal(there.calls, 2);
  const gone = await collectedOn(files);
  assert.match(gone.missing.join("\n"), /^\/srv\/encryption\/config\.yaml: the encryption configuration .* is not there$/);
});

test("collectMachine: where the API server's manifest was moved away, its encryption configuration and version are found by it, or by its own form", async () => {
  const aside = apiServer(", --encryption-provider-config=/enc/config.yaml").replace(
    "    - command:",
    "    - image: registry.k8s.io/kube-apiserver:v1.34.4\n      command:",
  );
  const others = Object.fromEntries(Object.entries(whole).filter(([path]) => !path.endsWith("/kube-apiserver.yaml")));
  const encryption = "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\n";
  const moved = await collectedOn({
    ...others,
    "/etc/kubernetes/manifests.bak/kube-apiserver.yaml": aside,
    "/srv/encryption/config.yaml": encryption,
  });
  assert.equal(kindsOf(moved)["/srv/encryption/config.yaml"], "encryption-config");
  assert.equal(moved.apiServerVersion, "v1.34.4");
  assert.deepEqual(moved.missing, ["/etc/kubernetes/manifests/kube-apiserver.yaml: the API server's manifest is not there"]);
  // To where nobody looks: /root, /tmp.
  const away = await collectedOn({ ...others, "/etc/kubernetes/enc/config.yaml": encryption });
  assert.equal(kindsOf(away)["/etc/kubernetes/enc/config.yaml"], "encryption-config");
  // What runs says what counts, and a copy from before does not.
  const old = await collectedOn({
    ...whole,
    "/etc/kubernetes/manifests.bak/kube-apiserver.yaml": aside,
    "/etc/kubernetes/enc/old.yaml": encryption,
  });
  assert.deepEqual(
    [kindsOf(old)["/etc/kubernetes/enc/old.yaml"], old.calls, old.missing, old.apiServerVersion],
    ["static-pod", 1, [], undefined],
  );
});

test("collectMachine: what a control plane cannot be brought back without is missed by name, also behind kubespray's link", async () => {
  const bare = await collectedOn({ "/etc/kubernetes/pki/ca.crt": "c" });
  assert.match(bare.missing.join("\n"), /pki\/ca\.key: the key of the cluster's CA is not there/);
  assert.match(bare.missing.join("\n"), /pki\/sa\.key/);
  assert.doesNotMatch(bare.missing.join("\n"), /pki\/ca\.crt/);
  const files = Object.fromEntries(Object.entries(kubeadm).map(([path, content]) => [path.replace("/pki/", "/ssl/"), content]));
  const spray = await collectedOn(
    { ...files, "/etc/kubernetes/manifests/kube-apiserver.yaml": apiServer() },
    { links: { "/etc/kubernetes/pki": "ssl" }, config: { ...config, platform: "kubespray" } },
  );
  assert.deepEqual(spray.missing, []);
  assert.equal(spray.parts.find(({ file }) => file.path === "/etc/kubernetes/pki")?.file.target, "ssl");
});

test("collectMachine: where /etc/kubernetes is a link to another disk, no file lies below a link, and each has the kind that it has", async () => {
  const flag = ", --encryption-provider-config=/enc/config.yaml";
  const files = {
    ...whole,
    "/etc/kubernetes/manifests/kube-apiserver.yaml": apiServer(flag),
    "/etc/kubernetes/admin.conf": "kind: Config\n",
  };
  const moved = Object.fromEntries(
    Object.entries(files).map(([path, content]) => [
      path.replace("/etc/kubernetes/pki/etcd/", "/secure/etcd/").replace("/etc/kubernetes/", "/data/kubernetes/"),
      content,
    ]),
  );
  const found = await collectedOn(
    { ...moved, "/srv/encryption/config.yaml": "kind: EncryptionConfiguration\n", "/etc/hosts": "" },
    // Over a link of a link, and an absolute one inside.
    {
      links: { "/etc/kubernetes": "../srv/kubernetes", "/srv/kubernetes": "/data/kubernetes", "/data/kubernetes/pki/etcd": "/secure/etcd" },
    },
  );
  assert.deepEqual([found.missing, found.leftOut], [[], []]);
  const kinds = kindsOf(found);
  const links = found.parts.flatMap(({ file }) => (file.type === "symlink" ? [file.path] : []));
  assert.deepEqual(links, ["/data/kubernetes/pki/etcd", "/etc/kubernetes", "/srv/kubernetes"]);
  assert.deepEqual(
    Object.keys(kinds).filter((path) => links.some((link) => path.startsWith(`${link}/`))),
    [],
  );
  assert.equal(found.parts.filter(({ file }) => file.type === "file").length, Object.keys(moved).length + 1);
  assert.equal(kinds["/data/kubernetes/manifests/etcd.yaml"], "static-pod");
  assert.equal(kinds["/data/kubernetes/admin.conf"], "kubeconfig");
  assert.equal(kinds["/data/kubernetes/pki/sa.key"], "pki");
  assert.equal(kinds["/secure/etcd/ca.key"], "pki");
  assert.equal(kinds["/srv/encryption/config.yaml"], "encryption-config");
});

test("collectMachine: kubeadm's tmp is left out also where /etc/kubernetes is a link; a link to a directory elsewhere is told", async () => {
  const moved = Object.entries(whole).map(([path, content]) => [path.replace("/etc/kubernetes/", "/data/kubernetes/"), content] as const);
  const found = await collectedOn(
    {
      ...Object.fromEntries(moved),
      "/data/kubernetes/tmp/kubeadm-backup/ca.key": secret,
      "/data/kubernetes/extra/q.crt": "q",
      "/ssd/sub/x.crt": "x",
    },
    { links: { "/etc/kubernetes": "/data/kubernetes", "/data/kubernetes/pki/sub": "/ssd/sub", "/data/kubernetes/pki/extra": "../extra" } },
  );
  const paths = found.parts.map(({ file }) => file.path);
  assert.deepEqual(
    paths.filter((path) => path.includes("/tmp/")),
    [],
  );
  assert.ok(paths.includes("/data/kubernetes/extra/q.crt"));
  assert.deepEqual(found.missing, []);
  assert.deepEqual(found.leftOut, ["/data/kubernetes/pki/sub: it is a link to a directory that is not collected"]);
});

test("collectMachine: what haproxy names, and flags of two words or of a shell, are found; a merged /usr has no link of its own", async () => {
  const haproxy =
    "global\n ca-base /srv/ca\nfrontend x\n bind *:6443 ssl crt /etc/ssl/private/lb.pem ca-file clients.pem\n server a 10.0.0.1:6443 ca-file /etc/kubernetes/pki/ca.crt\n errorfile 503 /srv/503.http\n";
  const files = {
    ...whole,
    "/etc/haproxy/haproxy.cfg": haproxy,
    "/etc/ssl/private/lb.pem": secret,
    "/srv/ca/clients.pem": "c",
    "/srv/503.http": "sorry",
    "/srv/encryption/enc.yaml": "kind: EncryptionConfiguration\n",
    "/usr/lib/systemd/system/kubelet.service": "[Unit]\n",
  };
  const manifest = "/etc/kubernetes/manifests/kube-apiserver.yaml";
  const forms = [
    apiServer(", --encryption-provider-config, /enc/enc.yaml"),
    apiServer().replace("[kube-apiserver,", '[/bin/sh, -c, "exec kube-apiserver --encryption-provider-config=/enc/enc.yaml",'),
  ];
  for (const form of forms) {
    const found = await collectedOn({ ...files, [manifest]: form }, { links: { "/lib": "usr/lib" } });
    const kinds = kindsOf(found);
    assert.deepEqual(found.missing, []);
    assert.equal(kinds["/srv/encryption/enc.yaml"], "encryption-config");
    for (const path of ["/etc/ssl/private/lb.pem", "/srv/ca/clients.pem", "/srv/503.http"])
      assert.equal(kinds[path], "load-balancer", path);
    assert.equal(kinds["/etc/kubernetes/pki/ca.crt"], "pki");
    assert.equal(kinds["/lib"], undefined);
    assert.equal(kinds["/usr/lib/systemd/system/kubelet.service"], "kubelet");
  }
});

test("collectMachine: much that nobody names pushes nothing out; too large or too much, it is told, and is not what is missing", async () => {
  const junk = Object.fromEntries(
    Array.from({ length: 9 }, (_, at) => [`/etc/kubernetes/backup/${String(at)}.yaml`, "x".repeat(900)] as const),
  );
  const found = await collectedOn(
    { ...junk, ...whole, "/etc/kubernetes/etcd-backup/snap.db": "x".repeat(2000), "/etc/containerd/huge": "x".repeat(2000) },
    { limits: ["1000", "4000", "100"] },
  );
  assert.deepEqual(found.missing, []);
  for (const path of Object.keys(whole)) assert.ok(path in kindsOf(found), path);
  const told = found.leftOut.join("\n");
  assert.match(told, /^\/etc\/containerd\/huge: it has 2000 bytes, more than is collected$/m);
  assert.match(told, /^\/etc\/kubernetes: beside what is known by name, there are more bytes than are collected/m);
});

test("collectMachine: what is needed and too large is missing; what a limit ended is not said to be gone", async () => {
  const large = await collectedOn(
    { ...whole, "/etc/kubernetes/pki/ca.crt": "x".repeat(2000), "/etc/kubernetes/pki/sa.pub": "" },
    { limits: ["1000", "100000", "100"] },
  );
  assert.deepEqual(large.missing, ["/etc/kubernetes/pki/ca.crt: it has 2000 bytes, more than is collected"]);
  const many = await collectedOn(whole, { limits: ["1000", "100000", "4"] });
  assert.match(many.missing.join("\n"), /more files than are collected of one machine/);
  assert.match(many.missing.join("\n"), /kube-apiserver\.yaml: the API server's manifest was not collected/);
  assert.doesNotMatch(many.missing.join("\n"), /is not there/);
  const much = await collectedOn(whole, { limits: ["1000", "60", "100"] });
  assert.match(much.missing.join("\n"), /more bytes than are collected of one machine/);
  // What the manifest names is asked for by itself, with room of its own.
  const flag = ", --encryption-provider-config=/k/enc/config.yaml";
  const beside = apiServer(flag)
    .replace("name: enc, mountPath: /enc", "name: enc, mountPath: /k")
    .replace("path: /srv/encryption", "path: /etc/kubernetes");
  const pushed = await collectedOn(
    {
      ...whole,
      "/etc/kubernetes/manifests/kube-apiserver.yaml": beside,
      "/etc/kubernetes/enc/config.yaml": `${"#".repeat(900)}\n`,
      "/etc/kubernetes/a": "x".repeat(900),
      "/etc/kubernetes/b": "x".repeat(900),
    },
    { limits: ["1000", "3000", "100"] },
  );
  assert.deepEqual(pushed.missing, []);
  assert.equal(kindsOf(pushed)["/etc/kubernetes/enc/config.yaml"], "encryption-config");
  assert.equal(pushed.leftOut.length, 1);
});

test("collectScript: a file that cannot be read is told with the machine's words", (context) => {
  const root = mkdtempSync(join(tmpdir(), "requorum-collect-"));
  context.after(() => {
    rmSync(root, { recursive: true });
  });
  mkdirSync(join(root, "bin"));
  // Root reads everything: a program in the place of base64 that fails on this file.
  writeFileSync(
    join(root, "bin/base64"),
    `#!/bin/sh\ncase $* in *broken*) echo 'Input/output error' >&2; exit 1;; esac\nexec /usr/bin/base64 "$@"\n`,
    { mode: 0o755 },
  );
  mkdirSync(join(root, "etc/kubernetes"), { recursive: true });
  writeFileSync(join(root, "etc/kubernetes/broken"), "x");
  const { stdout } = spawnSync("sh", ["-s", "--", "1000", "1000", "10", "/etc/kubernetes"], {
    input: collectScript,
    encoding: "utf8",
    env: { PATH: `${join(root, "bin")}:/usr/bin:/bin`, REQUORUM_PROBE_ROOT: root },
  });
  assert.match(stdout, new RegExp(`: failed ${Buffer.from("Input/output error").toString("base64")}\nend\n$`));
});
