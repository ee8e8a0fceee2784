import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import type { OpenSet } from "../../catalogue/set-reader.ts";
import { asHostName } from "../../model/ids.ts";
import { chosenParts } from "./chosen-parts.ts";

const host = asHostName("cp1");
const set = {
  manifest: { id: "20260301-030000-aaaaaa" },
  parts: [
    { kind: "static-pod", host, type: "file", path: "/data/manifests/etcd.yaml" },
    { kind: "static-pod", host, type: "symlink", path: "/etc/kubernetes/manifests", target: "/data/manifests" },
    { kind: "static-pod", host, type: "file", path: "/etc/etcd.env" },
    { kind: "kubelet", host, type: "file", path: "/etc/kubernetes/kubelet.conf.d/a.yaml" },
    { kind: "pki", host, type: "file", path: "/etc/kubernetes/pki/ca.crt" },
  ],
} as unknown as OpenSet;

test("chosenParts: what starts static pods or etcd is not put back, behind a link or as a unit's settings either; the rest beside it is", () => {
  for (const path of ["/data/manifests/etcd.yaml", "/data", "/etc/kubernetes/manifests", "/etc/etcd.env", "/etc"])
    assert.throws(() => chosenParts(set, host, { kinds: [], paths: [path] }), isRecoveryError("NOT_BUILT_YET", /come|brin/), path);
  assert.deepEqual(
    chosenParts(set, host, { kinds: ["pki"], paths: ["/etc/kubernetes/kubelet.conf.d"] }).map(({ kind }) => kind),
    ["kubelet", "pki"],
  );
});
