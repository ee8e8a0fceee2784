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
    ["staticPodPath: /a # was staticPodPath: /b\nport: 1\n", ["/a"]],
    ["staticPodPath: # was /b\n  /a\n", ["/a"]],
    ["staticPodPath: >-\n  /srv/a b\n", ["/srv/a b"]],
    ["a: &x /b#c\nstaticPodPath: *x\n", ["/b#c"]],
    ['"staticPodPath": "\\x2fa"\nother: staticPodPath\nx: {staticPodPath: /b}\n', ["/a"]],
    ["a: [\nstaticPodPath: /a # was staticPodPath: /b\nstaticPodURL: http://c#d\n", ["/a", "http://c#d"]],
    ["A=--pod-manifest-path=/a --pod-manifest-path=/b --config=/c", ["/b", "what is said in /c"]],
    ["A=--pod-manifest-path=/a\nB=--pod-manifest-path=/b\n", ["/a", "/b"]],
    ['Environment="A=--config=/a" "B=--config=/b"', ["what is said in /a", "what is said in /b"]],
    [
      "[Service]\nEnvironmentFile=-/opt/a.env\nEnvironmentFile = \\\n  /opt/b.env\n; EnvironmentFile=/c\n",
      ["what is said in /opt/a.env", "what is said in /opt/b.env"],
    ],
    ["[Service]\nEnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env\nEnvironmentFile=-/etc/default/kubelet\n", []],
    ["[Service]\nEnvironmentFile=\n", ["what is said in no other file"]],
  ];
  for (const [text, places] of cases) assert.deepEqual(staticPodPlaces(bytes(text)), places, text);
});

test("staticPodPlaces: ends for a file of empty lines, and of one long row of slashes", () => {
  const long = 1024 * 1024;
  for (const end of ["\n", "\r\n", "\r"]) assert.deepEqual(staticPodPlaces(bytes(`${end.repeat(long)}staticPodPath: /a`)), ["/a"]);
  const row = `${"/".repeat(long)}a`;
  assert.equal(staticPodPlaces(bytes(`staticPodPath: ${row}//`)).join() === row, true, "only the slashes of the end go");
});

test("staticPodPlaces: ends for what YAML's reader gives up at, and for long rows of what a form begins with", { timeout: 60_000 }, () => {
  for (const begin of [
    "[",
    "{a: ",
    "--config ",
    "--config=",
    "staticPodPath",
    "staticPodPath:",
    " #",
    "EnvironmentFile ",
    "\\\n",
    "a: &a [*a,",
    '"',
  ]) {
    const row = begin.repeat(60_000);
    for (const text of [row, row.repeat(3), row.slice(0, 60_000)])
      assert.equal(staticPodPlaces(bytes(`${text}"\n\n;\nA=--config-dir=/d\n`)).includes("what is said in /d"), true, begin);
  }
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
    /pods from \/srv\/pods; the machine's lets the kubelet take static pods from \/etc\/kubernetes\/manifests.*I-S11/,
  );
  assert.match(problem("port: 1\n", at(manifests)) ?? "", /the set's names no place of static pods/);
  assert.match(problem(at("/srv/pods"), undefined) ?? "", /that file is not there.*I-S11/);
  for (const now of [`# ${at(manifests)}`, "port: 1\n", "\n"])
    assert.match(problem(at(manifests), now) ?? "", /the machine's names no place of static pods.*I-S11/);
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
    /pods from what is said in \/opt\/other\.yaml; the machine's names no place.*I-S11/,
  );
  assert.match(problem(without, flags(path)) ?? "", /I-S11/);
  assert.match(problem(flags("/opt/other.yaml"), undefined) ?? "", /that file is not there.*I-S11/);
  assert.deepEqual([problem(flags(path), undefined), problem(flags("/opt/a.yaml"), flags("/opt/a.yaml"))], [undefined, undefined]);
});

test("staticPodProblem: another file of systemd's environment, and another last one of a repeated flag, are refused", () => {
  const state: SeenFile["state"] = { kind: "file", tag: "", mode: 0o600, uid: 0, gid: 0 };
  const problem = (read: string, now: string) => staticPodProblem(partOf(read), { path, state, content: bytes(now) }, manifests);
  const unit = (file: string) => `[Service]\nEnvironmentFile=-${file}\nEnvironmentFile=-/etc/default/kubelet\n`;
  const [usual, old] = [unit("/var/lib/kubelet/kubeadm-flags.env"), unit("/opt/old/kubelet.env")];
  assert.match(problem(old, usual) ?? "", /pods from what is said in \/opt\/old\/kubelet\.env; the machine's names no place.*I-S11/);
  assert.match(problem(usual, old) ?? "", /I-S11/);
  assert.match(staticPodProblem(partOf(old), { path, state: { kind: "absent" }, content: undefined }, manifests) ?? "", /I-S11/);
  const flags = (...places: readonly string[]) => `A="${places.map((place) => `--pod-manifest-path=${place}`).join(" ")}"\n`;
  assert.match(
    problem(flags(manifests, "/srv/old"), flags("/srv/old", manifests)) ?? "",
    /pods from \/srv\/old; the machine's lets the kubelet take static pods from \/etc\/kubernetes\/manifests.*I-S11/,
  );
  assert.deepEqual(
    [problem(old, old), problem(usual, "[Service]\n"), problem(flags("/srv/old", manifests), flags(manifests))],
    [undefined, undefined, undefined],
  );
});

const dropIn = [
  "[Service]",
  'Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"',
  "EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env",
  "ExecStart=",
  "ExecStart=/usr/bin/kubelet $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS",
  "",
].join("\n");
const dropInPath = "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf";

function problemAt(place: string, read: string, now: string | undefined): string | undefined {
  const state: SeenFile["state"] = now === undefined ? { kind: "absent" } : { kind: "file", tag: "", mode: 0o600, uid: 0, gid: 0 };
  const { part } = partOf("");
  const seen = { path: place, state, content: now === undefined ? undefined : bytes(now) };
  return staticPodProblem({ part: { ...part, path: place }, read: bytes(read) }, seen, manifests);
}

test("staticPodProblem: a damaged file is as a lost one: empty, zeros, or the set's drop-in cut off before its command", () => {
  const settings = `staticPodPath: ${manifests}\n`;
  for (const [place, read, now] of [
    [path, settings, ""],
    [path, settings, "\0".repeat(4096)],
    [dropInPath, dropIn, ""],
    [dropInPath, dropIn, dropIn.slice(0, 40)],
    [dropInPath, dropIn, dropIn.slice(0, dropIn.indexOf("ExecStart"))],
    ["/etc/kubernetes/kubelet.env", 'KUBELET_ARGS="--config=/etc/kubernetes/kubelet-config.yaml"\n', ""],
  ] as const)
    assert.equal(problemAt(place, read, now), undefined, `${place}: ${now}`);
  assert.match(problemAt(path, "staticPodPath: /srv/pods\n", "") ?? "", /from \/srv\/pods; the machine's names no place[^]*I-S11/);
});

test("staticPodProblem: what somebody may have written is no damage, and the words say what to do if it is", () => {
  const settings = `staticPodPath: ${manifests}\n`;
  const flags = 'KUBELET_EXTRA_ARGS="--pod-manifest-path=/etc/kubernetes/manifests"\n';
  for (const [place, read, now] of [
    [path, settings, "\n"],
    [path, `kind: KubeletConfiguration\n${settings}`, "kind: KubeletConfiguration\n"],
    [dropInPath, dropIn, dropIn.slice(0, 40).replace("Env", "env")],
    [dropInPath, dropIn.replace(/ExecStart[^]*/, ""), "[Service]\n"],
    [dropInPath, `[Service]\nEnvironment="KUBELET_EXTRA_ARGS=--pod-manifest-path=${manifests}"\n`, "[Service]\n"],
    ["/etc/systemd/system/kubelet.service", dropIn, ""],
    ["/etc/default/kubelet", flags, ""],
  ] as const)
    assert.match(
      problemAt(place, read, now) ?? "",
      /I-S11\): that is not put back\. If nobody switched pods off by it, and it is damaged or just older, move it away on cp1 \(mv (\S+) \1\.damaged\), and the same call puts the set's back\. Name/,
      `${place}: ${now}`,
    );
  for (const words of [problemAt(path, "staticPodPath: /srv/pods\n", settings), problemAt(path, "staticPodPath: /srv/pods\n", undefined)])
    assert.equal(words?.includes("damaged"), false, "where moving it away would not help, that is not said");
});

test("staticPodProblem: a lost drop-in that names the machine's own environment is put back", () => {
  assert.equal(problemAt(dropInPath, "[Service]\nEnvironmentFile=-/etc/environment\n", undefined), undefined);
});

test("staticPodProblem: where the same places lead elsewhere over a variable, a directory, a mount or another program, that is refused", () => {
  const unit = (...lines: readonly string[]) => `[Service]\n${lines.join("\n")}\n`;
  const command = "ExecStart=/usr/bin/kubelet --config=/var/lib/kubelet/config.yaml $KUBELET_EXTRA_ARGS";
  const byVariable = "ExecStart=/usr/bin/kubelet --pod-manifest-path=${M}";
  const relative = "ExecStart=/usr/bin/kubelet --config=config.yaml";
  const cases: readonly (readonly [string, string, RegExp])[] = [
    [
      unit('Environment="M=/srv/old"', byVariable),
      unit(`Environment="M=${manifests}"`, byVariable),
      /from \/srv\/old; the machine's lets the kubelet take static pods from \/etc\/kubernetes\/manifests; they differ in ExecStart=, \$M\./,
    ],
    [
      unit("Environment=CFG=/opt/old/config.yaml", "ExecStart=/usr/bin/kubelet --config=$CFG"),
      unit("Environment=CFG=/var/lib/kubelet/config.yaml", "ExecStart=/usr/bin/kubelet --config=$CFG"),
      /what is said in \/opt\/old\/config\.yaml; the machine's/,
    ],
    [
      unit("Environment=A=/srv B=old", "ExecStart=/usr/bin/kubelet --pod-manifest-path=${A}/${B}"),
      unit("Environment=A=/srv B=new", "ExecStart=/usr/bin/kubelet --pod-manifest-path=${A}/${B}"),
      /from \/srv\/old; the machine's lets the kubelet take static pods from \/srv\/new/,
    ],
    [
      unit(byVariable, "Restart=no"),
      unit(byVariable),
      /from \$\{M\}; .* What stands behind the \$ is not said in that file, so it is not known\./,
    ],
    ["CFG=/opt/old/config.yaml\n", "CFG=/var/lib/kubelet/config.yaml\n", /they differ in \$CFG\./],
    [
      `UNUSED="--pod-manifest-path=${manifests}"\n`,
      `KUBELET_KUBEADM_ARGS="--pod-manifest-path=${manifests}"\n`,
      /they differ in \$UNUSED, \$KUBELET_KUBEADM_ARGS\./,
    ],
    [
      unit("WorkingDirectory=/opt/old", relative),
      unit("WorkingDirectory=/var/lib/kubelet", relative),
      /they differ in WorkingDirectory=\./,
    ],
    [unit("RootDirectory=/srv/old", command), unit(command), /they differ in RootDirectory=\./],
    [unit(command, `BindPaths=/srv/old:${manifests}`), unit(command), /they differ in BindPaths=\./],
    [unit(command.replace("/usr/bin", "/opt/old")), unit(command), /they differ in ExecStart=\./],
    [unit(command.replace("$KUBELET_EXTRA_ARGS", "")), unit(command), /they differ in ExecStart=\./],
    [
      unit(command.replace("/usr/bin/kubelet", "/bin/sh -c 'exec a'")),
      unit(command.replace("/usr/bin/kubelet", "/bin/sh -c 'exec b'")),
      /ExecStart=\./,
    ],
    [unit(command), unit(command, "ConditionPathExists=!/etc/no-kubelet"), /they differ in ConditionPathExists=\./],
    [
      unit("ExecStart=/usr/bin/kubelet"),
      "",
      /the set's names no place of static pods; the machine's is empty, which masks the unit: the kubelet is switched off\./,
    ],
    [unit("Environment=A=--config=/srv B=--config=/b"), unit("Environment=A=--config=/a B=--config=/b"), /they differ in \$A\./],
  ];
  for (const [read, now, words] of cases)
    assert.match(problemAt("/etc/systemd/system/kubelet.service", read, now) ?? "", words, `${read}\n${now}`);
});

test("staticPodProblem: another log level, proxy or description leads nowhere else", () => {
  const expanded = "Environment=M=/etc/kubernetes/manifests\nExecStart=/usr/bin/kubelet --pod-manifest-path=${M} $KUBELET_EXTRA_ARGS";
  for (const [read, now] of [
    [`[Unit]\nDescription=a\n[Service]\n${expanded} --v=2\n`, `[Unit]\nDescription=b\n[Service]\n${expanded} --v=4\nRestart=always\n`],
    ["KUBELET_LOG_LEVEL=--v=2\nHTTPS_PROXY=http://a:1\nPATH=/bin\n", "KUBELET_LOG_LEVEL=--v=4\nhttps_proxy=http://b:1\nPATH=/usr/bin\n"],
  ] as const)
    assert.equal(problemAt(path, read, now), undefined, read);
});

test("staticPodProblem: a lost unit that leads elsewhere by another program or a mount is refused, and the words name it", () => {
  const unit = (...lines: readonly string[]) => `[Service]\n${lines.join("\n")}\n`;
  for (const [read, words] of [
    [unit("ExecStart=/opt/start-kubelet"), /, and has ExecStart=; that file is not there/],
    [unit(`BindPaths=/srv/old:${manifests}`), /, and has BindPaths=; that file/],
    ["M=/srv/old\n", /, and has \$M; that file/],
    [unit("ExecStart=/usr/bin/kubelet --config=$CFG"), /What stands behind the \$/],
  ] as const)
    assert.match(problemAt(dropInPath, read, undefined) ?? "", words);
  assert.equal(
    problemAt(dropInPath, unit("WorkingDirectory=/var/lib/kubelet", "ExecStart=-/usr/local/bin/kubelet $A"), undefined),
    undefined,
  );
});

test("staticPodPlaces: ends for variables of variables, and for rows of what systemd's words begin with", { timeout: 60_000 }, () => {
  const long = `[Service]\nEnvironment=A=${"x".repeat(500_000)}\nExecStart=/usr/bin/kubelet ${"${A}".repeat(100_000)} --config=/c\n`;
  assert.equal(staticPodPlaces(bytes(long)).includes("what is said in /c"), true);
  for (const begin of ["${", "$A", '"', "'", "\\", "A=", "/", " ", "-"])
    for (const key of ["Environment=", "ExecStart=", "A="])
      assert.equal(
        staticPodPlaces(bytes(`${key}${begin.repeat(300_000)}\nB=--config-dir=/d\n`)).includes("what is said in /d"),
        true,
        begin,
      );
});
