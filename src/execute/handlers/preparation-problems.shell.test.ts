import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import test from "node:test";
import { preparationProblems, readPreparationFacts, registryOf, type PreparationFacts } from "./preparation-problems.ts";
import { preparationScript } from "./preparation-script.ts";

const good = [
  "clock 1000",
  "version kubeadm v1.34.4",
  "version kubelet v1.34.4",
  "runtime active",
  "swap 0",
  "images-listed",
  "image r.example/etcd:3.6",
  "ports-listed",
  "free 9000 /var/lib/etcd",
  "endpoint 200",
  "end",
];
const reference = ["clock 1000", "version kubelet v1.34.4", "fail-swap-on false", "images-listed", "needs r.example/etcd:3.6", "end"];

function factsOf(lines: readonly string[], clockOffsetMs = 0): PreparationFacts {
  const facts = readPreparationFacts(lines.join("\n"));
  assert.ok(facts);
  return { ...facts, clockOffsetMs };
}

function problems(
  lines: readonly string[],
  options: { readonly clockOffsetMs?: number; readonly withReference?: boolean } = {},
): readonly string[] {
  return preparationProblems(factsOf(lines, options.clockOffsetMs), {
    kubernetesVersion: "v1.34.4",
    reference: options.withReference === false ? undefined : factsOf(reference),
    endpoint: "10.0.0.10:8443",
  });
}
const instead = (from: string, ...to: readonly string[]) => good.flatMap((line) => (line === from ? to : [line]));

test("preparationProblems: a prepared machine has none", () => {
  assert.deepEqual(problems(good), []);
});

test("preparationProblems: each thing that is wrong is named", () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [instead("version kubeadm v1.34.4", "version kubeadm v1.33.1"), /kubeadm is 1\.33\.1, the cluster is 1\.34\.4/],
    [instead("version kubelet v1.34.4", "version kubelet absent"), /kubelet is not installed/],
    [instead("runtime active", "runtime inactive"), /containerd is inactive/],
    [instead("ports-listed", "ports-listed", "port 2379"), /port 2379 is taken/],
    [instead("free 9000 /var/lib/etcd", "free 12 /var/lib/etcd"), /12 MiB free/],
    [instead("image r.example/etcd:3.6"), /image r\.example\/etcd:3\.6 is not present, and the registry r\.example does not answer/],
    [instead("endpoint 200", "leftover /etc/kubernetes/admin.conf", "endpoint 200"), /admin\.conf is left over/],
    [instead("endpoint 200", "endpoint 000"), /endpoint 10\.0\.0\.10:8443 does not answer/],
  ];
  for (const [lines, words] of cases) assert.match(problems(lines).join("; "), words);
});

test("preparationProblems: what could not be found out is a problem, not a pass", () => {
  assert.match(problems(instead("ports-listed")).join("; "), /ports are taken is not known/);
  assert.match(problems(instead("images-listed")).join("; "), /images are present is not known/);
  assert.match(problems(good, { withReference: false }).join("; "), /no working machine could be asked/);
  assert.equal(readPreparationFacts(good.slice(0, -1).join("\n")), undefined);
});

test("preparationProblems: swap counts only where the cluster does not tolerate it; a missing image only where none can be had; a clock only when off", () => {
  assert.deepEqual(problems(instead("swap 0", "swap 1")), []);
  assert.deepEqual(problems(instead("image r.example/etcd:3.6", "registry r.example 401")), []);
  assert.match(problems(good, { clockOffsetMs: -60_000 }).join("; "), /clock is off by -60\.0 s/);
});

test("registryOf: the first part is a registry when it looks like a host", () => {
  assert.deepEqual(["registry.k8s.io/etcd:3", "localhost:5000/x", "library/busybox"].map(registryOf), [
    "registry.k8s.io",
    "localhost:5000",
    "registry-1.docker.io",
  ]);
});

test("preparationScript: runs to its end in a POSIX shell, as target and as reference", () => {
  for (const role of ["target", "reference"]) {
    const output = execFileSync("sh", ["-s", role, "/nowhere/etcd", "/nowhere/manifests", "/nowhere/pki", ""], {
      input: preparationScript,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "ignore"],
    });
    assert.notEqual(readPreparationFacts(output), undefined);
  }
});
