import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { judgeEtcdData } from "../../model/etcd-data.ts";
import { dataDirShell, readDataDirLook, type DataDirLook } from "./data-dir-look.ts";

interface Machine {
  readonly dataDir?: string;
  readonly files?: { readonly [path: string]: string | Uint8Array };
  readonly links?: { readonly [path: string]: string };
  /** Unit name -> LoadState ActiveState; all others are not found. */
  readonly units?: { readonly [unit: string]: string };
  /** Program -> shell text in its place. */
  readonly programs?: { readonly [name: string]: string };
}

const wholeData = { "/var/lib/etcd/member/wal/0-0.wal": "w", "/var/lib/etcd/member/snap/db": "0123456789" };

/** The real shell text on a machine made of files below a temporary root, with systemd's answers made up. */
function lookAt({ dataDir = "/var/lib/etcd", files = {}, links = {}, units = {}, programs = {} }: Machine): DataDirLook {
  const root = mkdtempSync(join(tmpdir(), "requorum-data-dir-test-"));
  try {
    mkdirSync(join(root, "bin"));
    mkdirSync(join(root, "var/lib"), { recursive: true });
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    for (const [path, target] of Object.entries(links)) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      symlinkSync(target, join(root, path));
    }
    const cases = Object.entries(units).map(([unit, states]) => `${unit}) set -- ${states} ;;`);
    const systemctl = `for unit; do case $unit in *.mount) ;; *) continue ;; esac; ( set -- not-found inactive; case $unit in ${cases.join(" ")} esac; printf 'Id=%s\\nLoadState=%s\\nActiveState=%s\\n\\n' "$unit" "$1" "$2" ); done`;
    for (const [name, text] of Object.entries({ systemctl, ...programs }))
      writeFileSync(join(root, "bin", name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    const result = spawnSync("/bin/sh", ["-s", "--", root], {
      input: `set -u\nLC_ALL=C; export LC_ALL\n${dataDirShell}\nlook_at_data_dir "$1" ${dataDir}`,
      env: { ...process.env, PATH: `${join(root, "bin")}:${process.env["PATH"] ?? ""}`, REAL_PATH: process.env["PATH"] ?? "" },
      encoding: "utf8",
      timeout: 20_000,
    });
    assert.deepEqual([result.status, result.stderr], [0, ""]);
    const fields = new Map(result.stdout.split("\n").map((line) => [line.split("=")[0] ?? "", line.slice(line.indexOf("=") + 1)] as const));
    const look = readDataDirLook(fields);
    assert.ok(look, result.stdout);
    return look;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const judged = (machine: Machine): readonly (boolean | undefined)[] => {
  const { hasAny, isStartable } = judgeEtcdData({ path: "/var/lib/etcd", ...lookAt(machine) });
  return [hasAny, isStartable];
};

/** The program fails for paths that end so, as it does on a filesystem that has given up; else it is the real one. */
const failsAt = (name: string, end: string): string =>
  `for word; do :; done; case $word in *${end}) echo "${name}: cannot access '$word': Input/output error" >&2; exit 2 ;; esac; PATH=$REAL_PATH exec ${name} "$@"`;

test("dataDirShell: a wiped machine is without data, whether its dir is gone, is a fresh filesystem, or only empty folders are left", () => {
  assert.deepEqual(judged({}), [false, false]);
  assert.deepEqual(judged({ files: { "/var/lib/etcd/lost+found/x": "", "/var/lib/etcd/.requorum-aside/member/snap/db": "old" } }), [
    false,
    false,
  ]);
  assert.deepEqual(judged({ files: { "/var/lib/etcd/lost+found/x": "" }, units: { "var-lib-etcd.mount": "loaded active" } }), [
    false,
    false,
  ]);
  assert.deepEqual(judged({ files: { "/var/lib/etcd/lost+found/x": "" }, links: { "/var/lib/etcd/.requorum-x": "/nowhere" } }), [
    false,
    false,
  ]);
});

test("dataDirShell: WAL and backend are what etcd starts from; one of them, or either elsewhere below, may be what is left of them", () => {
  assert.deepEqual(judged({ files: wholeData }), [true, true]);
  assert.deepEqual(judged({ files: { "/var/lib/etcd/member.old/wal/0-0.wal": "w" } }), [true, undefined]);
  assert.deepEqual(judged({ files: { "/var/lib/etcd/x/db": "x" } }), [true, undefined]);
  assert.deepEqual(judged({ files: { "/member.old/x": "x" }, links: { "/var/lib/etcd/member.old": "../../../member.old" } }), [
    true,
    undefined,
  ]);
  assert.deepEqual(judged({ files: { "/var/lib/etcd/member/wal/0-0.wal": "w" } }), [true, undefined]);
  assert.deepEqual(judged({ files: { ...wholeData, "/var/lib/etcd/member/snap/db": "" } }), [true, undefined]);
  assert.deepEqual(judged({ files: { "/var/lib/etcd/member/snap/db": "x", "/var/lib/etcd/member/wal/0.tmp": "w" } }), [true, undefined]);
});

test("dataDirShell: files of somebody else do not make lost data any less lost, and what may be data is named", () => {
  assert.deepEqual(judged({ files: { "/var/lib/etcd/core.1234": "x", "/var/lib/etcd/snapshot.db": "copy" } }), [true, false]);
  const old = judgeEtcdData({ path: "/var/lib/etcd", ...lookAt({ files: { "/var/lib/etcd/member.old/snap/db": "x" } }) });
  assert.match(old.doubt ?? "", /member\.old\/snap\/db/);
  assert.deepEqual(judged({ files: { "/var/lib/etcd/snapshot.db": "copy", "/var/lib/etcd/member/wal/0.tmp": "" } }), [true, undefined]);
});

test("dataDirShell: a log that was begun in an emptied dir and got no entry is no data; anything else beside it may be", () => {
  const begun = "BAAAAAAAAIQIBBAAAAAAAB4AAAAAAACCCAEQ+dnQrAsaFAiri8fC5dv4pWoQ+aj46oi9nvtKAAAOAAAAAAAAgggFEKqcjbgCGgQIABAAAAA=";
  const segment = (last: number) => Buffer.concat([Buffer.from(begun, "base64"), Buffer.alloc(4096), Buffer.from([last])]);
  const name = "/var/lib/etcd/member/wal/0000000000000000-0000000000000000.wal";
  const files = { [name]: segment(0), "/var/lib/etcd/member/wal/0.tmp": "", "/var/lib/etcd/member/snap/db": "x".repeat(28_672) };
  assert.deepEqual(judged({ files: { ...files, "/var/lib/etcd/snapshot.db": "copy" } }), [true, false]);
  assert.deepEqual(judged({ files, dataDir: "/var/lib/etcd/" }), [true, false]);
  assert.deepEqual(judged({ files: { ...files, [name]: segment(1) } }), [true, true]);
  assert.deepEqual(judged({ files: { ...files, [name]: segment(0x0a) } }), [true, true], "a line feed is no zero");
  assert.deepEqual(judged({ files: { ...files, "/var/lib/etcd/member/wal/0000000000000001-0000000000000001.wal": "x" } }), [true, true]);
  assert.deepEqual(judged({ files: { ...files, "/var/lib/etcd/member/snap/0000000000000001-0000000000000001.snap": "x" } }), [true, true]);
  assert.deepEqual(judged({ files: { ...files, "/var/lib/etcd/member/snap/db": "x".repeat(65_537) } }), [true, true]);
  assert.deepEqual(judged({ files: { ...files, "/var/lib/etcd/member.old/snap/db": "x" } }), [true, true]);
  assert.deepEqual(judged({ files, programs: { tail: "echo 'tail: Input/output error' >&2; exit 1" } }), [true, true]);
  assert.deepEqual(judged({ files, units: { "var-lib-etcd.mount": "loaded failed" } }), [undefined, undefined]);
});

test("dataDirShell: what cannot be read is an error, never gone and never empty", () => {
  // What a program is asked about is not there for the shell either, as on a disk that fails.
  const [wal, db] = ["/var/lib/etcd/member/wal/0-0.wal", "/var/lib/etcd/member/snap/db"];
  for (const [program, end, files] of [
    ["stat", "/var/lib/etcd", {}],
    ["stat", "/var/lib/etcd/member", { "/var/lib/etcd/x": "x" }],
    ["stat", "/member/snap/db", { [wal]: "w" }],
    ["stat", ".wal", { [db]: "0123456789" }],
    ["ls", "/var/lib/etcd", wholeData],
  ] as const) {
    const machine = { files, programs: { [program]: failsAt(program, end) } };
    assert.match(lookAt(machine).readError ?? "", /Input\/output error/, `${program} ${end}`);
    assert.deepEqual(judged(machine), [undefined, undefined], `${program} ${end}`);
  }
  assert.deepEqual(judged({ dataDir: "/mnt/disk/etcd", programs: { stat: failsAt("stat", "/mnt/disk") } }), [undefined, undefined]);
  assert.deepEqual(judged({ files: { "/var/lib/etcd/lost+found/x": "" }, programs: { find: "echo broken >&2; exit 1" } }), [
    undefined,
    undefined,
  ]);
});

test("dataDirShell: a link that leads nowhere may lead to a disk that is not mounted", () => {
  assert.match(lookAt({ links: { "/var/lib/etcd": "/mnt/disk/etcd" } }).readError ?? "", /leads nowhere/);
  assert.deepEqual(judged({ links: { "/var/lib/etcd": "/mnt/disk/etcd" } }), [undefined, undefined]);
  const wal = { files: { "/var/lib/etcd/member/snap/db": "x" }, links: { "/var/lib/etcd/member/wal": "/mnt/wal" } };
  assert.deepEqual(judged(wal), [undefined, undefined]);
});

test("dataDirShell: what fstab or a mount unit puts there and is not mounted hides the data, whatever is seen in its place", () => {
  const fstab = (line: string) => ({ "/etc/fstab": `UUID=1 / ext4 defaults 0 1\n${line}` });
  for (const files of [{}, { "/var/lib/etcd/core.1": "x" }, wholeData]) {
    assert.deepEqual(judged({ files: { ...files, ...fstab("UUID=2 /var/lib/etcd xfs nofail 0 2") } }), [undefined, undefined]);
    assert.deepEqual(judged({ files: { ...files, ...fstab("UUID=2 /var/lib/etcd/member/wal xfs nofail 0 2\n") } }), [undefined, undefined]);
    assert.deepEqual(judged({ files, units: { "var-lib-etcd.mount": "loaded inactive" } }), [undefined, undefined]);
    assert.deepEqual(judged({ files, units: { "var-lib.mount": "masked failed" } }), [undefined, undefined]);
  }
  assert.equal(lookAt({ units: { "var-lib-etcd.mount": "loaded failed" } }).unmountedAt, "var-lib-etcd.mount");
  assert.deepEqual(judged({ files: { ...wholeData, ...fstab("UUID=2 /var/lib/etcd-backup xfs nofail 0 2\n") } }), [true, true]);
});

test("dataDirShell: the way to the data is the one that links lead, hop by hop; a disk missing on it hides the data", () => {
  const fstab = { "/etc/fstab": "UUID=2 /data xfs nofail 0 2\n" };
  const old = { "/data/etcd/member/wal/0-0.wal": "w", "/data/etcd/member/snap/db": "old" };
  for (const [files, links] of [
    [{ "/data/etcd/lost+found/x": "" }, { "/var/lib/etcd": "../../data/etcd" }],
    [
      { "/ssd/x": "", ...old },
      { "/var/lib/etcd": "../../data/link", "/data/link": "../ssd" },
    ],
    [{ "/data/member/lost+found/x": "" }, { "/var/lib/etcd/member": "../../../data/member" }],
    [{ "/data/wal/0-0.wal": "w", "/var/lib/etcd/member/snap/db": "x" }, { "/var/lib/etcd/member/wal": "../../../../data/wal" }],
  ] as const) {
    const machine = { files: { ...files, ...fstab }, links };
    assert.equal(lookAt(machine).unmountedAt, "/data", JSON.stringify(links));
  }
  const links = { "/var/lib/etcd": "../../data/etcd" };
  assert.deepEqual(judged({ files: { ...old, ...fstab }, links }), [undefined, undefined]);
  assert.equal(lookAt({ files: old, links, units: { "data.mount": "loaded failed" } }).unmountedAt, "data.mount");
  const byOtherName = { files: { ...old, "/etc/fstab": "UUID=2 /disk xfs nofail 0 2\n" }, links: { "/disk": "data", ...links } };
  assert.equal(lookAt(byOtherName).unmountedAt, "/disk");
  assert.deepEqual(judged({ files: old, links }), [true, true]);
  assert.deepEqual(judged({ files: { "/data/etcd/member.old/wal/0-0.wal": "w" }, links }), [true, undefined]);
});

test("dataDirShell: a bind mount shows what lies at its source; a disk missing there hides the data", () => {
  const table = "UUID=2 /data xfs nofail 0 2\n/data/etcd /mnt/etcd none rbind 0 0\n/mnt/etcd /var/lib/etcd none defaults,bind 0 0\n";
  const mounted = (paths: string) => `for word; do :; done; case $word in ${paths}) exit 0 ;; esac; exit 1`;
  const files = { ...wholeData, "/data/etcd/x": "", "/etc/fstab": table };
  const machine = (paths: string) => ({ files, programs: { mountpoint: mounted(paths) } });
  assert.equal(lookAt(machine("*/var/lib/etcd|*/mnt/etcd")).unmountedAt, "/data");
  assert.deepEqual(judged(machine("*/var/lib/etcd|*/mnt/etcd|*/data")), [true, true]);
});

test("dataDirShell: a way that cannot be followed leaves the mounts unknown", () => {
  const links = { "/var/lib/etcd": "../../data/etcd" };
  const files = { "/data/etcd/member/wal/0-0.wal": "w", "/data/etcd/member/snap/db": "x" };
  assert.deepEqual(judged({ files, links, programs: { readlink: failsAt("readlink", "/etcd") } }), [true, undefined]);
});

test("dataDirShell: a path's mount unit has the name that systemd gives it", () => {
  const paths = [
    "/var",
    "/var/lib/etcd/member/wal",
    "/a/b_c:d.e/f",
    "/data-1/etcd",
    "/a/.hidden",
    "/.a",
    "/mit leer/zeichen",
    "/ü/x",
    "/a\\\\b",
    "/a@b",
    "/",
    "//",
    "/a//b",
    "/a/b/",
  ];
  const said = (program: string): string =>
    execFileSync("/bin/sh", ["-c", `${dataDirShell}\n${program} "$@"`, "sh", ...paths], { encoding: "utf8" });
  assert.deepEqual(said("mount_units").trim().split("\n"), said("systemd-escape -p --suffix=mount --").trim().split(" "));
  const plain = execFileSync("/bin/sh", ["-c", `${dataDirShell}\nPATH=/nowhere; mount_units /var/lib/etcd`], { encoding: "utf8" });
  assert.equal(plain, "var-lib-etcd.mount\n");
});

test("dataDirShell: a path whose mount unit cannot have its name leaves the mounts unknown", () => {
  const looked = (name: string) => {
    const dataDir = `/var/lib/${"a".repeat(120)}/${name}`;
    const look = lookAt({ dataDir, files: { [`${dataDir}/member/wal/0-0.wal`]: "w", [`${dataDir}/member/snap/db`]: "x" } });
    return [look.mountsGap?.slice(0, 52), judgeEtcdData({ path: dataDir, ...look }).isStartable];
  };
  // The unit of …/member/snap/db has 255 bytes, or 256. A + takes four of them.
  for (const name of ["b".repeat(105), `b${"+".repeat(26)}`]) assert.deepEqual(looked(name), [undefined, true], name);
  for (const name of ["b".repeat(106), `bb${"+".repeat(26)}`])
    assert.deepEqual(looked(name), ["more than 255 bytes in the name of the mount unit of", undefined], name);
});

test("dataDirShell: where mounts cannot be asked, neither a loss nor a start is certain", () => {
  for (const systemctl of ["echo no bus >&2; exit 1", "true"]) {
    const programs = { systemctl };
    assert.notEqual(lookAt({ programs }).mountsGap, undefined);
    assert.deepEqual(judged({ programs }), [undefined, undefined]);
    assert.deepEqual(judged({ files: wholeData, programs }), [true, undefined]);
  }
});

test("dataDirShell: the mount point is that of the dir which is seen: a bind mount's, which stat(1) passes over, and that of a mount which covers another", () => {
  const root = mkdtempSync(join(tmpdir(), "requorum-data-dir-bind-"));
  try {
    const dir = join(root, "etcd");
    mkdirSync(join(dir, "member"), { recursive: true });
    const told = (before: string, ...places: readonly string[]): string => {
      const script = `set -e\n${before}\nset +e\n${dataDirShell}\n${places.map((place) => `say_mount_point "${place}"`).join("\n")}\n`;
      return execFileSync("unshare", ["--user", "--map-root-user", "--mount", "/bin/sh", "-s"], { input: script, encoding: "utf8" });
    };
    assert.doesNotMatch(told("", dir), new RegExp(dir));
    assert.equal(told(`mount --bind "${dir}" "${dir}"`, dir, `${dir}/member`), `mount_point=${dir}\nmount_point=${dir}\n`);
    const covered = `mount -t tmpfs none "${dir}"\nmount -t tmpfs none "${root}"\nmkdir "${dir}"`;
    assert.equal(told(covered, dir), `mount_point=${root}\n`);
    assert.equal(told("", `${root}/not there`), "");
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
