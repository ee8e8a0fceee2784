import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import type { OpenSet } from "../../catalogue/set-reader.ts";
import type { BackupPart } from "../../model/backup-set.ts";
import { asHostName } from "../../model/ids.ts";
import type { RecoveryError } from "../../model/recovery-error.ts";
import { chosenParts } from "./chosen-parts.ts";

const host = asHostName("cp1");
const setOf = (parts: readonly Partial<BackupPart>[]): OpenSet =>
  ({ manifest: { id: "20260301-030000-aaaaaa" }, parts: parts.map((part) => ({ host, type: "file", ...part })) }) as unknown as OpenSet;
const set = setOf([
  { kind: "static-pod", path: "/data/manifests/etcd.yaml" },
  { kind: "static-pod", type: "symlink", path: "/etc/kubernetes/manifests", target: "/data/manifests" },
  { kind: "static-pod", path: "/etc/etcd.env" },
  { kind: "kubelet", path: "/etc/kubernetes/kubelet.conf.d/a.yaml" },
  { kind: "pki", path: "/etc/kubernetes/pki/ca.crt" },
]);
const at = (manifestsDir: string) => ({ host, manifestsDir });
const usual = at("/etc/kubernetes/manifests");

test("chosenParts: what starts static pods or etcd is not put back, behind a link or as a unit's settings either; the rest beside it is", () => {
  for (const path of ["/data/manifests/etcd.yaml", "/data", "/etc/kubernetes/manifests", "/etc/etcd.env", "/etc"])
    assert.throws(() => chosenParts(set, usual, { kinds: [], paths: [path] }), isRecoveryError("NOT_BUILT_YET", /come|brin/), path);
  assert.deepEqual(
    chosenParts(set, usual, { kinds: ["pki"], paths: ["/etc/kubernetes/kubelet.conf.d"] }).map(({ kind }) => kind),
    ["kubelet", "pki"],
  );
});

test("chosenParts: a file among the manifests is not put back whatever its kind: by its name, behind a link, in another directory, or as a link on the way there", () => {
  const cases: readonly (readonly [readonly Partial<BackupPart>[], string])[] = [
    [[{ kind: "load-balancer", path: "/etc/kubernetes/manifests/etcd.yaml" }], "/etc/kubernetes/manifests"],
    [[{ kind: "load-balancer", path: "/srv/pods/etcd.yaml" }], "/srv/pods"],
    [
      [
        { kind: "load-balancer", path: "/data/pods/etcd.yaml" },
        { kind: "kubelet", type: "symlink", path: "/srv/pods", target: "../data/pods" },
      ],
      "/srv/pods",
    ],
    [[{ kind: "load-balancer", type: "symlink", path: "/srv", target: "/data" }], "/srv/pods"],
  ];
  for (const [parts, manifestsDir] of cases)
    assert.throws(
      () => chosenParts(setOf(parts), at(manifestsDir), { kinds: ["load-balancer"], paths: [] }),
      isRecoveryError("NOT_BUILT_YET", /static pods/),
      JSON.stringify(parts),
    );
});

test("chosenParts: a path that is a link, or leads through one, means what lies behind it, and the links on the way", () => {
  const linked = setOf([
    { kind: "pki", type: "symlink", path: "/etc/kubernetes/pki", target: "ssl" },
    { kind: "pki", path: "/etc/kubernetes/ssl/apiserver.crt" },
    { kind: "pki", path: "/etc/kubernetes/ssl/apiserver.key" },
  ]);
  const chosen = (path: string) => chosenParts(linked, usual, { kinds: [], paths: [path] }).map((part) => part.path);
  const [crt, key] = ["/etc/kubernetes/ssl/apiserver.crt", "/etc/kubernetes/ssl/apiserver.key"];
  assert.deepEqual(chosen("/etc/kubernetes/pki"), ["/etc/kubernetes/pki", crt, key]);
  assert.deepEqual(chosen("/etc/kubernetes/pki/apiserver.crt"), ["/etc/kubernetes/pki", crt]);
  assert.deepEqual(chosen(crt), [crt]);
  assert.throws(() => chosen("/etc/kubernetes/pki/other.crt"), isRecoveryError("USAGE", /has no/));
});

test("chosenParts: one file under both names of a merged /usr is put back once, two files that differ are two", () => {
  const same = { kind: "load-balancer", sha256: "a", mode: 0o755, uid: 0, gid: 0 } as const;
  const chosen = chosenParts(
    setOf([
      { ...same, path: "/bin/check.sh" },
      { ...same, path: "/usr/bin/check.sh" },
      { ...same, path: "/lib/other.sh" },
      { ...same, path: "/usr/lib/other.sh", sha256: "b" },
    ]),
    usual,
    { kinds: ["load-balancer"], paths: [] },
  );
  assert.deepEqual(
    chosen.map(({ path }) => path),
    ["/lib/other.sh", "/usr/bin/check.sh", "/usr/lib/other.sh"],
  );
});

test("chosenParts: a wish that meets nothing is told with the call that lists what there is of the machine", () => {
  for (const selection of [
    { kinds: [], paths: ["/etc/nosuch"] },
    { kinds: ["encryption-config"], paths: [] },
  ] as const)
    assert.throws(
      () => chosenParts(set, usual, selection),
      (error: unknown) => {
        assert.ok(isRecoveryError("USAGE", /of cp1$/)(error));
        const [remedy] = (error as RecoveryError).remedies;
        assert.equal(remedy?.command, "requorum backup show 20260301-030000-aaaaaa --host cp1");
        return true;
      },
    );
});
