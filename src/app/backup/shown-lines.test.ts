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
  [
    "what is piped into a program",
    "echo hunter2 | fence_apc\n  printf hunter2 token | FENCE_APC -a h\necho hunter2 | mysql -p\necho hunter2 |\\\n fence_apc\nmysql <<<hunter2\n",
  ],
  ["options of a program in capitals", "/opt/IPMITool -P hunter2\n/opt/CURL -u a:hunter2\n"],
  ["a community", "rocommunity hunter2\nsnmp_community hunter2\ncom2sec readonly default hunter2\n"],
  ["a name that ends in PW", "ADMINPW=hunter2\nsetenv ADMINPWD hunter2\nadminPw: hunter2\n"],
  ["a key of nsupdate", "nsupdate -y hmac:k:hunter2\ndig -y k:hunter2 a\n"],
  [
    "a cookie, and headers of one's own",
    "hdr Cookie sid=hunter2\nhttp-check send hdr X-Mine hunter2\nhttp-request set-header X-Mine hunter2\n",
  ],
  ["containerd's tables of headers", '[host."h".header]\n  X-Mine = "hunter2"\n\n  X-Other = [\n  "hunter2"\n  ]\n'],
  ["containerd's headers in a table", '[host."h"]\n  header = {X-Mine = "hunter2"}\n  header.X-Mine = ["hunter2"]\n'],
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

/** What each pattern begins with, and does not end. */
const beginnings: readonly string[] = [
  "://",
  "a:=",
  "a:,",
  "@sha256:",
  "thequickbrownfox_",
  "thequickbrownfoxjumpsoverthelazydog2 ",
  "aaBB",
  " value",
  "{value ",
  "{ ",
  "- ",
  "secret",
  "secret\"'",
  "key ",
  "token: [",
  ":[",
  "\\ ",
  " -p=",
  "curl -Z ",
  "mysql",
  "ipmi",
  "fence_",
  '"X-Key"',
  "] # ",
  "[a]",
  "echo | ",
  "| curl ",
  "|",
  "A",
  "-",
  " ",
  ")",
];

for (const beginning of beginnings)
  test(
    `shownLines: ends for lines of ${JSON.stringify(beginning)}, long and very long, and hides what stands below`,
    { timeout: 60_000 },
    () => {
      const lines = (length: number) =>
        `${beginning.repeat(Math.floor(length / beginning.length))}\n`.repeat(Math.floor((1024 * 1024) / length));
      for (const hostile of [lines(1990), lines(1024 * 1024), lines(1990).replaceAll("\n", "!\n")]) {
        const shown = shownLines(`${hostile}\n;\nDB_PASSWORD=hunter2\n`);
        assert.equal(shown.includes("hunter2"), false);
        assert.equal(shown.split("\n").length, hostile.split("\n").length + 3);
      }
    },
  );

test("shownLines: a very long line is not shown, and neither is what stands deeper below it", () => {
  assert.equal(shownLines(`  x: ${"a ".repeat(2000)}\n    hunter2\n  y: 1\n`), "[not shown]\n    [not shown]\n  y: 1\n");
});

test("shownLines: a long word of small letters that ends in none is hidden, one of words stays", () => {
  const word = "thequickbrownfoxjumpsoverthelazydogandrunsawayintothewoods";
  assert.equal(
    shownLines(`# ${word} ${word}2 TheQuick_brownFoxJumpsOver QuickBROWNfoxjumpsoverall`),
    `# ${word} [not shown] TheQuick_brownFoxJumpsOver [not shown]`,
  );
});

test("shownLines: behind a telling word a path is shown only where the key says that it is a file", () => {
  const text = [
    'secret = "/x/hunter2"',
    'auth = "/Ab3/9xyzQ7aaaaaaaaaaaaaaaaaaaaa"',
    "secretprofile: /x/hunter2",
    "password: none",
    "tokenFile: /var/lib/token",
    "auth-file=/etc/haproxy/users",
    "tokenFile: /Ab3/9xyzQ7aaaaaaaaaaaaaaaaaaaaa",
    "tokenFile: hunter2",
    "token: 10m",
    "tokenTTL: 10m",
    "passwordAuthorizationMode: Webhook",
    "auth: Webhook",
  ];
  assert.equal(
    shownLines(text.join("\n")),
    [
      "secret = [not shown]",
      "auth = [not shown]",
      "secretprofile: [not shown]",
      "password: [not shown]",
      "tokenFile: /var/lib/token",
      "auth-file=/etc/haproxy/users",
      "tokenFile: [not shown]",
      "tokenFile: [not shown]",
      "token: [not shown]",
      "tokenTTL: 10m",
      "passwordAuthorizationMode: Webhook",
      "auth: [not shown]",
    ].join("\n"),
  );
});

test("shownLines: below a telling key lists, values that go on, and lines of no key are hidden; the next key is shown", () => {
  const cases: readonly (readonly [string, string])[] = [
    [
      "a:\n  X-Auth-Token:\n  - hunter2\n  -\n    hunter2\n  b: 1\n",
      "a:\n  X-Auth-Token:\n  [not shown]\n  [not shown]\n    [not shown]\n  b: 1\n",
    ],
    ["staticPodURLHeader:\n  X-Mine:\n  - hunter2\nport: 1\n", "staticPodURLHeader:\n  [not shown]\n  [not shown]\nport: 1\n"],
    ["- token:\n  - hunter2\n- port: 1\n", "- token:\n  [not shown]\n- port: 1\n"],
    ["token: a b\n  hunter2\nport: 1\n", "token: [not shown]\n  [not shown]\nport: 1\n"],
    ['"token":\n"hunter2",\n"port": 1\n', '"token":\n[not shown]\n"port": 1\n'],
    ["token = [\n[1],\n'hunter2'\n]\nport = 1\n", "token = [\n[not shown]\n[not shown]\n[not shown]\nport = 1\n"],
    ["value:\n- hunter2\nport: 1\n", "value: [not shown]\n[not shown]\nport: 1\n"],
    ["- {name: a, value:\n  hunter2}\n- b\n", "- {name: a, value: [not shown]\n  [not shown]\n- b\n"],
    ["- --password\n- hunter2\n- --v=2\n", "- --password\n[not shown]\n- --v=2\n"],
    ["{token: a, value: 1}\n", "{token: [not shown]\n"],
  ];
  for (const [text, shown] of cases) assert.equal(shownLines(text), shown);
});

test("shownLines: of programs of fencing and SNMP no option is shown, of others none that may be a login", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["script ipmitool -I lanplus -U admin -P calvin -H 10.0.0.1", "script ipmitool [not shown]"],
    ["/usr/sbin/fence_ipmilan -a h -l admin -p calvin", "/usr/sbin/fence_ipmilan [not shown]"],
    ["snmpset -v2c -c s3cr3tcomm \\\n  -x calvin\nport 1", "snmpset [not shown]\n  [not shown]\nport 1"],
    ["snmp_socket tcp:localhost:705:1", "snmp_socket tcp:localhost:705:1"],
    ["curl -sku ann:hunter2 https://h", "curl -sku [not shown]"],
    ["curl -u ann:hunter2 https://h\r", "curl -u [not shown]"],
    ["mysql -p=hunter2", "mysql -p [not shown]"],
    ["curl --fail -k https://h:6443/readyz", "curl --fail -k https://h:6443/readyz"],
  ];
  for (const [text, shown] of cases) assert.equal(shownLines(text), shown);
});

test("shownLines: a table of headers ends at the next one, and before what is piped into a program all else is as it was", () => {
  const cases: readonly (readonly [string, string])[] = [
    [
      '[host."h".header] # of ours\n  X-Mine = "hunter2"\n\n  b = 1\n[[host.b]]\n  server = "h"\n',
      '[host."h".header] [not shown]\n  [not shown]\n\n  [not shown]\n[[host.b]]\n  server = "h"\n',
    ],
    ["  echo a | curl --fail https://h", "  [not shown] | curl --fail https://h"],
    ["test -f /a || curl --fail https://h", "test -f /a || curl --fail https://h"],
    ["script: |\n  curl --fail https://h | grep ok", "script: |\n  curl --fail https://h | grep ok"],
  ];
  for (const [text, shown] of cases) assert.equal(shownLines(text), shown);
});
