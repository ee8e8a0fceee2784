import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseHostAnswer } from "./parse-host-answer.ts";
import { readManifestText } from "../formats/machine/manifest-text.ts";
import { parseStaticPods, type ReadManifests } from "./parse-static-pods.ts";

const realAnswer = parseHostAnswer(
  readFileSync(new URL("../../test/fixtures/probe/host-answer-cp1.txt", import.meta.url), "utf8"),
  "0123456789abcdef",
);

function pod(words: readonly string[], extra = ""): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - command: ${JSON.stringify(words)}\n${extra}`;
}

test("parseStaticPods: kubeadm's own manifests of the first machine", () => {
  const manifests = parseStaticPods(realAnswer.get("manifests")?.text ?? "");
  assert.deepEqual(
    manifests.map((manifest) => manifest.fileName),
    ["etcd.yaml", "kube-apiserver.yaml", "kube-controller-manager.yaml", "kube-scheduler.yaml"],
  );
  assert.deepEqual(manifests[0]?.etcdFlags, {
    name: "cp1",
    dataDir: "/var/lib/etcd",
    dataPlace: { kind: "path", path: "/var/lib/etcd" },
    walPlace: { kind: "path", path: "/var/lib/etcd/member/wal" },
    ports: [2379, 2380],
    initialCluster: "cp1=https://10.150.0.11:2380",
    initialClusterState: "",
    forceNewCluster: false,
  });
  assert.deepEqual(manifests[1]?.etcdServers, ["https://127.0.0.1:2379"]);
  assert.equal(
    manifests.some((manifest) => manifest.problem !== undefined),
    false,
  );
});

test("parseStaticPods: a file that is no pod stays in the list with its problem (H09)", () => {
  const line = (name: string, content: string): string =>
    `file base64:${Buffer.from(name).toString("base64")} ${"a".repeat(64)} ${Buffer.from(content).toString("base64")}`;
  const manifests = parseStaticPods(
    [line("etcd.yaml.bak", pod(["etcd", "--name", "cp1"])), line("notes.txt", "a: [b"), line("list.yaml", "kind: List")].join("\n"),
  );
  assert.equal(manifests[0]?.etcdFlags?.name, "cp1");
  assert.equal(manifests[1]?.problem?.includes("YAML"), true);
  assert.equal(manifests[2]?.problem?.includes("not a Pod"), true);
});

test("parseStaticPods: no directory means no manifests, a damaged entry is malformed", () => {
  assert.deepEqual(parseStaticPods("absent\n"), []);
  assert.deepEqual(parseStaticPods(""), []);
  assert.throws(() => parseStaticPods("file x y z"), { code: "REMOTE_ANSWER_MALFORMED" });
  assert.throws(() => parseStaticPods("too-many"), { code: "REMOTE_ANSWER_MALFORMED" });
});

test("parseStaticPod: a log that is kept outside the data dir is told", () => {
  const walDir = (...words: string[]) => readManifestText(pod(["etcd", ...words]), "a.yaml").etcdFlags?.walDir;
  assert.deepEqual(
    [walDir("--wal-dir=/ssd/wal"), walDir("--wal-dir", "/ssd/wal"), walDir("--wal-dir="), walDir()],
    ["/ssd/wal", "/ssd/wal", undefined, undefined],
  );
});

test("parseStaticPod: force-new-cluster in every form that Go's flags accept", () => {
  const forced = (...words: string[]): boolean | undefined =>
    readManifestText(pod(["etcd", ...words]), "a.yaml").etcdFlags?.forceNewCluster;
  assert.deepEqual(
    [
      forced("--force-new-cluster"),
      forced("--force-new-cluster=true"),
      forced("-force-new-cluster", "--name=a"),
      forced("--force-new-cluster=false"),
      forced(),
    ],
    [true, true, true, false, false],
  );
});

test("parseStaticPod: flags in args count too, and encryption configuration is named", () => {
  const manifest = readManifestText(
    pod(["kube-apiserver"], '    args: ["--etcd-servers=https://a:2379,https://b:2379", "--encryption-provider-config=/e.yaml"]\n'),
    "a.yaml",
  );
  assert.deepEqual(manifest.etcdServers, ["https://a:2379", "https://b:2379"]);
  assert.equal(manifest.encryptionConfigPath, "/e.yaml");
});

test("parseStaticPods: a file of the same name and content on another machine is read once, under its own sum", () => {
  const content = Buffer.from(
    "kind: Pod\nmetadata: {name: kube-scheduler}\nspec: {containers: [{name: s, command: [kube-scheduler]}]}\n",
  ).toString("base64");
  const read: ReadManifests = new Map();
  const line = (name: string, sum: string) => `file plain:${name} ${sum.repeat(64)} ${content}\n`;
  assert.deepEqual(parseStaticPods(line("a.yaml", "1"), read), [{ fileName: "a.yaml", sha256: "1".repeat(64), podName: "kube-scheduler" }]);
  assert.deepEqual(parseStaticPods(line("a.yaml", "2"), read), [{ fileName: "a.yaml", sha256: "2".repeat(64), podName: "kube-scheduler" }]);
  assert.equal(read.size, 1);
  // Its name may say what it is.
  assert.match(parseStaticPods(line("etcd.yaml", "1"), read)[0]?.problem ?? "", /by its name/);
});
