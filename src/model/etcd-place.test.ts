import assert from "node:assert/strict";
import test from "node:test";
import { healthyKubeadm3, type InventoryBuilder } from "../../test/support/inventory-builder.ts";
import { flagged, movedTo, patchManifests, withSecondEtcd } from "../../test/support/patch-manifests.ts";
import { planned } from "../../test/support/planned.ts";
import { clusterModelOf } from "./cluster-model-of.ts";
import { etcdDataOn } from "./etcd-data.ts";
import { hasEtcdAmong, marksOf, memberFilesAmong } from "./etcd-place.ts";
import { readManifestText } from "../formats/machine/manifest-text.ts";
import { diagnose } from "../diagnose/diagnose.ts";
import type { HostFacts, ManifestFacts } from "./inventory.ts";

const gone = { exists: false, isEmpty: true, hasWal: false, hasBackend: false };

function judged(builder: InventoryBuilder, name = "cp2"): readonly (boolean | string | undefined)[] {
  const { hosts } = builder.build();
  const { hasAny, isStartable, doubt, place } = etcdDataOn(
    hosts.find((host) => host.name === name),
    hosts,
  );
  return [hasAny, isStartable, doubt, ...(place === undefined ? [] : [place])];
}

/** The file etcd.yaml has this text. */
function inEtcdYaml(text: string): (manifests: readonly ManifestFacts[]) => readonly ManifestFacts[] {
  return (manifests) =>
    manifests.map((manifest) =>
      manifest.etcdFlags === undefined
        ? manifest
        : { fileName: manifest.fileName, sha256: manifest.sha256, ...readManifestText(text, manifest.fileName) },
    );
}

function at(builder: InventoryBuilder, path: string): InventoryBuilder {
  return ["cp1", "cp2", "cp3"].reduce((all, name) => all.dataDirFacts(name, { path }), builder);
}

test("etcdDataOn: where the volume of etcd's data has another host path, nothing in the old one is no loss, and old data there starts nothing", () => {
  const stopped = ["cp1", "cp2", "cp3"].reduce((all, name) => all.kubeletStopped(name).etcdStopped(name), healthyKubeadm3());
  const moved = patchManifests(stopped, movedTo("/data/etcd"));
  const empty = ["cp1", "cp2", "cp3"].reduce((all, name) => all.dataDirFacts(name, gone), moved);
  for (const [builder, hasAny] of [
    [empty, undefined],
    [moved, true],
  ] as const) {
    const words = "etcd on cp2 keeps its data in /data/etcd (hostPath in etcd.yaml), which is not looked at";
    assert.deepEqual(judged(builder), [hasAny, undefined, words, "/data/etcd"]);
    const plan = planned(builder.build());
    assert.deepEqual([plan.verdict, plan.lossProofs, plan.steps], ["wait", [], []]);
    assert.match(plan.reasons.join(" "), /Set paths\.etcdDataDir to \/data\/etcd in the configuration and plan again\./);
  }
  // What the reason advises clears the doubt.
  assert.deepEqual(judged(at(moved, "/data/etcd")), [true, true, undefined]);
  assert.equal(planned(at(moved, "/data/etcd").build()).strategy, "start-stopped");
});

test("etcdDataOn: one machine whose volume was moved is not replaced, though the other two are well", () => {
  const builder = patchManifests(healthyKubeadm3().etcdDataLost("cp2"), movedTo("/data/etcd"), "cp2");
  const plan = planned(builder.build());
  assert.deepEqual([plan.verdict, plan.lossProofs, plan.steps], ["wait", [], []]);
  assert.match(plan.reasons.join(" "), /Set paths\.etcdDataDir to \/data\/etcd .* another place on cp1, cp3: set it back once cp2 is well/);
  // With that setting the machine is judged by what is there; the others' place is doubtful then.
  assert.deepEqual(judged(at(builder, "/data/etcd")), [false, false, undefined]);
  assert.equal(judged(at(builder, "/data/etcd"), "cp1")[1], undefined);
  // Where its own manifest is gone the others speak, and they differ.
  const silent = patchManifests(healthyKubeadm3().etcdManifestMoved("cp2").dataDirFacts("cp2", gone), movedTo("/data/etcd"), "cp1");
  assert.match(
    planned(silent.build()).reasons.join(" "),
    /etcd on cp1 keeps its data in \/data\/etcd.*Nothing that can be configured shows it/,
  );
});

test("etcdDataOn: the same place in another text is the same", () => {
  const builder = healthyKubeadm3().kubeletStopped("cp2").etcdStopped("cp2");
  assert.deepEqual(judged(at(builder, "/var//lib/etcd/.")), [true, true, undefined]);
});

test("etcdDataOn: a place that the manifest does not tell is a doubt, and no setting is said to clear it", () => {
  for (const why of ["its --data-dir is not in the manifest", "volume data is no hostPath"]) {
    const plan = planned(
      patchManifests(healthyKubeadm3().etcdDataLost("cp2"), flagged({ dataPlace: { kind: "untold", why } }), "cp2").build(),
    );
    assert.deepEqual([plan.verdict, plan.lossProofs], ["wait", []]);
    assert.match(plan.reasons.join(" "), new RegExp(`not known from etcd\\.yaml: ${why}`));
    assert.doesNotMatch(plan.reasons.join(" "), /paths\.etcdDataDir/);
  }
});

test("etcdDataOn: a manifest of an inventory that an earlier version saved does not tell the place", () => {
  const withoutPlaces = healthyKubeadm3()
    .etcdDataLost("cp2")
    .patchEachHost((host): HostFacts => {
      if (host.manifests.kind === "unknown") return host;
      const value = host.manifests.value.map(({ etcdFlags, ...manifest }) => {
        if (etcdFlags === undefined) return manifest;
        const { name, dataDir, initialCluster, initialClusterState, forceNewCluster } = etcdFlags;
        return { ...manifest, etcdFlags: { name, dataDir, initialCluster, initialClusterState, forceNewCluster } };
      });
      return { ...host, manifests: { ...host.manifests, value } };
    });
  const words = "where etcd on cp2 keeps its data is not known, the volumes of its etcd.yaml were not read";
  assert.deepEqual(judged(withoutPlaces), [undefined, undefined, words]);
});

test("etcdDataOn: data that was removed under one etcd is that machine's trouble; the others' manifests name their place", () => {
  const builder = healthyKubeadm3().dataDirFacts("cp1", gone);
  const words = "etcd on cp1 answers without data in /var/lib/etcd: it was removed under it";
  assert.deepEqual(judged(builder, "cp1"), [undefined, undefined, words]);
  assert.deepEqual(judged(builder, "cp3"), [true, true, undefined]);
  const stopped = planned(builder.kubeletStopped("cp2").etcdStopped("cp2").build());
  assert.equal(stopped.strategy, "start-stopped", stopped.reasons.join("\n"));
  assert.ok(stopped.steps.every((step) => !("host" in step) || step.host !== "cp1"));
  const wiped = planned(builder.etcdDataLost("cp2").build());
  assert.deepEqual(
    wiped.lossProofs.map(({ kind, host }) => [kind, host]),
    [["observed-data-lost", "cp2"]],
  );
});

test("etcdDataOn: where a machine's own manifest is gone, an etcd elsewhere that answers without data still makes the path doubtful", () => {
  const one = healthyKubeadm3().etcdManifestMoved("cp2").dataDirFacts("cp2", gone).dataDirFacts("cp1", gone);
  assert.deepEqual(judged(one), [false, false, undefined], "cp3 has its data where its manifest says");
  const builder = one.dataDirFacts("cp3", gone);
  assert.deepEqual(judged(builder).slice(0, 2), [undefined, undefined]);
  assert.match(planned(builder.build()).reasons.join(" "), /etcd on cp1 answers without data.*Leave etcd on cp1 running/);
});

test("etcdDataOn: where a machine's own manifest is gone and those of an etcd that serves were not read, the path is not known", () => {
  const builder = healthyKubeadm3().etcdManifestMoved("cp2").dataDirFacts("cp2", gone);
  const unread = (name: string, all: InventoryBuilder) => patchManifests(all, () => undefined, name);
  assert.deepEqual(judged(unread("cp1", builder)), [false, false, undefined], "cp3's manifest says it");
  const words = "where etcd keeps its data is not known, its manifests were not read on cp1";
  assert.deepEqual(judged(unread("cp1", unread("cp3", builder))), [undefined, undefined, words]);
});

test("etcdDataOn: a second etcd beside the cluster's says nothing of where the cluster keeps its data", () => {
  const second = (...names: readonly string[]) =>
    names.reduce((all, name) => patchManifests(all, withSecondEtcd, name), healthyKubeadm3().kubeletStopped("cp2").etcdStopped("cp2"));
  assert.deepEqual(judged(second("cp2")), [true, true, undefined]);
  const wiped = healthyKubeadm3().etcdManifestMoved("cp3").dataDirFacts("cp3", gone);
  const beside = patchManifests(patchManifests(wiped, withSecondEtcd, "cp1"), withSecondEtcd, "cp2");
  assert.deepEqual(judged(beside, "cp3"), [false, false, undefined]);
  // Alone, too, as after the member's manifest went aside; with the member's name it may be the member, taken out of the cluster by hand.
  const alone3 = patchManifests(wiped, withSecondEtcd, "cp3");
  assert.deepEqual(judged(alone3, "cp3"), [false, false, undefined]);
  assert.deepEqual(judged(patchManifests(alone3, flagged({ name: "cp3" }), "cp3"), "cp3").slice(0, 2), [undefined, undefined]);
  // A copy of etcd.yaml that kept the machine's name is another one beside the member all the same.
  const copied = patchManifests(second("cp2"), (all) =>
    all.map((one) =>
      one.podName === "etcd-events" && one.etcdFlags !== undefined ? { ...one, etcdFlags: { ...one.etcdFlags, name: "cp2" } } : one,
    ),
  );
  assert.deepEqual(judged(copied), [true, true, undefined]);
  // Where none has the cluster's ports, each may be the cluster's.
  const strange = patchManifests(second("cp2"), flagged({ dataDir: "/data/etcd", ports: [12379, 12380] }), "cp2");
  const alone = ["cp1", "cp3"].reduce((all, name) => patchManifests(all, () => [], name), strange);
  assert.equal(judged(alone)[1], undefined);
});

test("etcdDataOn: a member that was isolated by hand, at other ports and with its data moved, is not taken for another etcd", () => {
  const down = healthyKubeadm3().kubeletStopped("cp2").etcdStopped("cp2").dataDirFacts("cp2", gone);
  const isolated = patchManifests(patchManifests(down, movedTo("/data/etcd"), "cp2"), flagged({ ports: [12379, 12380] }), "cp2");
  assert.deepEqual(judged(isolated).slice(0, 2), [undefined, undefined]);
  const plan = planned(isolated.build());
  assert.deepEqual([plan.verdict, plan.lossProofs], ["wait", []]);
});

test("etcdDataOn: a member that was isolated by hand stays one beside a second etcd that says no ports: those identify nobody", () => {
  const down = healthyKubeadm3().kubeletStopped("cp2").etcdStopped("cp2").dataDirFacts("cp2", gone);
  const isolated = patchManifests(patchManifests(down, movedTo("/data/etcd"), "cp2"), flagged({ ports: [12379, 12380] }), "cp2");
  const silent = (flags: object) =>
    patchManifests(
      patchManifests(isolated, withSecondEtcd, "cp2"),
      (all) =>
        all.map((one) =>
          one.podName === "etcd-events" && one.etcdFlags !== undefined ? { ...one, etcdFlags: { ...one.etcdFlags, ...flags } } : one,
        ),
      "cp2",
    );
  const usual = { dataPlace: { kind: "path", path: "/var/lib/etcd" }, walPlace: { kind: "path", path: "/var/lib/etcd/member/wal" } };
  for (const flags of [
    { ports: [2379, 2380], isAtUsualPorts: true },
    { ports: [2379, 2380], isAtUsualPorts: true, ...usual },
    { ports: [2379, 2380], ...usual },
  ]) {
    const plan = planned(silent(flags).build());
    assert.deepEqual([plan.verdict, plan.lossProofs], ["wait", []], JSON.stringify(flags));
  }
});

test("etcdDataOn: a pod that is only like etcd's is a doubt where no etcd is found on the machine, and none beside a member", () => {
  const pod =
    "kind: Pod\nmetadata: {name: etcd-cp2}\nspec:\n  containers: [{name: store, image: our/base, command: [/start.sh], volumeMounts: [{name: d, mountPath: /d}]}]\n  volumes: [{name: d, hostPath: {path: /data/etcd}}]\n";
  const like = { fileName: "etcd-cp2.yaml", sha256: "c".repeat(64), ...readManifestText(pod, "etcd-cp2.yaml") };
  assert.equal(like.mayBeEtcds, true);
  const down = healthyKubeadm3().kubeletStopped("cp2").etcdStopped("cp2").dataDirFacts("cp2", gone);
  const alone = patchManifests(down, (all) => [...all.filter(({ etcdFlags }) => etcdFlags === undefined), like], "cp2");
  assert.match(judged(alone)[2] as string, /the pod etcd-cp2 \(etcd-cp2\.yaml\) may be the one that starts it/);
  assert.deepEqual(planned(alone.build()).lossProofs, []);
  const beside = patchManifests(healthyKubeadm3(), (all) => [...all, like]);
  for (const name of ["cp1", "cp2", "cp3"]) assert.deepEqual(judged(beside, name), [true, true, undefined]);
  assert.equal(planned(beside.build()).verdict, "nothing-to-do");
});

test("etcdDataOn: nobody else confirms the place of an etcd that a service of its own machine starts", () => {
  const down = healthyKubeadm3().etcdManifestMoved("cp2").etcdStopped("cp2").dataDirFacts("cp2", gone);
  const served = patchManifests(down, (all) => all.filter(({ etcdFlags }) => etcdFlags === undefined));
  const withUnit = (builder: InventoryBuilder, facts: (host: HostFacts) => Partial<HostFacts>) =>
    builder.patchEachHost((host): HostFacts => (host.name === "cp2" ? { ...host, ...facts(host) } : host));
  const inactive = ({ services }: HostFacts): Partial<HostFacts> => ({
    services:
      services.kind === "unknown"
        ? services
        : { ...services, value: services.value.map((one) => (one.unit === "etcd" ? { ...one, activeState: "inactive" } : one)) },
  });
  for (const builder of [down, served]) {
    assert.deepEqual(judged(builder), [false, false, undefined]);
    assert.match(judged(withUnit(builder, inactive))[2] as string, /etcd\.service of that machine may start it from another place/);
    for (const unit of ["etcd-member.service", "container-etcd.service", "etcd_cp2.service", "snap.etcd.etcd.service"])
      assert.equal(judged(withUnit(builder, () => ({ otherEtcdUnits: [unit] })))[1], undefined, unit);
    assert.deepEqual(judged(withUnit(builder, () => ({ otherEtcdUnits: ["etcd-backup.service"] }))), [false, false, undefined]);
  }
  const reset = withUnit(healthyKubeadm3().kubeadmReset("cp2"), () => ({ otherEtcdUnits: ["etcd-member.service"] }));
  assert.equal(judged(reset)[1], undefined);
  // There is a way out that a person can take: what is masked is not there.
  assert.match(
    planned(reset.build()).reasons.join(" "),
    /systemctl cat etcd-member\.service.*move its unit file out of .*daemon-reload\. Then plan again/,
  );
});

test("etcdDataOn: an own manifest that was not understood is a doubt, whatever the others' say", () => {
  const down = healthyKubeadm3().kubeletStopped("cp2").etcdStopped("cp2").dataDirFacts("cp2", gone);
  const head = "kind: Pod\nmetadata: {name: etcd}\n";
  const merged = `${head}x: &b\n  command: [etcd, --data-dir=/var/lib/etcd]\n  volumeMounts: [{mountPath: /var/lib/etcd, name: d}]\nspec:\n  containers:\n  - <<: *b\n    name: main\n  volumes: [{name: d, hostPath: {path: /data/etcd}}]\n`;
  for (const text of [merged, `${head}spec:\n`, `${head}spec: {containers: [{name: m, command: [/scripts/start-etcd.sh]}]}\n`]) {
    const plan = planned(patchManifests(down, inEtcdYaml(text), "cp2").build());
    assert.deepEqual([plan.verdict, plan.lossProofs], ["wait", []], text);
  }
});

test("etcdDataOn: where no manifest and no etcd that serves has the path, nothing there is no loss; a machine without anything of Kubernetes is", () => {
  const names = ["cp1", "cp2", "cp3"];
  const moved = names.reduce((all, name) => all.etcdManifestMoved(name).dataDirFacts(name, gone), healthyKubeadm3());
  for (const name of names) assert.deepEqual(judged(moved, name).slice(0, 2), [undefined, undefined]);
  assert.match(judged(moved)[2] as string, /nobody says that etcd keeps its data there/);
  const codes = (builder: InventoryBuilder) => diagnose(builder.build()).findings.map(({ code }) => code.slice(0, 3));
  assert.deepEqual([codes(moved).includes("E01"), planned(moved.build()).lossProofs], [false, []]);
  assert.match(
    planned(moved.build()).reasons.join(" "),
    /Find out where etcd on cp2 keeps its data.*Stop the kubelet \(systemctl stop kubelet\) before/,
  );
  const reset = names.reduce((all, name) => all.kubeadmReset(name), healthyKubeadm3());
  for (const name of names) assert.deepEqual(judged(reset, name), [false, false, undefined]);
  assert.ok(codes(reset).includes("E01"));
  // etcd as a service of the machine: those that serve from the path confirm it.
  const services = (builder: InventoryBuilder) => patchManifests(builder, (all) => all.filter(({ etcdFlags }) => etcdFlags === undefined));
  const one = services(healthyKubeadm3().etcdStopped("cp2").dataDirFacts("cp2", gone));
  assert.deepEqual(judged(one), [false, false, undefined]);
  // Whole data needs nobody's word.
  const whole = services(names.reduce((all, name) => all.etcdStopped(name), healthyKubeadm3()));
  assert.deepEqual(judged(whole), [true, true, undefined]);
});

test("etcdDataOn: an etcd that a shell starts keeps its data in the one place that is mounted for it to write to", () => {
  const pod = (...paths: readonly string[]) =>
    `kind: Pod\nmetadata: {name: etcd}\nspec:\n  containers:\n  - name: etcd\n    command: [sh, -c, 'exec etcd --data-dir=/d']\n    volumeMounts: [{mountPath: /certs, name: certs}${paths.map((_, at) => `, {mountPath: /d${String(at)}, name: d${String(at)}}`).join("")}]\n  volumes: [{name: certs, hostPath: {path: /etc/kubernetes/pki/etcd}}${paths.map((path, at) => `, {name: d${String(at)}, hostPath: {path: ${path}}}`).join("")}]\n`;
  const by = (text: string, builder = healthyKubeadm3().kubeletStopped("cp2").etcdStopped("cp2")) =>
    patchManifests(builder, inEtcdYaml(text));
  assert.deepEqual(judged(by(pod("/var/lib/etcd"))), [true, true, undefined]);
  assert.equal(judged(by(pod("/data/etcd")))[3], "/data/etcd");
  const two = planned(by(pod("/var/lib/etcd", "/ssd")).build());
  assert.equal(two.verdict, "wait");
  assert.match(two.reasons.join(" "), /mounts \/var\/lib\/etcd, \/ssd for it/);
  assert.doesNotMatch(two.reasons.join(" "), /Repair that file/);
});

test("clusterModelOf: kubeadm's own manifests leave no doubt", () => {
  const model = clusterModelOf(healthyKubeadm3().build());
  assert.deepEqual(
    model.hosts.map(({ hasEtcdData, hasStartableEtcdData }) => [hasEtcdData, hasStartableEtcdData]),
    Array.from({ length: 3 }, () => [true, true]),
  );
});

test("etcdDataOn: an etcd.yaml that is not understood beside an old copy that is leaves the place in doubt: the copy speaks for nobody", () => {
  const cut = "apiVersion: v1\nkind: Pod\nmetadata: { name: etcd }\nspec:\n";
  const beside = patchManifests(
    healthyKubeadm3().etcdDataLost("cp2"),
    (manifests) => [
      ...inEtcdYaml(cut)(manifests),
      ...manifests.filter(({ etcdFlags }) => etcdFlags !== undefined).map((manifest) => ({ ...manifest, fileName: "etcd.yaml.bak" })),
    ],
    "cp2",
  );
  assert.deepEqual(judged(beside).slice(0, 2), [undefined, undefined]);
  const plan = planned(beside.build());
  assert.deepEqual([plan.verdict, plan.lossProofs, plan.steps], ["blocked", [], []]);
});

test("etcdDataOn: tools beside a sound etcd put nothing in doubt, however they are started", () => {
  const pod = (name: string, container: string) =>
    `kind: Pod\nmetadata: {name: ${name}}\nspec: {containers: [${container}], volumes: [{name: d, hostPath: {path: /var/lib/etcd}}]}\n`;
  const tools = [
    pod("etcd-backup", "{name: b, command: [sh, -c, 'etcdctl snapshot save /backup/etcd/x.db; find /backup/etcd -mtime +7 -delete']}"),
    pod(
      "nightly",
      "{name: b, command: [sh, -c, 'tar czf /b/x.tgz -C /var/lib etcd'], volumeMounts: [{name: d, mountPath: /var/lib/etcd}]}",
    ),
    pod("defragmenter", "{name: d, image: ghcr.io/ahrtr/etcd-defrag, args: [--cluster]}"),
    pod("brctl", "{name: b, command: [etcdbrctl, server, --data-dir=/d], volumeMounts: [{name: d, mountPath: /d}]}"),
    pod("consul", "{name: c, command: [consul, agent, -data-dir=/consul/data]}"),
  ].map((text, index) => ({
    fileName: `tool-${String(index)}.yaml`,
    sha256: "d".repeat(64),
    ...readManifestText(text, `tool-${String(index)}.yaml`),
  }));
  const beside = patchManifests(healthyKubeadm3(), (all) => [...all, ...tools]);
  for (const name of ["cp1", "cp2", "cp3"]) assert.deepEqual(judged(beside, name), [true, true, undefined]);
  assert.equal(
    planned(patchManifests(healthyKubeadm3().kubeletStopped("cp2"), (all) => [...all, ...tools]).build()).strategy,
    "start-stopped",
  );
  const lost = planned(patchManifests(healthyKubeadm3().etcdDataLost("cp2"), (all) => [...all, ...tools]).build());
  assert.deepEqual(
    lost.lossProofs.map(({ kind, host }) => [kind, host]),
    [["observed-data-lost", "cp2"]],
  );
});

test("hasEtcdAmong, memberFilesAmong: whatever its file is called, the member's manifest starts etcd; another etcd's does not", () => {
  const marks = marksOf([{ name: "cp1", peerUrls: ["https://10.150.0.11:2380"] }], []);
  const has = (...manifests: readonly Partial<ManifestFacts>[]) =>
    hasEtcdAmong(
      manifests.map((one) => ({ fileName: "x.yaml", podName: "x", ...one })),
      marks,
    );
  const { hosts } = patchManifests(healthyKubeadm3(), withSecondEtcd).build();
  const all = hosts[0]?.manifests.kind === "known" ? hosts[0].manifests.value : [];
  const [etcd] = all.filter(({ fileName }) => fileName === "etcd.yaml");
  const [second] = all.filter(({ fileName }) => fileName === "etcd-events.yaml");
  assert.ok(etcd !== undefined && second?.etcdFlags !== undefined);
  assert.deepEqual([has({ ...etcd, fileName: "etcd.yaml.bak" }), has({ problem: "it is empty" }), has(second)], [true, true, false]);
  // Isolated by hand: other ports, and the member's own name.
  assert.equal(has({ ...second, etcdFlags: { ...second.etcdFlags, name: "cp1" } }), true);
  assert.deepEqual([has({ mayBeEtcds: true }), has(), has({}), hasEtcdAmong(undefined, marks)], [undefined, false, false, undefined]);
  assert.deepEqual(memberFilesAmong([...all, { ...etcd, fileName: "etcd.yaml.bak" }], marks), ["etcd.yaml", "etcd.yaml.bak"]);
});
