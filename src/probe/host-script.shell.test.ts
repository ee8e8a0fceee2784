import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { hostScript, hostSections } from "./host-script.ts";
import { parseDataDir } from "./parse-data-dir.ts";
import { parseHostAnswer, type HostAnswer } from "./parse-host-answer.ts";
import { parseLoadBalancer } from "./parse-load-balancer.ts";
import { parseStaticPods } from "./parse-static-pods.ts";

const certificate = "-----BEGIN CERTIFICATE-----\nQ0VSVA==\n-----END CERTIFICATE-----\n";
const key = "-----BEGIN PRIVATE KEY-----\nplanted-private-key\n-----END PRIVATE KEY-----\n";

/** Runs the real script with a real sh on a machine made of files below a temporary root. */
function runOn(
  files: { readonly [path: string]: string },
  options: {
    readonly depth?: "status" | "full";
    readonly path?: string;
    readonly limit?: string;
    readonly peers?: readonly string[];
    readonly links?: { readonly [path: string]: string };
  } = {},
): { readonly answer: HostAnswer; readonly stdout: string; readonly root: string } {
  const root = mkdtempSync(join(tmpdir(), "requorum-probe-test-"));
  try {
    for (const [path, content] of Object.entries({
      "/etc/machine-id": `${"a".repeat(32)}\n`,
      "/etc/os-release": 'PRETTY_NAME="Test"\n',
      ...files,
    })) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    for (const [path, target] of Object.entries(options.links ?? {})) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      symlinkSync(target, join(root, path));
    }
    const env = { ...process.env, REQUORUM_PROBE_ROOT: root, ...(options.path === undefined ? {} : { PATH: options.path }) };
    const args = [
      "-s",
      "--",
      "cafe",
      options.limit ?? "500",
      options.depth ?? "full",
      "/var/lib/etcd",
      "/etc/kubernetes/manifests",
      "/etc/kubernetes/pki",
      "-",
      "0",
      "-",
      "0.3",
      "0.3",
      ...(options.peers ?? []),
    ];
    const result = spawnSync("/bin/sh", args, { input: hostScript, env, encoding: "utf8", timeout: 20_000 });
    assert.equal(result.status, 0, result.stderr);
    return { answer: parseHostAnswer(result.stdout, "cafe"), stdout: result.stdout, root };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

test("hostScript: every section has a frame, and nothing is left behind in /run", () => {
  const before = existsSync("/run") ? readdirSync("/run").filter((name) => name.startsWith("requorum-probe.")) : [];
  const { answer } = runOn({});
  assert.deepEqual([...answer.keys()].sort(), [...hostSections, "clock-start", "clock-end"].sort());
  const after = existsSync("/run") ? readdirSync("/run").filter((name) => name.startsWith("requorum-probe.")) : [];
  assert.deepEqual(
    after.filter((name) => !before.includes(name)),
    [],
  );
});

test("hostScript: where a member listens by its own address is dialled at its own port", async () => {
  const member = createServer().listen(0, "127.0.0.1");
  await once(member, "listening");
  const { port } = member.address() as AddressInfo;
  const { answer } = runOn({}, { peers: [`@member-0=127.0.0.1=${String(port)}`] });
  member.close();
  const lines = answer.get("mesh")?.text.trim().split("\n");
  assert.ok(lines?.includes("@member-0 etcd-peer open"), lines?.join());
});

test("hostScript: no private key, kubeconfig key or balancer password is printed", () => {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const { stdout, answer } = runOn({
    "/etc/kubernetes/pki/ca.crt": certificate,
    "/etc/kubernetes/pki/ca.key": key,
    "/etc/kubernetes/pki/both.crt": `${key}${certificate}`,
    "/var/lib/kubelet/pki/kubelet-client-current.pem": `${certificate}${key}`,
    "/etc/kubernetes/admin.conf": `users:\n- user:\n    client-certificate-data: ${base64(certificate)}\n    client-key-data: ${base64(key)}\n    token: planted-token\n`,
    "/etc/keepalived/keepalived.conf": "vrrp_instance A {\n  authentication {\n    auth_pass planted-password\n  }\n  priority 7\n}\n",
    "/etc/haproxy/haproxy.cfg": "listen stats\n  stats auth admin:planted-password\nuserlist u\n  user a password planted-password\n",
  });
  const balancer = answer.get("loadbalancer")?.text ?? "";
  const decoded = balancer
    .split(/\s/)
    .map((word) => Buffer.from(word, "base64").toString("utf8"))
    .join("\n");
  for (const text of [stdout, decoded]) assert.doesNotMatch(text, /planted|PRIVATE/);
  assert.ok(!stdout.includes(base64(key)));
  assert.equal(answer.get("certificates")?.text.match(/BEGIN CERTIFICATE/g)?.length, 3);
  assert.equal(parseLoadBalancer(balancer, false).keepalived?.priority, 7);
});

test("hostScript: manifests come whole with names that are no words, and dot files are left out as the kubelet does", () => {
  const { answer } = runOn({
    "/etc/kubernetes/manifests/etcd copy.yaml": "kind: Pod\nmetadata: {name: x}\n",
    "/etc/kubernetes/manifests/.hidden.yaml": "kind: Pod\n",
  });
  assert.deepEqual(
    parseStaticPods(answer.get("manifests")?.text ?? "").map((manifest) => [manifest.fileName, manifest.podName]),
    [["etcd copy.yaml", "x"]],
  );
});

test("hostScript: a link that leads nowhere is no manifest, and a problem in the place of etcd.yaml", () => {
  const { answer } = runOn(
    {},
    { links: { "/etc/kubernetes/manifests/etcd.yaml": "/nowhere", "/etc/kubernetes/manifests/x.yaml": "/nowhere" } },
  );
  assert.deepEqual(
    parseStaticPods(answer.get("manifests")?.text ?? "").map(({ fileName, problem }) => [fileName, problem]),
    [["etcd.yaml", "it is no regular file"]],
  );
});

test("hostScript: the data dir as it is, with an fsync test only in a full look and no file left over", () => {
  const files = { "/var/lib/etcd/member/wal/0-0.wal": "w", "/var/lib/etcd/member/snap/db": "0123456789" };
  const full = runOn(files);
  const facts = parseDataDir("/var/lib/etcd", {
    datadir: full.answer.get("datadir")?.text ?? "",
    fsync: full.answer.get("fsync")?.text,
    kernel: undefined,
  });
  assert.deepEqual([facts.exists, facts.isEmpty, facts.hasWal, facts.hasBackend, facts.backendSizeBytes], [true, false, true, true, 10n]);
  assert.equal(typeof facts.fsyncMs, "number");
  const status = runOn(files, { depth: "status" });
  assert.equal(status.answer.get("fsync")?.text.trim(), "not-asked");
});

test("hostScript: an empty and an absent data dir are told apart", () => {
  const facts = (files: { readonly [path: string]: string }) =>
    parseDataDir("/var/lib/etcd", { datadir: runOn(files).answer.get("datadir")?.text ?? "", fsync: undefined, kernel: undefined });
  assert.deepEqual([facts({ "/var/lib/etcd/lost+found/x": "" }).exists, facts({ "/var/lib/etcd/lost+found/x": "" }).isEmpty], [true, true]);
  assert.equal(facts({}).exists, false);
});

test("hostScript: a filesystem for the data that fstab names and nobody mounted is told; what is mounted or lies elsewhere is not", () => {
  const unmountedAt = (fstab: string) =>
    parseDataDir("/var/lib/etcd", {
      datadir: runOn({ "/etc/fstab": fstab, "/var/lib/etcd/lost+found/x": "" }).answer.get("datadir")?.text ?? "",
      fsync: undefined,
      kernel: undefined,
    }).unmountedAt;
  assert.equal(unmountedAt("# disks\nUUID=1 / ext4 defaults 0 1\n\nUUID=2 /var/lib/etcd xfs nofail 0 2\n"), "/var/lib/etcd");
  assert.equal(unmountedAt("UUID=2 /var/lib xfs nofail 0 2"), "/var/lib");
  assert.equal(unmountedAt("UUID=1 / ext4 defaults 0 1\nUUID=3 none swap sw 0 0\nUUID=2 /var/lib/etcd-backup xfs nofail 0 2\n"), undefined);
});

test("hostScript: a kubeadm that is asked for its version, as by this look, is none that joins", () => {
  const bin = mkdtempSync(join(tmpdir(), "requorum-kubeadm-"));
  const started: ChildProcess[] = [];
  try {
    // Its name in ps is that of the file, its words are those after it.
    copyFileSync("/bin/sleep", join(bin, "kubeadm"));
    chmodSync(join(bin, "kubeadm"), 0o755);
    // Of this test only: a lab's machines may show theirs.
    const kubeadms = () =>
      (runOn({}).answer.get("processes") as { readonly text: string }).text
        .split("\n")
        .filter((line) => started.some(({ pid }) => line.startsWith(`${String(pid)} `) && line.endsWith(" kubeadm")));
    const start = (words: readonly string[]) => started.push(spawn(join(bin, "kubeadm"), ["30"], { argv0: words.join(" ") }));
    start(["kubeadm", "version", "-o", "short"]);
    assert.deepEqual(kubeadms(), []);
    start(["kubeadm", "join"]);
    assert.equal(kubeadms().length, 1);
  } finally {
    for (const child of started) child.kill("SIGKILL");
    rmSync(bin, { recursive: true, force: true });
  }
});

test("hostScript: a data dir that cannot be listed is told as an error, not as empty", () => {
  const bin = mkdtempSync(join(tmpdir(), "requorum-probe-bin-"));
  try {
    writeFileSync(join(bin, "ls"), '#!/bin/sh\necho "ls: reading directory: Input/output error" >&2; exit 2\n', { mode: 0o755 });
    const { answer } = runOn({ "/var/lib/etcd/member/snap/db": "x" }, { path: `${bin}:${process.env["PATH"] ?? ""}` });
    const facts = parseDataDir("/var/lib/etcd", { datadir: answer.get("datadir")?.text ?? "", fsync: undefined, kernel: undefined });
    assert.match(facts.readError ?? "", /Input\/output error/);
    assert.deepEqual([facts.isEmpty, facts.hasBackend], [false, false]);
  } finally {
    rmSync(bin, { recursive: true, force: true });
  }
});

test("hostScript: a section that does not end is cut at the limit, the others are whole", () => {
  // A systemctl that never returns, in front of the real one.
  const bin = mkdtempSync(join(tmpdir(), "requorum-probe-bin-"));
  try {
    writeFileSync(join(bin, "timeout"), "#!/bin/sh\nsleep 5\n", { mode: 0o755 });
    const startedMs = Date.now();
    const { answer } = runOn({}, { path: `${bin}:${process.env["PATH"] ?? ""}`, limit: "60" });
    assert.ok(Date.now() - startedMs < 4000);
    assert.equal(answer.get("services")?.kind, "cut");
    assert.equal(answer.get("files")?.kind, "ended");
  } finally {
    rmSync(bin, { recursive: true, force: true });
  }
});

test("hostScript: at the limit it kills the sections that run, and none that has ended, whose number may be another's", () => {
  const directory = mkdtempSync(join(tmpdir(), "requorum-probe-test-"));
  try {
    mkdirSync(join(directory, "etcd"));
    writeFileSync(join(directory, "dd"), "#!/bin/sh\nsleep 1\n", { mode: 0o755 });
    // The name of a section is what its own shell wrote its errors to.
    const spy = `kill() { for pid; do readlink "/proc/$pid/fd/2" || echo gone; done >>"${directory}/killed"; command kill "$@"; }\n`;
    const env = { ...process.env, PATH: `${directory}:${process.env["PATH"] ?? ""}` };
    const args = ["-s", "--", "cafe", "60", "full", join(directory, "etcd"), "/m", "/p", "-", "0", "-", "0.3", "0.3"];
    const { stdout } = spawnSync("/bin/sh", args, { input: spy + hostScript, env, encoding: "utf8", timeout: 20_000 });
    const cut = [...parseHostAnswer(stdout, "cafe")].filter(([, section]) => section.kind === "cut").map(([name]) => name);
    const targets = readFileSync(join(directory, "killed"), "utf8").trim().split("\n");
    const killed = targets.map((line) => /([a-z]+)\.err$/.exec(line)?.[1] ?? line);
    assert.ok(killed.includes("fsync"), killed.join());
    assert.deepEqual(
      killed.filter((name) => !cut.includes(name)),
      [],
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test("hostScript: where its own files cannot be written, it still kills none that has ended", () => {
  const directory = mkdtempSync(join(tmpdir(), "requorum-probe-test-"));
  try {
    mkdirSync(join(directory, "etcd"));
    writeFileSync(join(directory, "dd"), "#!/bin/sh\nsleep 1\n", { mode: 0o755 });
    // Every write into a file fails, as on a full disk; the name of a section is what its own shell's errors go to.
    const spy = `trap '' XFSZ; ulimit -f 0; exec 9>&2\nkill() { for pid; do readlink "/proc/$pid/fd/2" || echo gone; done >&9; command kill "$@"; }\n`;
    const env = { ...process.env, PATH: `${directory}:${process.env["PATH"] ?? ""}` };
    const args = ["-s", "--", "cafe", "60", "full", join(directory, "etcd"), "/m", "/p", "-", "0", "-", "0.3", "0.3"];
    const { stderr } = spawnSync("/bin/sh", args, { input: spy + hostScript, env, encoding: "utf8", timeout: 20_000 });
    const killed = stderr.split("\n").filter((line) => line === "gone" || line.endsWith(".err"));
    assert.ok(
      killed.some((line) => line.endsWith("/fsync.err")),
      stderr,
    );
    assert.ok(!killed.includes("gone"), stderr);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test("hostScript: an fsync test that a hung disk cut off takes its file away when the disk goes on", async (context) => {
  const root = mkdtempSync(join(tmpdir(), "requorum-probe-test-"));
  context.after(() => {
    rmSync(root, { recursive: true, force: true });
  });
  mkdirSync(join(root, "var/lib/etcd"), { recursive: true });
  mkdirSync(join(root, "bin"));
  // A write that comes back long after the script's limit.
  writeFileSync(
    join(root, "bin/dd"),
    `#!/bin/sh\nfor word; do case $word in of=*) : >"\${word#of=}"; sleep 1; : >"${root}/written" ;; esac; done\n`,
  );
  chmodSync(join(root, "bin/dd"), 0o755);
  const env = { ...process.env, REQUORUM_PROBE_ROOT: root, PATH: `${join(root, "bin")}:${process.env["PATH"] ?? ""}` };
  const args = ["-s", "--", "cafe", "60", "full", "/var/lib/etcd", "/m", "/p", "-", "0", "-", "0.3", "0.3"];
  const { stdout } = spawnSync("/bin/sh", args, { input: hostScript, env, encoding: "utf8", timeout: 20_000 });
  assert.equal(parseHostAnswer(stdout, "cafe").get("fsync")?.kind, "cut");
  const left = () => readdirSync(join(root, "var/lib")).filter((name) => name.startsWith(".requorum-fsync-"));
  assert.deepEqual(left(), [".requorum-fsync-cafe"]);
  const startedMs = performance.now();
  while ((!existsSync(join(root, "written")) || left().length > 0) && performance.now() - startedMs < 5_000)
    await new Promise((done) => setTimeout(done, 50));
  assert.deepEqual(left(), []);
});

test("hostScript: a file of megabytes in the manifests' dir costs itself only, not the manifests beside it", () => {
  const { answer } = runOn({
    "/etc/kubernetes/manifests/core.1234": "x".repeat(1_500_000),
    "/etc/kubernetes/manifests/etcd.yaml": "kind: Pod\nmetadata: {name: etcd}\n",
  });
  assert.ok(parseStaticPods(answer.get("manifests")?.text ?? "").some((manifest) => manifest.podName === "etcd"));
});
