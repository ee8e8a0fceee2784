import assert from "node:assert/strict";
import test from "node:test";
import { hostOfUrl, isLoopback } from "./addresses.ts";

test("hostOfUrl: takes the host out of URLs, host:port and bare hosts, IPv6 included", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["https://10.0.0.1:2380", "10.0.0.1"],
    ["https://[fd00::1]:2380", "fd00::1"],
    ["[fd00::1]:6443", "fd00::1"],
    ["10.0.0.1:6443", "10.0.0.1"],
    ["fd00::1", "fd00::1"],
    ["cp1.example", "cp1.example"],
    ["https://cp1.example/path", "cp1.example"],
    ["", ""],
  ];
  for (const [url, host] of cases) assert.equal(hostOfUrl(url), host, url);
});

test("isLoopback: only addresses that every machine has for itself", () => {
  assert.ok(isLoopback("127.0.0.1") && isLoopback("::1") && isLoopback("localhost"));
  assert.ok(!isLoopback("10.0.0.1"));
});
