import assert from "node:assert/strict";
import { test } from "node:test";
import { gotObjects } from "../../../test/support/got-objects.ts";
import { kubeJson, landmarkWrites } from "../../../test/support/kube-database.ts";
import { below, dataDirFilesOf } from "../../../test/support/memory-data-dir.ts";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import { RecoveryError } from "../../model/recovery-error.ts";

const settings = "/registry/configmaps/shop/settings";
const writes = [
  ...landmarkWrites, // 2, 3
  [settings, kubeJson("v1", "ConfigMap", { name: "settings", namespace: "shop" })], // 4
  [settings, undefined], // 5
] as const;

test("get: the call that is advised where nothing was got keeps every option that was given", () => {
  const asked = {
    path: "/m 1",
    selection: { what: "cm", names: ["settings"], namespace: "shop", selector: undefined },
    revision: 0n,
    isRaw: true,
    includesMadeAgain: true,
    prefix: "/registry",
    encryptionConfig: "/enc.yaml",
    committedOnly: true,
    walDir: "/m 1/member/wal",
    skipsHashCheck: true,
  };
  const encryption =
    "kind: EncryptionConfiguration\napiVersion: apiserver.config.k8s.io/v1\nresources:\n  - resources: [secrets]\n    providers:\n      - identity: {}\n";
  const context = memoryFileContext({ ...below("/m 1", dataDirFilesOf({ writes, requests: [] })), "/enc.yaml": encryption });
  assert.throws(
    () => gotObjects(context, asked),
    (error) => {
      assert.ok(error instanceof RecoveryError);
      assert.equal(
        error.remedies[0]?.command,
        "requorum snapshot get '/m 1' cm settings --namespace shop --revision 4 --all --prefix /registry --raw --encryption-config /enc.yaml --committed-only --wal-dir '/m 1/member/wal' --skip-hash-check",
        error.message,
      );
      return true;
    },
  );
});
