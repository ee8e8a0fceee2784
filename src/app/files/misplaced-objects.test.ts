import assert from "node:assert/strict";
import { test } from "node:test";
import { databaseBytes, kubeJson, landmarkWrites, type KeyWrites } from "../../../test/support/kube-database.ts";
import { gotObjects } from "../../../test/support/got-objects.ts";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import { checkFile } from "./check-file.ts";
import type { ObjectSelection } from "./object-selection.ts";

const moved = kubeJson("v1", "ConfigMap", { name: "other", namespace: "elsewhere" });
const right = kubeJson("v1", "ConfigMap", { name: "right", namespace: "shop" });
const selection = { what: "configmaps", namespace: "shop", selector: undefined };
const all = { what: undefined, namespace: undefined, selector: undefined };

function of(...writes: KeyWrites) {
  const context = memoryFileContext({ "/db": databaseBytes({ writes: [...landmarkWrites, ...writes] }) });
  const request = { path: "/db", revision: 0n, isRaw: false, encryptionConfig: undefined };
  return {
    get: (wanted: ObjectSelection = selection) => gotObjects(context, { ...request, selection: wanted }),
    check: () => checkFile(context, "/db"),
  };
}

test("get leaves out an object that calls itself otherwise than its key, and says both; by its key it is given, with the same words", () => {
  const odd = of(["/registry/configmaps/shop/mism", moved], ["/registry/configmaps/shop/right", right]);
  const found = odd.get();
  assert.deepEqual(
    found.objects.map(({ key }) => key),
    ["/registry/configmaps/shop/right"],
  );
  assert.deepEqual(
    found.unread.map(({ key, isSealed }) => [key, isSealed]),
    [["/registry/configmaps/shop/mism", false]],
  );
  assert.match(found.unread[0]?.why ?? "", /calls itself: "other" in namespace "elsewhere"/);
  const asked = odd.get({ ...all, what: "/registry/configmaps/shop/mism" });
  assert.equal(asked.objects.length, 1);
  assert.match(asked.incomplete[0]?.misplaced ?? "", /calls itself: "other"/);
  assert.equal(asked.incompleteCount, 1);
  assert.throws(() => of(["/registry/configmaps/shop/mism", moved]).get(), isRecoveryError("OBJECT_UNREADABLE", /calls itself/));
});

test("check calls an object damaged that calls itself otherwise than its key", () => {
  const check = of(["/registry/configmaps/shop/mism", moved]).check();
  assert.equal(check.verdict, "damaged");
  const [problem] = check.checks.flatMap(({ problems }) => problems);
  assert.match(problem?.what ?? "", /configmaps\/shop\/mism: its key is not that of what it calls itself: "other"/);
});

test("what API servers keep for themselves, custom resources, and resources that are not known are not taken for misplaced", () => {
  const sound = of(
    ["/registry/masterleases/10.0.0.1", kubeJson("v1", "Endpoints", { name: "x" })],
    ["/registry/minions/n1", kubeJson("v1", "Node", { name: "n1" })],
    ["/registry/services/specs/shop/web", kubeJson("v1", "Service", { name: "web", namespace: "shop" })],
    ["/registry/lab.example/widgets/shop/one", kubeJson("lab.example/v1", "Widget", { name: "one", namespace: "shop" })],
    ["/registry/oauth/accesstokens/t1", kubeJson("oauth.example/v1", "OAuthAccessToken", { name: "t1" })],
  );
  assert.equal(sound.check().verdict, "good");
  assert.deepEqual(sound.get(all).unread, []);
});
