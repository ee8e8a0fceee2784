import assert from "node:assert/strict";
import { test } from "node:test";
import { shownLines } from "./shown-lines.ts";

const secrets: readonly (readonly [string, string])[] = [
  ["a value of an env list", '- name: bgp_password\n  value: "hunter2"\n'],
  ["a value whose name tells nothing", "env:\n- name: CONFIG\n  value: hunter2\n"],
  ["a value before its name", "- value: hunter2\n  name: x\n"],
  ["a value in one line with its name", "- {name: DB, value: hunter2}\n- { value: 'hunter2', name: A }\n"],
  ["a value of several lines", "- name: x\n  value: |\n    first\n    hunter2\n"],
  ["a quoted value that goes on", '- name: x\n  value: "first\n    hunter2"\n'],
  ["JSON", '  "name": "X", "value": "hunter2"\n'],
  ["containerd's login", '  username = "ci"\n  auth = "hunter2"\n'],
  ["TOML text of several lines", 'password = """\nhunter2\n"""\n'],
  ["haproxy's users in any order", "  user ann groups admins insecure-password hunter2\n  user bob password hunter2 groups g\n"],
  ["haproxy's variables", "  setenv STATS_PASSWORD hunter2\n  presetenv DB_TOKEN hunter2\n"],
  ["haproxy's headers", "  http-request deny unless { req.hdr(X-Api-Key) -m str hunter2 }\n"],
  ["a login in base64", '  acl ok hdr(authorization) -m str "Basic hunter2"\n'],
  ["stats auth", "  stats auth ann:hunter2\n"],
  ["stats auth in quotes", '  stats auth  "ann:p hunter2"\n'],
  ["keepalived's password in quotes", '  auth_pass "p hunter2"\n'],
  ["keepalived's password", "  auth_pass hunter2\n"],
  ["a shell's assignment", "PASS=hunter2\nexport MY_KEY=hunter2\nKEY=hunter2\nPGPASSWORD=hunter2 psql\nAWS_SECRET_ACCESS_KEY=hunter2\n"],
  ["curl -u", "curl -uuser:hunter2 x\ncurl -u user:hunter2 x\ncurl --user 'user:hunter2' x\n"],
  ["curl -H", "curl -H 'X-Auth-Key: hunter2' x\ncurl -H 'X-Other: hunter2' x\n"],
  ["mysql -p", "mysql -uroot -phunter2\nredis-cli -a hunter2\n"],
  ["an option that goes on", "tool --password \\\n  hunter2\n"],
  ["a proxy's login with odd signs", 'Environment="HTTPS_PROXY=http://us:pa@hunter2@proxy:3128"\nx = http://us:a/hunter2@proxy\n'],
  ["a login without a scheme", 'Environment="P=user:hunter2@proxy"\n'],
  ["a value below its name", "password:\n  hunter2\ntoken: |\n  hunter2\n"],
  ["a list of a telling name", 'Authorization = [\n  "hunter2"\n]\n'],
];
for (const [what, text] of secrets)
  test(`shownLines: ${what} is not shown`, () => {
    assert.equal(shownLines(text).includes("hunter2"), false, shownLines(text));
  });

test("shownLines: what is no secret stays as it is: flags, paths, addresses, images", () => {
  const text = [
    "    - --authorization-mode=Node,RBAC",
    "    - --enable-bootstrap-token-auth=true",
    "    - --tls-private-key-file=/etc/kubernetes/pki/apiserver.key",
    "    - --service-account-key-file=/etc/kubernetes/pki/sa.pub",
    "    - --etcd-servers=https://127.0.0.1:2379",
    "    image: registry.k8s.io/kube-apiserver:v1.34.2@sha256:abc",
    "  bind *:8443 ssl crt /etc/haproxy/certs/a.pem",
    "  server cp1 10.0.0.11:6443 check inter 2s",
    "authentication:",
    "  anonymous:",
    "    enabled: false",
    "authorization:",
    "  mode: Webhook",
    "",
  ].join("\n");
  assert.equal(shownLines(text), text.replace("authorization:\n  mode: Webhook", "authorization:\n  [not shown]"));
});

test("shownLines: ends for a file of lines of colons, and hides a user behind them", () => {
  const line = `${"a:".repeat(900)}\n`;
  assert.equal(shownLines(`${line.repeat(500)}x=a:b:c@h`), `${line.repeat(500)}x=[not shown]@h`);
});
