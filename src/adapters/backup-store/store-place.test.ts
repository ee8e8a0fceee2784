import assert from "node:assert/strict";
import { test } from "node:test";
import { RecoveryError } from "../../model/recovery-error.ts";
import { isObjectName } from "./object-name.ts";
import { parseStorePlace } from "./store-place.ts";

test("parseStorePlace: buckets, machines and directories", () => {
  assert.deepEqual(parseStorePlace("s3://backups/a/b/"), { kind: "s3", place: "s3://backups/a/b", bucket: "backups", prefix: "a/b" });
  assert.deepEqual(parseStorePlace("s3://backups"), { kind: "s3", place: "s3://backups", bucket: "backups", prefix: "" });
  assert.deepEqual(parseStorePlace("ssh://me@nas:2222/srv/backup/"), {
    kind: "ssh",
    place: "ssh://me@nas:2222/srv/backup",
    host: "nas",
    user: "me",
    port: 2222,
    directory: "/srv/backup",
  });
  assert.deepEqual(parseStorePlace("ssh://[fd00::1]/b"), {
    kind: "ssh",
    place: "ssh://[fd00::1]/b",
    host: "fd00::1",
    user: undefined,
    port: undefined,
    directory: "/b",
  });
  assert.deepEqual(parseStorePlace("/srv/backup"), { kind: "directory", place: "/srv/backup" });
});

test("parseStorePlace: what is no place is refused, and a password in it is not repeated", () => {
  const places = [
    "s3://UP/x",
    "s3://b",
    "s3://bucket/../x",
    "ssh://nas",
    "ssh://nas/",
    "ssh://me:planted-pw@nas/x",
    "ftp://planted-pw@x/y",
    "gs://b/x",
    "relative",
    "",
  ];
  for (const place of places)
    assert.throws(
      () => parseStorePlace(place),
      (error) => error instanceof RecoveryError && error.code === "BACKUP_STORE_INVALID" && !error.message.includes("planted"),
      place,
    );
});

test("isObjectName: names cannot leave the store, hide in it, or be no names", () => {
  for (const name of ["sets/20260101-000000-abcdef.json", "requorum-store.json", `packs/ab/${"a".repeat(64)}`, "aside/packs/ab/cd"])
    assert.ok(isObjectName(name), name);
  for (const name of ["", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".hidden", "a/.hidden", "a\nb", "ä", "a b", "x".repeat(200)])
    assert.ok(!isObjectName(name), name);
});
