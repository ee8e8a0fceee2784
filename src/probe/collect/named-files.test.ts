import assert from "node:assert/strict";
import { test } from "node:test";
import { filesNamedByHaproxy, filesNamedByManifest } from "./named-files.ts";

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

test("filesNamedByHaproxy: quotes of both kinds are no part of a path", () => {
  const text = `global\n crt-base '/etc/ssl/private'\nfrontend x\n bind :1 ssl crt "a.pem" crt 'b.pem'\n`;
  assert.deepEqual(filesNamedByHaproxy(text), ["/etc/ssl/private/a.pem", "/etc/ssl/private/b.pem"]);
});
