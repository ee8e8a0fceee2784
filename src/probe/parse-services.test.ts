import assert from "node:assert/strict";
import { test } from "node:test";
import { parseOtherEtcdUnits, parseServices } from "./parse-services.ts";

function block(unit: string, load: string, active: string, file: string): string {
  return `Id=${unit}.service\nLoadState=${load}\nActiveState=${active}\nUnitFileState=${file}\n`;
}
const blocks = [
  block("kubelet", "loaded", "activating", "enabled"),
  block("containerd", "loaded", "active", "enabled"),
  block("haproxy", "loaded", "failed", "disabled"),
  block("keepalived", "masked", "inactive", "masked"),
  block("etcd", "not-found", "inactive", ""),
];

test("parseServices: state and enablement of each unit, a unit systemd does not know is absent", () => {
  assert.deepEqual(parseServices(blocks.join("\n")), [
    { unit: "kubelet", activeState: "activating", isEnabled: true },
    { unit: "containerd", activeState: "active", isEnabled: true },
    { unit: "haproxy", activeState: "failed", isEnabled: false },
    { unit: "keepalived", activeState: "inactive", isEnabled: false },
    { unit: "etcd", activeState: "absent", isEnabled: false },
  ]);
});

test("parseServices: a unit that is missing from the answer makes it malformed", () => {
  assert.throws(() => parseServices(blocks.slice(1).join("\n")), { code: "REMOTE_ANSWER_MALFORMED" });
  assert.throws(() => parseServices(""), { code: "REMOTE_ANSWER_MALFORMED" });
});

test("parseOtherEtcdUnits: unit files named after etcd, each once, without etcd.service itself", () => {
  const text = `${blocks.join("\n")}\nEtcdUnitFiles= etcd.service etcd-member.service etcd-backup.service etcd-member.service\n`;
  assert.deepEqual(parseOtherEtcdUnits(text), ["etcd-backup.service", "etcd-member.service"]);
  assert.equal(parseServices(text).length, 5);
  assert.deepEqual(parseOtherEtcdUnits(`${blocks.join("\n")}\nEtcdUnitFiles=\n`), []);
  assert.throws(() => parseOtherEtcdUnits(blocks.join("\n")), { code: "REMOTE_ANSWER_MALFORMED" });
});
