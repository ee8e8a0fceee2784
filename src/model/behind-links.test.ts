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
  assert.deepEqual(namesThroughLinks(links)("/data/k8s/ssl/ca.crt"), [
    "/data/k8s/ssl/ca.crt",
    "/etc/kubernetes/ssl/ca.crt",
    "/srv/k8s/ssl/ca.crt",
    "/data/k8s/pki/ca.crt",
    "/etc/kubernetes/pki/ca.crt",
    "/srv/k8s/pki/ca.crt",
  ]);
  assert.deepEqual([folderOf("/x"), folderOf("/x/y")], ["/", "/x"]);
});

test("namesThroughLinks: thousands of files and links take no time, chains and ways without end neither", () => {
  const beganMs = performance.now();
  const links = new Map<string, string>();
  for (let at = 0; at < 2500; at += 1) links.set(`/a/l${String(at)}`, `/a/l${String(at + 1)}`).set(`/b/l${String(at)}`, `f${String(at)}`);
  for (let at = 0; at < 20; at += 1) links.set(`/c/l${String(at)}`, `${"../c/".repeat(800)}l${String(at + 1)}`);
  links.set("/c/self", "../c");
  const namesOf = namesThroughLinks(links);
  for (let at = 0; at < 5000; at += 1) assert.equal(namesOf(`/b/f${String(at)}`).length, at < 2500 ? 2 : 1);
  assert.deepEqual(namesOf("/a/f"), ["/a/f"]);
  assert.equal(namesOf("/c/f").length, 100);
  assert.equal(behindLinks("/c/l0", links), undefined);
  // One file took 73 ms before.
  assert.ok(performance.now() - beganMs < 3000);
});
