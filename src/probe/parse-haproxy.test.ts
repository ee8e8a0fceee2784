import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHaproxy } from "./parse-haproxy.ts";

const options = { path: "/etc/haproxy/haproxy.cfg", sha256: "00", apiServerPort: 6443 };

const healthy = `
global
    stats socket /run/haproxy/admin.sock mode 660
defaults
    mode tcp
frontend kube-apiserver
    bind *:8443
    default_backend kube-apiserver
backend kube-apiserver
    option httpchk GET /readyz
    http-check expect status 200
    default-server inter 2s fall 2 rise 2
    server cp1 10.150.0.11:6443 check check-ssl verify none
    server cp2 10.150.0.12:6443 check check-ssl verify none # second
backend web
    option httpchk GET /
    server web1 10.150.0.50:80 check
`;

test("parseHaproxy: servers of API backends come with their lines, others are left out", () => {
  const facts = parseHaproxy(healthy, options);
  assert.deepEqual(facts.backends, [
    { name: "cp1", address: "10.150.0.11", port: 6443, line: 13, state: "unknown" },
    { name: "cp2", address: "10.150.0.12", port: 6443, line: 14, state: "unknown" },
  ]);
  assert.equal(facts.checksReadyz, true);
  assert.deepEqual(
    facts.options.map((option) => option.line),
    [10, 11, 12, 13, 14],
  );
});

test("parseHaproxy: ssl-hello-chk after httpchk wins, so /readyz is not checked (L06)", () => {
  const facts = parseHaproxy(
    healthy.replace("    http-check expect status 200", "    http-check expect status 200\n    mode tcp\n    option ssl-hello-chk"),
    options,
  );
  assert.equal(facts.checksReadyz, false);
  assert.ok(facts.options.some((option) => option.text === "option ssl-hello-chk" && option.line === 13));
});

test("parseHaproxy: servers that are not checked, or not over TLS, do not check /readyz", () => {
  assert.equal(parseHaproxy(healthy.replaceAll(" check check-ssl verify none", ""), options).checksReadyz, false);
  assert.equal(parseHaproxy(healthy.replaceAll(" check-ssl", ""), options).checksReadyz, false);
});

test("parseHaproxy: check settings may stand in default-server and httpchk in defaults", () => {
  const text =
    "defaults\n  option httpchk GET /readyz\nlisten api\n  bind :8443\n  default-server check check-ssl verify none\n  server a 10.0.0.1:6443\n";
  assert.equal(parseHaproxy(text, options).checksReadyz, true);
});

test("parseHaproxy: another health path is not /readyz", () => {
  assert.equal(parseHaproxy(healthy.replace("/readyz", "/healthz"), options).checksReadyz, false);
});

test("parseHaproxy: states come from show stat", () => {
  const showStat =
    "# pxname,svname,qcur,status,weight\nkube-apiserver,cp1,0,UP,1\nkube-apiserver,cp2,0,DOWN 1/2,1\nkube-apiserver,BACKEND,0,UP,1\n";
  assert.deepEqual(
    parseHaproxy(healthy, { ...options, showStat }).backends.map((backend) => backend.state),
    ["up", "down"],
  );
});

test("parseHaproxy: a file without API servers checks nothing", () => {
  assert.deepEqual(parseHaproxy("global\n", options), { path: options.path, sha256: "00", backends: [], options: [], checksReadyz: false });
  assert.equal(parseHaproxy("\u0000\u0001 server server server", options).backends.length, 0);
});

test("parseHaproxy: ends for 1 MiB of signs of a comment, also one that ends as Windows ends lines", { timeout: 60_000 }, () => {
  const text = `${"#".repeat(1024 * 1024)}\r\n${healthy.replace("# second", "# second\r")}`;
  assert.equal(parseHaproxy(text, options).backends.length, 2);
});
