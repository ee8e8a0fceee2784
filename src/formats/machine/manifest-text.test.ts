import assert from "node:assert/strict";
import { test } from "node:test";
import { readManifestText } from "./manifest-text.ts";

const head = "apiVersion: v1\nkind: Pod\nmetadata: {name: etcd}\n";
const etcd = "name: main\n    command: [etcd, --data-dir=/var/lib/etcd]\n    volumeMounts: [{mountPath: /var/lib/etcd, name: d}]\n";
const volumes = "  volumes: [{name: d, hostPath: {path: /data/etcd}}]\n";
const read = (text: string, fileName = "etcd.yaml") => readManifestText(text, fileName);
const placeOf = (text: string) => {
  const { etcdFlags, problem } = read(text, "a.yaml");
  return etcdFlags?.dataPlace?.kind === "path" ? etcdFlags.dataPlace.path : (problem ?? "nothing said");
};

test("readManifestText: merge keys are followed, as the kubelet's decoder follows them", () => {
  const common = "x: &common\n  command: [etcd, --data-dir=/var/lib/etcd]\n  volumeMounts: [{mountPath: /var/lib/etcd, name: d}]\n";
  assert.equal(placeOf(`${head}${common}spec:\n  containers:\n  - <<: *common\n    name: main\n${volumes}`), "/data/etcd");
  const mount = "x: &m {subPath: sub}\n";
  const merged = etcd.replace("[{mountPath: /var/lib/etcd, name: d}]", "[{<<: *m, mountPath: /var/lib/etcd, name: d}]");
  const place = read(`${head}${mount}spec:\n  containers:\n  - ${merged}${volumes}`).etcdFlags?.dataPlace;
  assert.deepEqual(place, { kind: "untold", why: "volume d is mounted with a subPath" });
});

test("readManifestText: a pod that is cut or has no list of containers that can be read has a problem", () => {
  for (const spec of [
    "spec:\n",
    "spec:\n  containers:\n  - comm",
    `spec:\ncontainers:\n  - ${etcd}`,
    `spec:\n  container:\n  - ${etcd}`,
    "spec:\n  containers: null\n",
    "spec:\n  containers: []\n",
  ])
    assert.match(placeOf(head.replace("name: etcd", "name: p") + spec), /containers/, spec);
  assert.match(placeOf("apiVersion: v1\nkind: Pod\nmetadata:\n  name: etcd\n  names"), /YAML/);
});

test("readManifestText: what etcd's file, pod or label names is etcd's, and silence about it is a problem", () => {
  const pod = (metadata: string, container = "{name: main, command: [/scripts/start]}") =>
    `kind: Pod\nmetadata: ${metadata}\nspec: {containers: [${container}]}\n`;
  assert.match(read(pod("{name: p}")).problem ?? "", /by its name/);
  assert.match(read(pod("{name: etcd}"), "a").problem ?? "", /by its name/);
  assert.match(read(pod("{name: p, labels: {component: etcd}}"), "a").problem ?? "", /by its name/);
  assert.equal(read(pod("{name: p}"), "a").problem, undefined);
  for (const container of [
    "{name: x, command: [/scripts/start-etcd.sh]}",
    "{name: x, image: k8s.gcr.io/etcd-amd64:3.2, args: [--name=a]}",
    "{name: x, image: reg:5000/mirrored-coreos-etcd@sha256:00, args: [--name=a]}",
    "{name: x, command: [numactl, -N0, /usr/local/bin/etcd]}",
  ])
    assert.match(read(pod("{name: p, labels: {component: etcd}}", container), "a").problem ?? "", /may run etcd/, container);
});

test("readManifestText: only the first document counts, and a key that is there twice is no YAML, in time that grows with the size only", () => {
  const good = `${head}spec:\n  containers:\n  - ${etcd}${volumes}`;
  for (const text of [`${good}---\n`, `---\n${good}`, `${good}...\n`, `${good}---\na: [b`]) assert.equal(placeOf(text), "/data/etcd", text);
  assert.match(placeOf(good.replace("name: main", "name: main\n    command: [etcd]")), /YAML/);
  const startedMs = process.cpuUsage().user / 1000;
  assert.match(placeOf(Array.from({ length: 7000 }, (_, index) => `k${String(index)}: 1`).join("\n")), /not a Pod/);
  assert.ok(process.cpuUsage().user / 1000 - startedMs < 1500);
  assert.match(placeOf(`${head}# ${"x".repeat(65_536)}`), /larger than 64 KiB/);
});

test("readManifestText: hostile content is a problem, never an exception", () => {
  for (const command of ["[etcd, {toString: x}]", "[etcd, 1]", "{a: b}", "etcd"])
    assert.match(placeOf(`${head}spec: {containers: [{name: x, command: ${command}}]}`), /not texts/, command);
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`;
  for (const text of [bomb, "a: *x", "[".repeat(9000), `${"[".repeat(9000)}${"]".repeat(9000)}`, "", "\0", "<<: 1"])
    assert.ok(read(text).problem, text.slice(0, 20));
});

test("readManifestText: a pod that runs no etcd is not taken for one by a path in its args or by etcd's other trades", () => {
  const of = (container: string) => {
    const { etcdFlags, problem } = read(`kind: Pod\nmetadata: {name: p}\nspec: {containers: [${container}]}\n`, "p.yaml");
    return [etcdFlags, problem];
  };
  for (const container of [
    "{name: b, image: my/backup, args: [/var/lib/etcd, --to=s3]}",
    "{name: b, args: [--backup-dir=/backup/etcd]}",
    "{name: g, image: x/etcd:3.5, command: [etcd, gateway, start, --endpoints=10.0.0.1:2379]}",
    "{name: g, image: x/etcd:3.5, command: [etcd], args: [grpc-proxy, start]}",
  ])
    assert.deepEqual(of(container), [undefined, undefined], container);
  const sidecar = `${head}spec:\n  containers:\n  - {name: b, args: [--backup-dir=/backup/etcd]}\n  - ${etcd}${volumes}`;
  assert.equal(placeOf(sidecar), "/data/etcd");
});

test("readManifestText: ports that nobody wrote down are told as such", () => {
  const flags = (words: string) => read(`${head}spec: {containers: [{name: x, command: [etcd${words}]}]}`).etcdFlags;
  assert.deepEqual([flags("")?.ports, flags("")?.isAtUsualPorts], [[2379, 2380], true]);
  assert.equal(flags(", --listen-client-urls=http://h:2379, --listen-peer-urls=http://h:2380")?.isAtUsualPorts, undefined);
});

test("readManifestText: a merge key behind other keys counts differently for the kubelet's reader, so such a file is not understood", () => {
  const pod = (volume: string) =>
    `apiVersion: v1\nkind: Pod\nmetadata: { name: etcd }\nx: &b { hostPath: { path: /data/etcd } }\nspec:\n  containers:\n  - { name: etcd, command: [etcd, --data-dir=/var/lib/etcd], volumeMounts: [{ name: d, mountPath: /var/lib/etcd }] }\n  volumes:\n  - ${volume}\n`;
  assert.match(
    readManifestText(pod("{ name: d, hostPath: { path: /var/lib/etcd }, <<: *b }"), "etcd.yaml").problem ?? "",
    /differ on which of its keys/,
  );
  assert.match(readManifestText(pod("{ <<: *b, <<: *b, name: d }"), "etcd.yaml").problem ?? "", /differ on which of its keys/);
  const first = readManifestText(pod("{ <<: *b, name: d }"), "etcd.yaml");
  assert.deepEqual([first.problem, first.etcdFlags?.dataPlace], [undefined, { kind: "path", path: "/data/etcd" }]);
});

test("readManifestText: ends for an image of signs that begin a tag or a digest", { timeout: 60_000 }, () => {
  for (const sign of [":", "@"]) {
    const image = `"${sign.repeat(30_000)}\\n${sign.repeat(30_000)}\\n"`;
    assert.equal(read(`${head}spec:\n  containers:\n  - {name: a, image: ${image}}\n`).etcdFlags, undefined);
  }
});
