import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { marksOf } from "../../model/etcd-place.ts";
import { asHostName } from "../../model/ids.ts";
import { hostLookScript } from "./host-look-script.ts";
import { readHostLook as readLook, type HostLook } from "./look-at-host.ts";

function readHostLook(output: string, path = "/var/lib/etcd"): HostLook {
  return readLook(output, { host: asHostName("cp1"), path, ...marksOf([], [asHostName("cp1")]) });
}

interface EtcdPod {
  readonly hostPath: string;
  readonly mountPath?: string;
  /** YAML of the container's command. */
  readonly command?: string;
}

/** As kubeadm writes it: --data-dir in the container is where the volume is mounted. */
function etcdPod({ hostPath, mountPath = "/var/lib/etcd", command = `[etcd, --data-dir=${mountPath}]` }: EtcdPod): string {
  return [
    "apiVersion: v1\nkind: Pod\nmetadata: {name: etcd}\nspec:\n  containers:\n  - name: etcd",
    `    command: ${command}`,
    `    volumeMounts:\n    - {mountPath: ${mountPath}, name: etcd-data}`,
    `  volumes:\n  - hostPath: {path: ${hostPath}, type: DirectoryOrCreate}\n    name: etcd-data\n`,
  ].join("\n");
}

function manifestLine(text: string, fileName = "etcd.yaml"): string {
  return `manifest ${Buffer.from(fileName).toString("base64")} ${Buffer.from(text).toString("base64")}`;
}

const answer = (lines: readonly string[]) =>
  [
    "machine-id 0123",
    "unit kubelet active loaded ",
    "unit containerd inactive loaded ",
    "unit haproxy activating loaded ",
    "unit keepalived inactive not-found ",
    "unit etcd inactive masked ",
    "processes-listed",
    "file adminConf 0",
    "file etcdManifest 0",
    "file apiServerManifest 0",
    "data-dir exists=0",
    ...lines,
    "end",
  ].join("\n");

test("readHostLook: a fresh machine has no state, no etcd, and no API server", () => {
  const look = readHostLook(answer([]));
  assert.equal(look.hasKubernetesState, false);
  assert.equal(look.hasEtcdData, false);
  assert.equal(look.etcdProcess, "stopped");
  assert.equal(look.apiServer, "absent");
  assert.deepEqual(look.services, { kubelet: "active", containerd: "stopped", keepalived: "absent", etcd: "absent" });
});

test("readHostLook: stopped by a signal is frozen, a zombie is not running, and running says nothing about ready", () => {
  assert.equal(readHostLook(answer(["process etcd Tsl"])).etcdProcess, "frozen");
  assert.equal(readHostLook(answer(["process etcd Zs"])).etcdProcess, "stopped");
  const look = readHostLook(answer(["process etcd Ssl", "process kube-apiserver Ssl"]));
  assert.equal(look.etcdProcess, "running");
  assert.equal(look.apiServer, undefined);
});

test("readHostLook: an answer that was cut leaves everything unknown", () => {
  const look = readHostLook(answer([]).replace(/\nend$/, ""));
  assert.deepEqual(
    [look.isReachable, look.hasKubernetesState, look.hasEtcdData, look.etcdProcess, look.services],
    [true, undefined, undefined, undefined, undefined],
  );
});

test("readHostLook: only WAL and backend, seen and mounted, are data to start from; an error is neither data nor its loss", () => {
  const data = (...facts: readonly string[]) => {
    const text = answer(facts.map((fact) => (/^[a-z_]+=/.test(fact) ? `data-dir ${fact}` : fact))).replace("data-dir exists=0\n", "");
    const look = readHostLook(text);
    return [look.hasEtcdData, look.hasStartableEtcdData];
  };
  const whole = ["exists=1", "files=1", "empty=0", "wal=1", "backend=1"];
  assert.deepEqual(data("exists=0"), [false, false]);
  assert.deepEqual(data(...whole), [true, true]);
  assert.deepEqual(data("exists=1", "files=1", "empty=0", "wal=0", "backend=0"), [true, undefined]);
  const begun = "BAAAAAAAAIQIBBAAAAAAAB4AAAAAAACCCAEQ+dnQrAsaFAiri8fC5dv4pWoQ+aj46oi9nvtKAAAOAAAAAAAAgggFEKqcjbgCGgQIABAAAAA=";
  assert.deepEqual(data(...whole, `newborn=${begun}`), [true, false]);
  assert.deepEqual(data(...whole, "newborn=cut"), [true, true]);
  assert.deepEqual(data(...whole, "unmounted=/var/lib/etcd"), [undefined, undefined]);
  assert.deepEqual(data("read_error=ls: Input/output error"), [undefined, undefined]);
  assert.deepEqual(data("exists=0", "mounts_gap=no bus"), [undefined, undefined]);
  assert.deepEqual(data(...whole, "data-place-unknown"), [true, undefined]);
  assert.deepEqual(data("exists=0", "data-place-unknown"), [undefined, undefined]);
  assert.deepEqual(data(...whole, "manifest ZXRjZA== !!"), [true, undefined]);
  const moved = manifestLine(etcdPod({ hostPath: "/data/etcd" }));
  assert.deepEqual(data(...whole, moved), [true, undefined]);
  assert.deepEqual(data("exists=0", moved), [undefined, undefined]);
  const inPlace = manifestLine(etcdPod({ hostPath: "/var//lib/etcd/." }));
  assert.deepEqual(
    [data(...whole, inPlace), data("exists=0", inPlace)],
    [
      [true, true],
      [false, false],
    ],
  );
  // Another etcd, as for events, says nothing of the cluster's; with the member's name it may be the member, taken out by hand.
  const command =
    "[etcd, --name=NAME, --data-dir=/var/lib/etcd, --listen-client-urls=https://0.0.0.0:2382, --listen-peer-urls=https://0.0.0.0:2383]";
  const second = (name: string) =>
    manifestLine(
      etcdPod({ hostPath: "/var/lib/etcd-events", command: command.replace("NAME", name) }).replace("{name: etcd}", "{name: etcd-events}"),
      "etcd-events.yaml",
    );
  assert.deepEqual(
    [data("exists=0", inPlace, second("events")), data("exists=0", second("events")), data("exists=0", second("cp1"))],
    [
      [false, false],
      [false, false],
      [undefined, undefined],
    ],
  );
  assert.deepEqual(data(), [undefined, undefined]);
});

test("readHostLook: a balancer file that came damaged leaves its backends unknown, and the rest is read", () => {
  for (const damaged of ["!!!notbase64", "abc", "ab=c", "=="]) {
    const look = readHostLook(answer([`haproxy ${damaged}`]));
    assert.deepEqual([look.balancerBackends, look.machineId, look.etcdProcess], [undefined, "0123", "stopped"], damaged);
  }
  const file = Buffer.from("backend api\n    server cp1 10.150.0.11:6443 check\n").toString("base64");
  assert.deepEqual(readHostLook(answer([`haproxy ${file}`])).balancerBackends, ["10.150.0.11:6443"]);
  assert.equal(readHostLook(answer(["process kubeadm Sl"])).join, "running");
});

/** Runs the real script in a POSIX shell, as often as `work` looks; gives what it says of the data and that it could be started from. */
function withRealScript(work: (folder: string, look: (dataDir: string) => readonly (boolean | undefined)[]) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "requorum-look-test-"));
  try {
    mkdirSync(join(folder, "bin"));
    writeFileSync(
      join(folder, "bin/systemctl"),
      "#!/bin/sh\nfor unit; do case $unit in *.mount) printf 'Id=%s\\nLoadState=not-found\\nActiveState=inactive\\n\\n' \"$unit\" ;; esac; done\n",
      { mode: 0o755 },
    );
    work(folder, (dataDir) => {
      const output = execFileSync("sh", ["-s", dataDir, folder, "/nowhere/pki"], {
        input: hostLookScript.replaceAll("PATH=$PATH:", `PATH=${join(folder, "bin")}:$PATH:`),
        encoding: "utf8",
        stdio: ["pipe", "pipe", "ignore"],
      });
      assert.ok(output.endsWith("end\n"));
      const { hasEtcdData, hasStartableEtcdData } = readHostLook(output, dataDir);
      return [hasEtcdData, hasStartableEtcdData];
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A data dir in that folder with a WAL and a backend. */
function writeWholeData(folder: string): string {
  for (const [dir, file] of [
    ["member/wal", "0-0.wal"],
    ["member/snap", "db"],
  ] as const) {
    mkdirSync(join(folder, "etcd", dir), { recursive: true });
    writeFileSync(join(folder, "etcd", dir, file), "x");
  }
  return join(folder, "etcd");
}

test("hostLookScript: runs to its end in a POSIX shell and reads only; a stray file is nothing to start etcd from", () => {
  withRealScript((folder, look) => {
    mkdirSync(join(folder, "etcd"));
    assert.deepEqual(look("/nowhere/etcd"), [false, false]);
    assert.deepEqual(look(join(folder, "etcd")), [false, false]);
    writeFileSync(join(folder, "etcd/core.1234"), "x");
    assert.deepEqual(look(join(folder, "etcd")), [true, false]);
    assert.deepEqual(look(writeWholeData(folder)), [true, true]);
  });
});

test("readHostLook: only a manifest whose volume leads here, in whatever form, leaves no doubt about the place", () => {
  const whole = ["exists=1", "files=1", "empty=0", "wal=1", "backend=1"].map((fact) => `data-dir ${fact}`);
  const startable = (pod: EtcdPod) =>
    readHostLook([...whole, manifestLine(etcdPod(pod)), "end"].join("\n"), "/data/etcd").hasStartableEtcdData;
  for (const command of [
    "[etcd, --data-dir=/var/lib/etcd]",
    '\n    - etcd\n    - "--data-dir=/var/lib/etcd/"',
    "\n    - etcd\n    - --data-dir\n    - /var/lib/etcd",
    "[sh, -c, 'exec etcd --data-dir=/var/lib/etcd']",
    "[etcd, --data-dir=/var/lib/etcd] # was --data-dir=/data",
  ]) {
    assert.equal(startable({ hostPath: "/data/etcd", command }), true, command);
    assert.equal(startable({ hostPath: "/var/lib/etcd", command }), undefined, command);
  }
  for (const command of [
    "[etcd, --data-dir=/data/etcd]",
    "[etcd, --data-dir=/var/lib/etcd, --wal-dir=/ssd/wal]",
    "[etcd, --config-file=/etc/etcd.conf]",
  ])
    assert.equal(startable({ hostPath: "/data/etcd", command }), undefined, command);
});

test("hostLookScript: tells every manifest that may be etcd's, and only a volume that leads here leaves no doubt", () => {
  withRealScript((folder, look) => {
    const here = writeWholeData(folder);
    const say = (text: string, fileName = "etcd.yaml") => {
      writeFileSync(join(folder, fileName), text);
    };
    say(etcdPod({ hostPath: "/data/etcd" }));
    assert.deepEqual(
      [look(here), look("/nowhere/etcd")],
      [
        [true, undefined],
        [undefined, undefined],
      ],
    );
    say("");
    assert.deepEqual(look(here), [true, undefined], "damaged");
    say(etcdPod({ hostPath: here }));
    say("kind: Pod\nmetadata: {name: kube-scheduler}\n", "kube-scheduler.yaml");
    assert.deepEqual(look(here), [true, true]);
    // The kubelet reads every file there.
    say(etcdPod({ hostPath: "/data/etcd" }), "a copy");
    assert.deepEqual(look(here), [true, undefined]);
  });
});

test("hostLookScript: an etcd.yaml that is there and cannot be read may name any place, so nothing here is no loss", () => {
  withRealScript((folder, look) => {
    const here = writeWholeData(folder);
    const manifest = join(folder, "etcd.yaml");
    // Nobody, root included, reads a directory as a file; nor what a link leads to that is not mounted.
    for (const unreadable of [() => mkdirSync(manifest), () => symlinkSync("/nowhere/etcd.yaml", manifest)]) {
      rmSync(manifest, { recursive: true, force: true });
      unreadable();
      assert.deepEqual(look("/nowhere/etcd"), [undefined, undefined]);
      assert.deepEqual(look(here), [true, undefined]);
    }
  });
});

test("hostLookScript: what the kubelet does not read is no riddle, except in the place of etcd.yaml; a search that was killed is", () => {
  withRealScript((folder, look) => {
    const here = writeWholeData(folder);
    writeFileSync(join(folder, "etcd.yaml"), etcdPod({ hostPath: here }));
    symlinkSync("/nowhere", join(folder, "x.yaml"));
    execFileSync("mkfifo", [join(folder, "pipe")]);
    assert.deepEqual(look(here), [true, true]);
    writeFileSync(join(folder, "etcd.yaml"), etcdPod({ hostPath: "/data/etcd" }));
    writeFileSync(join(folder, "bin/grep"), "#!/bin/sh\nkill -9 $$\n", { mode: 0o755 });
    assert.deepEqual(look("/nowhere/etcd"), [undefined, undefined]);
  });
});

test("readHostLook: a doubt about the data has its words", () => {
  const doubtOf = (...lines: readonly string[]) => readHostLook(answer(lines)).dataDoubt;
  assert.equal(doubtOf(), undefined);
  assert.match(doubtOf("data-place-unknown a.yaml cannot be read") ?? "", /not known: a\.yaml cannot be read/);
  assert.match(doubtOf(manifestLine("a: [b")) ?? "", /etcd\.yaml was not understood \(it is not valid YAML\)/);
});
