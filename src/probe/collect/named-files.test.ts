import assert from "node:assert/strict";
import { test } from "node:test";
import { filesNamedByHaproxy, filesNamedByKeepalived, filesNamedByManifest } from "./named-files.ts";

test("filesNamedByManifest: a shell's quotes, brackets and ends of commands are no part of a path", () => {
  for (const command of [
    "[kube-apiserver, --encryption-provider-config, /enc/x.yaml]",
    '[sh, -c, "kube-apiserver --encryption-provider-config=/enc/x.yaml; true"]',
    "[sh, -c, \"(kube-apiserver --encryption-provider-config='/enc/x.yaml')&\"]",
    '[sh, -c, "{ kube-apiserver --encryption-provider-config /enc/x.yaml|tee; }"]',
  ]) {
    const text = `spec:
  containers: [{ command: ${command}, volumeMounts: [{ name: e, mountPath: /enc }] }]
  volumes: [{ name: e, hostPath: { path: /srv/enc } }]
`;
    assert.deepEqual(filesNamedByManifest(text).encryptionConfigs, ["/srv/enc/x.yaml"], command);
  }
});

test("filesNamedByManifest: the keys that control planes share, with either sign between a flag's words", () => {
  const flags = [
    "--service_account_key_file=/k/a.pub",
    "--service-account-signing-key-file, /k/a.key",
    "--service-account-private-key-file=/k/b.key",
    "--encryption-provider-config=/k/enc.yaml",
    "--tls-private-key-file=/k/apiserver.key",
  ];
  const text = `spec:
  containers: [{ command: [kube-apiserver, ${flags.join(", ")}], volumeMounts: [{ name: k, mountPath: /k }] }]
  volumes: [{ name: k, hostPath: { path: /srv/k } }]
`;
  assert.deepEqual(filesNamedByManifest(text).sharedKeys, ["/srv/k/a.pub", "/srv/k/a.key", "/srv/k/b.key", "/srv/k/enc.yaml"]);
});

test("filesNamedByHaproxy: quotes of both kinds are no part of a path", () => {
  const text = `global\n crt-base '/etc/ssl/private'\nfrontend x\n bind :1 ssl crt "a.pem" crt 'b.pem'\n`;
  assert.deepEqual(filesNamedByHaproxy(text), ["/etc/ssl/private/a.pem", "/etc/ssl/private/b.pem"]);
});

test("filesNamedBy…: end for long rows of blanks, quotes and digits", { timeout: 60_000 }, () => {
  const long = 1024 * 1024;
  assert.deepEqual(filesNamedByKeepalived(`notify ${" ".repeat(long)}x\nscript "/opt/a.sh"\nscript " /opt/b.sh"\n`), [
    "/opt/a.sh",
    "/opt/b.sh",
  ]);
  const manifest = (image: string, flag: string) =>
    filesNamedByManifest(`spec: { containers: [{ image: "${image}", command: [kube-apiserver, '${flag}'] }] }`);
  // YAML is read up to 64 KiB.
  const half = 32_000;
  assert.deepEqual(manifest(`r:v1.2.3${"0".repeat(half)}:x`, `--a="${'"'.repeat(half)}b`).apiServer, { version: undefined });
  assert.deepEqual(manifest("r:v1.34.2-x", "a").apiServer, { version: "v1.34.2" });
});
