import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { RecoveryError } from "../../../model/recovery-error.ts";
import { computeClusterId, computeMemberId, normalPeerUrls } from "./member-ids.ts";

const sha1 = (data: Uint8Array): Uint8Array => createHash("sha1").update(data).digest();

test("member ids: those of an etcd without any flags are the well-known ones", () => {
  const id = computeMemberId(["http://localhost:2380"], "etcd-cluster", sha1);
  assert.equal(id.toString(16), "8e9e05c52164694d");
  assert.equal(computeClusterId([id], sha1).toString(16), "cdf818194e3a8c32");
});

test("member ids: the order of URLs and of members does not matter", () => {
  const urls = ["http://b:2380", "http://a:2380"];
  assert.equal(computeMemberId(urls, "t", sha1), computeMemberId(urls.toReversed(), "t", sha1));
  assert.equal(computeClusterId([1n, 2n ** 63n], sha1), computeClusterId([2n ** 63n, 1n], sha1));
});

test("peer URLs: trimmed, sorted, with the scheme in lower case; IPv6 is one", () => {
  assert.deepEqual(normalPeerUrls([" HTTPS://b:2380 ", "http://[fd00::1]:2380"], "m"), ["http://[fd00::1]:2380", "https://b:2380"]);
});

test("peer URLs: what etcd refuses is RESTORE_REQUEST_INVALID", () => {
  for (const bad of [
    [],
    ["10.0.0.1:2380"],
    ["http://a"],
    ["http://a:1/"],
    ["http://a:99999"],
    ["ftp://a:1"],
    ["http://u@a:1"],
    ["http://a:b"],
    ["http://a::1"],
  ])
    assert.throws(
      () => normalPeerUrls(bad, "member m"),
      (error) => error instanceof RecoveryError && error.code === "RESTORE_REQUEST_INVALID",
      JSON.stringify(bad),
    );
});
