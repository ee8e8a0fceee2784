import assert from "node:assert/strict";
import { test } from "node:test";
import { behindLinks, folderOf, namesThroughLinks } from "./behind-links.ts";

test("behindLinks: a path leads through links of links and stays below /; a circle leads nowhere", () => {
  const links = new Map([
    ["/etc/kubernetes", "../srv/k8s"],
    ["/srv/k8s", "/data/k8s/"],
    ["/data/k8s/pki", "ssl"],
    ["/out", "../../../../etc"],
    ["/round", "round"],
  ]);
  for (const [path, real] of [
    ["/etc/hosts", "/etc/hosts"],
    ["/etc/kubernetes", "/data/k8s"],
    ["/etc/kubernetes/pki/ca.crt", "/data/k8s/ssl/ca.crt"],
    ["/etc/kubernetes/pki/../admin.conf", "/data/k8s/admin.conf"],
    ["/out/hosts", "/etc/hosts"],
    ["/round/x", undefined],
    ["/", "/"],
  ] as const)
    assert.equal(behindLinks(path, links), real, path);
  links.delete("/out");
  assert.deepEqual(namesThroughLinks("/data/k8s/ssl/ca.crt", links), [
    "/data/k8s/ssl/ca.crt",
    "/etc/kubernetes/ssl/ca.crt",
    "/srv/k8s/ssl/ca.crt",
    "/data/k8s/pki/ca.crt",
    "/etc/kubernetes/pki/ca.crt",
    "/srv/k8s/pki/ca.crt",
  ]);
  assert.deepEqual([folderOf("/x"), folderOf("/x/y")], ["/", "/x"]);
});
