import assert from "node:assert/strict";
import { test } from "node:test";
import { readStaticPod } from "./static-pod.ts";

interface PodParts {
  readonly words?: readonly string[];
  readonly container?: object;
  readonly mounts?: readonly object[];
  readonly volumes?: readonly object[];
}

const at = (path: string, name = "data") => ({ mountPath: path, name });
const from = (path: string, name = "data") => ({ hostPath: { path }, name });

function podOf({ words = ["etcd", "--data-dir=/var/lib/etcd"], container = {}, mounts = [], volumes = [] }: PodParts): object {
  return {
    kind: "Pod",
    metadata: { name: "etcd" },
    spec: { containers: [{ name: "etcd", command: words, volumeMounts: mounts, ...container }], volumes },
  };
}

/** Paths as they are; why it is untold in brackets. */
function placesOf(parts: PodParts): readonly (string | undefined)[] {
  const { etcdFlags } = readStaticPod(podOf(parts));
  return [etcdFlags?.dataPlace, etcdFlags?.walPlace].map((place) => (place?.kind === "untold" ? `(${place.why})` : place?.path));
}

test("readStaticPod: etcd's data and log are on the machine where the nearest volume above them has its host path", () => {
  const usual = ["/var/lib/etcd", "/var/lib/etcd/member/wal"];
  const moved = ["/data/etcd", "/data/etcd/member/wal"];
  assert.deepEqual(placesOf({ mounts: [at("/var/lib/etcd")], volumes: [from("/var/lib/etcd")] }), usual);
  assert.deepEqual(placesOf({ mounts: [at("/var/lib/etcd")], volumes: [from("/data/etcd")] }), moved);
  assert.deepEqual(placesOf({ mounts: [at("/var/lib")], volumes: [from("/data")] }), moved);
  assert.deepEqual(placesOf({ mounts: [at("/")], volumes: [from("/")] }), usual);
  const two = { mounts: [at("/var/lib", "outer"), at("/var/lib/etcd/")], volumes: [from("/wrong", "outer"), from("//data/etcd/.")] };
  assert.deepEqual(placesOf(two), moved);
  assert.deepEqual(placesOf({ words: ["etcd", "--data-dir", "/d/"], mounts: [at("/d")], volumes: [from("/data/etcd")] }), moved);
});

test("readStaticPod: a log with a volume of its own, by flag, variable or mount, is where that volume is", () => {
  const mounts = [at("/var/lib/etcd"), at("/wal", "wal")];
  const volumes = [from("/var/lib/etcd"), from("/ssd/wal", "wal")];
  const expected = ["/var/lib/etcd", "/ssd/wal"];
  assert.deepEqual(placesOf({ words: ["etcd", "--data-dir=/var/lib/etcd", "--wal-dir=/wal"], mounts, volumes }), expected);
  const env = [{ name: "ETCD_WAL_DIR", value: "/wal" }];
  assert.deepEqual(placesOf({ container: { env }, mounts, volumes }), expected);
  assert.deepEqual(placesOf({ mounts: [at("/var/lib/etcd"), at("/var/lib/etcd/member/wal", "wal")], volumes }), expected);
});

for (const { of, says, ...parts } of [
  { of: "no volume there", mounts: [at("/var/lib/other")], volumes: [from("/x")], says: /no volume is mounted at \/var\/lib\/etcd/ },
  { of: "an emptyDir", mounts: [at("/var/lib/etcd")], volumes: [{ name: "data", emptyDir: {} }], says: /volume data is no hostPath/ },
  { of: "a subPath", mounts: [{ ...at("/var/lib/etcd"), subPath: "a" }], volumes: [from("/data")], says: /with a subPath/ },
  { of: "a volume that is not there", mounts: [at("/var/lib/etcd")], volumes: [], says: /not in the manifest/ },
  {
    of: "a host path that leads up",
    mounts: [at("/var/lib/etcd")],
    volumes: [from("/data/../etcd")],
    says: /hostPath that is not understood/,
  },
  {
    of: "a part of the data on another volume",
    mounts: [at("/var/lib/etcd"), at("/var/lib/etcd/member", "member")],
    volumes: [from("/var/lib/etcd"), from("/ssd", "member")],
    says: /volume of its own is mounted below/,
  },
  { of: "no flag", words: ["etcd"], mounts: [at("/")], volumes: [from("/")], says: /--data-dir is not in the manifest/ },
  { of: "a relative path", words: ["etcd", "--data-dir=e"], mounts: [at("/")], volumes: [from("/")], says: /not an absolute path/ },
  {
    of: "a variable in the flag",
    words: ["etcd", "--data-dir=$(DIR)"],
    mounts: [at("/")],
    volumes: [from("/")],
    says: /not in the manifest/,
  },
  {
    of: "a configuration file",
    words: ["etcd", "--data-dir=/var/lib/etcd", "--config-file=/c"],
    mounts: [at("/")],
    volumes: [from("/")],
    says: /--config-file says it/,
  },
]) {
  test(`readStaticPod: with ${of} it is not told where on the machine the data is`, () => {
    assert.match(placesOf(parts)[0] ?? "", says);
  });
}

test("readStaticPod: the ports are those of all URLs, etcd's own where none is given; unknown where one is not understood", () => {
  const ports = (...words: string[]) => readStaticPod(podOf({ words: ["etcd", ...words] })).etcdFlags?.ports;
  assert.deepEqual(ports(), [2379, 2380]);
  const second = ["--listen-client-urls=https://127.0.0.1:2382,https://[fd00::1]:2382", "--listen-peer-urls=https://10.0.0.1:2383"];
  assert.deepEqual(ports(...second), [2382, 2383]);
  assert.deepEqual(ports(...second, "--advertise-client-urls=https://10.0.0.1:2379"), [2379, 2382, 2383]);
  assert.equal(ports("--listen-client-urls=unixs://localhost"), undefined);
  assert.equal(ports(...second, "--config-file=/c"), undefined);
});

test("readStaticPod: etcd behind a sidecar is found; one that a shell or its image starts is a problem, its tools are none", () => {
  const named = (name: string, ...containers: readonly object[]) =>
    readStaticPod({ kind: "Pod", metadata: { name }, spec: { containers } });
  const pod = (...containers: readonly object[]) => named("p", ...containers);
  const etcd = { command: ["/usr/local/bin/etcd", "--name=cp1"] };
  assert.equal(pod({ command: ["backup"] }, etcd).etcdFlags?.name, "cp1");
  assert.match(pod(etcd, etcd).problem ?? "", /more than one/);
  for (const odd of [
    { command: ["sh", "-c", "exec etcd --data-dir=/d"] },
    { image: "x/etcd:3.6", args: ["--data-dir=/d"] },
    { name: "etcd" },
  ]) {
    assert.match(named("etcd", odd).problem ?? "", /may run etcd/, JSON.stringify(odd));
    // Under another name it may be a tool of the etcd beside it.
    assert.deepEqual(pod(odd), { podName: "p", mayBeEtcds: true }, JSON.stringify(odd));
    assert.deepEqual(named("etcd-backup", odd), { podName: "etcd-backup", mayBeEtcds: true }, JSON.stringify(odd));
  }
  for (const tool of [
    { image: "ghcr.io/ahrtr/etcd-defrag:v1", args: ["--cluster"] },
    { command: ["/scripts/etcd-backup.sh"] },
    { command: ["sh", "-c", "etcdctl snapshot save /b; find /backup/etcd -delete; tar czf x -C /var/lib etcd; ps | grep etcd"] },
    { command: ["sh", "-c", "exec etcd grpc-proxy start"] },
  ])
    assert.deepEqual(pod(tool), { podName: "p" }, JSON.stringify(tool));
  for (const starts of ["/usr/bin/etcd", "A=b C=d etcd", "mkdir -p /d && exec /opt/etcd", "gosu etcd etcd --data-dir=/d"])
    assert.equal(pod({ command: ["sh", "-c", `${starts} `] }).mayBeEtcds, true, starts);
  for (const other of [
    { command: ["kube-apiserver", "--etcd-servers=x"] },
    { command: ["sh", "-c", "etcdctl snapshot save /b"], image: "etcd:3" },
  ])
    assert.equal(pod(other).problem, undefined, JSON.stringify(other));
});
