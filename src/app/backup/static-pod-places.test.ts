import assert from "node:assert/strict";
import { test } from "node:test";
import type { SeenFile } from "../../execute/observe/look-at-files.ts";
import { asHostName } from "../../model/ids.ts";
import { staticPodPlaces, staticPodProblem } from "./static-pod-places.ts";

const manifests = "/etc/kubernetes/manifests";
const path = "/var/lib/kubelet/config.yaml";
const bytes = (text: string) => new TextEncoder().encode(text);

test("staticPodPlaces: of settings in YAML and JSON, and of flags; a comment is none", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    [`kind: KubeletConfiguration\nstaticPodPath: ${manifests}/\n`, [manifests]],
    [`{"staticPodPath":"/a","staticPodURL":"http://b/c"}`, ["/a", "http://b/c"]],
    [`KUBELET_KUBEADM_ARGS="--pod-manifest-path=/a --manifest-url http://b"\n`, ["/a", "http://b"]],
    [`# staticPodPath: /a\nport: 1\n`, []],
    [`ARGS="--config=/a.yaml --kubeconfig=/k --bootstrap-kubeconfig=/b"`, ["what is said in /a.yaml"]],
    ["kubelet \\\n --config \\\n /a.yaml --config-dir=/d/\n", ["what is said in /a.yaml", "what is said in /d"]],
    ["A=--config_dir=/d --pod_manifest_path=/p", ["/p", "what is said in /d"]],
  ];
  for (const [text, places] of cases) assert.deepEqual(staticPodPlaces(bytes(text)), places, text);
});

test("staticPodPlaces: ends for a file of empty lines, and of one long row of slashes", () => {
  const long = 1024 * 1024;
  for (const end of ["\n", "\r\n", "\r"]) assert.deepEqual(staticPodPlaces(bytes(`${end.repeat(long)}staticPodPath: /a`)), ["/a"]);
  const row = `${"/".repeat(long)}a`;
  assert.equal(staticPodPlaces(bytes(`staticPodPath: ${row}//`)).join() === row, true, "only the slashes of the end go");
});

const partOf = (read: string, kind: "kubelet" | "pki" = "kubelet"): Parameters<typeof staticPodProblem>[0] => ({
  part: { kind, path, host: asHostName("cp1") } as unknown as Parameters<typeof staticPodProblem>[0]["part"],
  read: bytes(read),
});

test("staticPodProblem: settings that let the kubelet take static pods from elsewhere, or from nowhere, are refused", () => {
  const problem = (read: string, now: string | undefined, kind: "kubelet" | "pki" = "kubelet") => {
    const state: SeenFile["state"] = now === undefined ? { kind: "absent" } : { kind: "file", tag: "", mode: 0o600, uid: 0, gid: 0 };
    return staticPodProblem(partOf(read, kind), { path, state, content: now === undefined ? undefined : bytes(now) }, manifests);
  };
  const at = (place: string) => `staticPodPath: ${place}\n`;
  assert.match(
    problem(at("/srv/pods"), at(manifests)) ?? "",
    /pods from \/srv\/pods; the machine's from \/etc\/kubernetes\/manifests.*I-S11/,
  );
  assert.match(problem("port: 1\n", at(manifests)) ?? "", /from nowhere/);
  assert.match(problem(at("/srv/pods"), undefined) ?? "", /that file is not there.*I-S11/);
  for (const now of [`# ${at(manifests)}`, "port: 1\n", ""])
    assert.match(problem(at(manifests), now) ?? "", /the machine's from nowhere.*I-S11/);
  assert.match(staticPodProblem(partOf(at(manifests)), undefined, manifests) ?? "", /is not known.*I-S11/);
  assert.deepEqual(
    [
      problem(`${at(manifests)}a: 1\n`, at(manifests)),
      problem(at(manifests), undefined),
      problem("a: 1\n", "a: 2\n"),
      problem(at("/srv/pods"), at("/srv/pods")),
      problem(at("/srv/pods"), at(manifests), "pki"),
    ],
    [undefined, undefined, undefined, undefined, undefined],
  );
});

test("staticPodProblem: flags that name other settings than the machine's are refused; of a lost file the usual ones are not", () => {
  const flags = (config: string) => bytes(`KUBELET_KUBEADM_ARGS="--config=${config} --v=2"\n`);
  const problem = (read: Uint8Array, now: Uint8Array | undefined) => {
    const state: SeenFile["state"] = now === undefined ? { kind: "absent" } : { kind: "file", tag: "", mode: 0o600, uid: 0, gid: 0 };
    return staticPodProblem({ ...partOf(""), read }, { path, state, content: now }, manifests);
  };
  const without = bytes(`KUBELET_KUBEADM_ARGS="--v=4"\n`);
  assert.match(
    problem(flags("/opt/other.yaml"), without) ?? "",
    /pods from what is said in \/opt\/other\.yaml; the machine's from nowhere.*I-S11/,
  );
  assert.match(problem(without, flags(path)) ?? "", /I-S11/);
  assert.match(problem(flags("/opt/other.yaml"), undefined) ?? "", /that file is not there.*I-S11/);
  assert.deepEqual([problem(flags(path), undefined), problem(flags("/opt/a.yaml"), flags("/opt/a.yaml"))], [undefined, undefined]);
});
