import assert from "node:assert/strict";
import { test } from "node:test";
import { gotObjects, type GotObjects } from "../../../test/support/got-objects.ts";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { kubeJson, landmarkWrites, snapshotBytes, type KeyWrites } from "../../../test/support/kube-database.ts";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { GetObjectsRequest } from "./get-objects.ts";
import type { ObjectSelection } from "./object-selection.ts";

const configMap = (namespace: string, name: string, value: string): string =>
  kubeJson("v1", "ConfigMap", { name, namespace }, { data: { value } });
const filler = (from: number, length: number): KeyWrites =>
  Array.from({ length }, (_, at) => [`/registry/configmaps/filler/f${String(from + at)}`, configMap("filler", "f", "x".repeat(3000))]);
const writes: KeyWrites = [
  ...landmarkWrites, // revisions 2, 3
  ["/registry/configmaps/shop/settings", configMap("shop", "settings", "first")], // 4
  ...filler(0, 200), // 5 to 204
  ["/other/configmaps/shop/settings", configMap("shop", "settings", "of another cluster")], // 205
  ["/registry/minions/n1", kubeJson("v1", "Node", { name: "n1" })], // 206
  ["/registry/configmaps/other/settings", configMap("other", "settings", "of other")], // 207
  ["/registry/configmaps/shop/settings", configMap("shop", "settings", "second")], // 208
  ["/registry/configmaps/shop/gone", configMap("shop", "gone", "before")], // 209
  ["/registry/configmaps/shop/gone", undefined], // 210
  ...filler(300, 40), // 211 to 250
  ["/registry/configmaps/shop/last", configMap("shop", "last", "of all")], // 251
  ["/registry/example.io/configmaps/shop/last", kubeJson("example.io/v1", "ConfigMap", { name: "last", namespace: "shop" })], // 252
];
const bytes = snapshotBytes({ writes });

/** With what was read of the file, each page counted once. */
function got(selection: Partial<ObjectSelection>, request: Partial<GetObjectsRequest> = {}): GotObjects & { readonly readBytes: number } {
  const context = memoryFileContext({ "/b/backup.db": bytes });
  const open = context.files.open.bind(context.files);
  const pages = new Set<number>();
  context.files.open = (path) => {
    const file = open(path);
    const readInto = file.readInto.bind(file);
    return Object.assign(file, {
      readInto: (offset: number, into: Uint8Array) => {
        for (let at = offset; at < offset + into.length; at += 4096) pages.add(Math.floor(at / 4096));
        readInto(offset, into);
      },
      startChecks: () => ({ wait: () => ({ sha256: Buffer.from(bytes.subarray(-32)).toString("hex"), structure: undefined }) }),
    });
  };
  const found = gotObjects(context, {
    path: "/b/backup.db",
    selection: { what: undefined, namespace: undefined, selector: undefined, ...selection },
    revision: 0n,
    isRaw: false,
    encryptionConfig: undefined,
    ownPrefix: "/registry",
    ...request,
  });
  return { ...found, readBytes: pages.size * 4096 };
}

const keysOf = ({ objects }: GotObjects): readonly string[] => objects.map(({ key }) => key);
const few = bytes.length / 5;

test("newest records: the one written last is found after a few pages, and one further back after more, but not after all", () => {
  const last = got({ what: "cm/last", namespace: "shop" });
  assert.deepEqual(keysOf(last), ["/registry/configmaps/shop/last"]);
  assert.ok(last.readBytes < few, String(last.readBytes));
  const settings = got({ what: "cm", names: ["last", "settings"], namespace: "shop" });
  assert.deepEqual(keysOf(settings), ["/registry/configmaps/shop/last", "/registry/configmaps/shop/settings"]);
  assert.match(settings.objects[1]?.yaml ?? "", /second/);
  assert.ok(settings.readBytes > last.readBytes);
  assert.ok(settings.readBytes < bytes.length / 2, String(settings.readBytes));
});

test("newest records: at an earlier revision, by a whole key, cluster-wide: as a walk over all gives it", () => {
  for (const [selection, request] of [
    [{ what: "cm/settings", namespace: "shop" }, { revision: 207n }],
    [{ what: "cm/gone", namespace: "shop" }, { revision: 209n }],
    [{ what: "/registry/configmaps/shop/last" }, {}],
    [{ what: "/other/configmaps/shop/settings" }, {}],
    [{ what: "node/n1" }, {}],
    [{ what: "node/n1,cm/last", namespace: "shop" }, {}],
  ] as const) {
    const [near, walked] = [got(selection, request), got(selection, { ...request, ownPrefix: undefined })];
    assert.deepEqual(
      near.objects.map(({ yaml }) => yaml),
      walked.objects.filter(({ key }) => !key.includes("example.io")).map(({ yaml }) => yaml),
    );
    assert.equal(near.revision, walked.revision);
    assert.ok(near.objects.length > 0);
  }
});

test("newest records: what is no such question, or is not there, is answered by a walk over all", () => {
  assert.deepEqual(keysOf(got({ what: "cm/settings" })), ["/registry/configmaps/other/settings", "/registry/configmaps/shop/settings"]);
  assert.equal(got({ what: "cm", namespace: "other" }).objectCount, 1);
});

test("newest records: one that was deleted is told with the revision that still has it", () => {
  assert.throws(
    () => got({ what: "cm/gone", namespace: "shop" }),
    (error) => {
      isRecoveryError("OBJECT_NOT_FOUND", /deleted at revision 210, and --revision 209 still has it/)(error);
      return true;
    },
  );
  assert.throws(
    () => got({ what: "cm/gone", namespace: "shop" }, { call: "requorum backup get --store /s" }),
    (error) => {
      assert.ok(error instanceof RecoveryError);
      assert.equal(error.remedies[0]?.command, "requorum backup get --store /s /b/backup.db cm/gone --namespace shop --revision 209");
      return true;
    },
  );
});
