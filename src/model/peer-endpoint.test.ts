import assert from "node:assert/strict";
import test from "node:test";
import { peerEndpointOf } from "./peer-endpoint.ts";

test("peerEndpointOf: address and port, IPv6 without its brackets; what is no URL of a peer leads nowhere", () => {
  assert.deepEqual(peerEndpointOf("https://10.0.0.1:2381"), { address: "10.0.0.1", port: 2381 });
  assert.deepEqual(peerEndpointOf("https://[fd00::1]:2380/"), { address: "fd00::1", port: 2380 });
  assert.deepEqual(peerEndpointOf("https://etcd-1.example"), { address: "etcd-1.example", port: 443 });
  assert.deepEqual(["unix:///run/etcd", "10.0.0.1:2380", "https://a b:1", ""].map(peerEndpointOf), [
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
