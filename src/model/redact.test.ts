import assert from "node:assert/strict";
import test from "node:test";
import { redactDocument, redactText } from "./redact.ts";

const sha = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const planted: readonly { readonly name: string; readonly text: string; readonly secret: string }[] = [
  {
    name: "a PEM private key",
    text: "x\n-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7\nAAAA\n-----END RSA PRIVATE KEY-----\ny",
    secret: "MIIEpAIBAAKCAQEA7",
  },
  { name: "a PEM key cut off in the middle", text: "-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7", secret: "MIIEpAIBAAKCAQEA7" },
  {
    name: "a service-account token",
    text: "token was eyJhbGciOiJSUzI1NiIsImtpZCI6.eyJpc3MiOiJrdWJlcm5ldGVz.c2lnbmF0dXJl",
    secret: "c2lnbmF0dXJl",
  },
  { name: "a bearer header", text: "Authorization: Bearer abcdef0123456789", secret: "abcdef0123456789" },
  { name: "a bootstrap token", text: "kubeadm join 10.0.0.1:6443 --token abcdef.0123456789abcdef", secret: "0123456789abcdef" },
  { name: "a certificate key as an argument", text: `join --certificate-key ${sha} --v=5`, secret: sha },
  { name: "a certificate key in a sentence", text: `Using certificate key:\n${sha}`, secret: sha },
  { name: "a password field in JSON", text: '{"password":"hunter2hunter2"}', secret: "hunter2" },
  { name: "a password field in YAML", text: "auth_pass: s3cr3tpw", secret: "s3cr3tpw" },
  { name: "a keepalived password", text: "  auth_pass 1111", secret: "1111" },
  {
    name: "a client key in a kubeconfig",
    text: "    client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQ==",
    secret: "LS0tLS1CRUdJTiBSU0E",
  },
  { name: "a password in the environment", text: "DB_PASSWORD=hunter2hunter2", secret: "hunter2" },
  { name: "a secret access key", text: "aws_secret_access_key = wJalrXUtnFEMIK7MDENG", secret: "wJalrXUtnFEMIK7MDENG" },
  { name: "a login password of an inventory", text: "cp1 ansible_become_pass=hunter2hunter2", secret: "hunter2" },
  { name: "a password field in camel case", text: '{"dbPassword":"hunter2hunter2"}', secret: "hunter2" },
  {
    name: "a login in haproxy's check",
    text: String.raw`option httpchk GET /readyz HTTP/1.0\r\nAuthorization:\ Basic\ YWRtaW46aHVudGVyMg==`,
    secret: "YWRtaW46aHVudGVyMg",
  },
  {
    name: "a login header of haproxy's check",
    text: 'http-check send hdr Authorization "Basic YWRtaW46aHVudGVyMg=="',
    secret: "YWRtaW46aHVudGVyMg",
  },
  {
    name: "a bearer token in haproxy's check",
    text: String.raw`option httpchk GET / HTTP/1.0\r\nAuthorization:\ Bearer\ abcdef0123456789`,
    secret: "abcdef0123456789",
  },
  { name: "a login in keepalived's script", text: "/usr/bin/curl -fs -u admin:hunter2 https://localhost:6443/readyz", secret: "hunter2" },
  { name: "a token with a name that ends like the harmless one", text: "RANCHER_CLUSTERTOKEN=hunter2hunter2", secret: "hunter2" },
  { name: "an age key", text: "identity AGE-SECRET-KEY-1QYQSZQGPQYQSZQGPQYQSZQGPQ", secret: "QYQSZQGPQYQSZQGPQ" },
  { name: "a password in a URL", text: "https://admin:sw0rdfish@10.0.0.1/x", secret: "sw0rdfish" },
];

function assertRemoved(text: string, secret: string): void {
  const once = redactText(text);
  assert.ok(!once.includes(secret), once);
  assert.equal(redactText(once), once);
}

for (const { name, text, secret } of planted) {
  test(`redactText: ${name} does not survive, and redacting twice is the same as once`, () => {
    assertRemoved(text, secret);
  });
}

test("redactText: digests, member ids, public certificates and file names stay readable", () => {
  const harmless = [
    `digest ${sha}`,
    "member 8e9e05c52164694d (cp2) at https://10.10.0.11:2380",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "/etc/kubernetes/pki/sa.key and /etc/kubernetes/pki/etcd/server.crt",
    "certificate-key Secret expires in 2 h",
    "requorum apply plan.json --approve 9f86d081884c",
    "bootstrap token: none valid",
    "basic authorization works, 3 checks pass: 200",
    "--token-file=/etc/tokens, tokenSecondsLeft: 86400",
    '"clusterToken": "requorum-77"\nclusterToken: requorum-77',
    "--initial-cluster-token etcd-cluster-1, initial-cluster-token: etcd-cluster-1",
  ];
  for (const text of harmless) assert.equal(redactText(text), text);
});

test("redactDocument: the token that keeps the ids of clusters apart is no secret, any other token is", () => {
  const document = { clusterToken: "requorum-77", clusterTokens: "a", joinToken: "hunter2", rootClusterToken: "hunter2" };
  assert.deepEqual(redactDocument(document), {
    ...document,
    joinToken: "[removed: secret]",
    rootClusterToken: "[removed: secret]",
  });
});

test("redactDocument: a field that is named like a secret loses its value, its neighbours keep theirs", () => {
  const document = { host: "cp1", token: "abcdef.0123456789abcdef", nested: [{ password: "x" }, `Bearer ${sha}`], count: 3n };
  assert.deepEqual(redactDocument(document), {
    host: "cp1",
    token: "[removed: secret]",
    nested: [{ password: "[removed: secret]" }, "Bearer [removed: secret]"],
    count: 3n,
  });
});

test("redactText removes secrets of haproxy, registries and encryption at rest, and values that begin like harmless words", () => {
  for (const [text, secret] of [
    ["password: no-more-Secrets1", "Secrets1"],
    ["token=valid-abcdefgh123", "abcdefgh123"],
    ["keys:\n- name: key1\n  secret: c2VjcmV0LXNlY3JldC1zZWNyZXQ=", "c2VjcmV0"],
    ["stats auth admin:hunter2secret", "hunter2"],
    ["user ops insecure-password hunter2secret", "hunter2"],
    ['{"auths":{"r.example":{"auth": "dXNlcjpodW50ZXIy"}}}', "dXNlcj"],
    ["pwd=hunter2secret", "hunter2"],
    ["http-check send hdr X-Auth-Token hunter2secret", "hunter2"],
    ["secret_key_base64: aHVudGVyMnNlY3JldA==", "aHVudGVy"],
  ] as const)
    assertRemoved(text, secret);
  assert.equal(redactText("password: none"), "password: none");
  assert.equal(redactText("the token is valid"), "the token is valid");
});

test("redactDocument removes lists and objects in fields that are named like secrets", () => {
  const text = JSON.stringify(redactDocument({ secret: "hunter2", password: ["hunter2"], token: { value: "hunter2" }, size: 3 }));
  assert.ok(!text.includes("hunter2") && text.includes('"size":3'), text);
});

const mib = 1024 * 1024;

/** What each form begins with, and does not end; somebody else's file may be one line of it. */
const beginnings: readonly string[] = [
  "-----BEGIN CERTIFICATE-----",
  "-----BEGIN PRIVATE KEY ",
  "-eyJ",
  "eyJaaaaaaaa",
  "eyJaaaaaa.",
  "bearer ",
  "authorization basic ;",
  "authorization",
  " -u=",
  " -u a",
  "AGE-SECRET-KEY-",
  "abcde1.",
  "certificate key ",
  "key-data:",
  "secret:",
  "stats auth ",
  "user a ",
  '"X-Key"',
  "X-Key ",
  "X-",
  "X-Key",
  '"auth":',
  "password",
  "-token",
  "--",
  "-",
  "a_",
  "token=[",
  "auth_pass =[",
  "a+",
  "a://",
  "a://b:",
  "a://b:c/",
  "\\",
  "\t",
];

for (const beginning of beginnings)
  test(`redactText: ends for a line of 1 MiB of ${JSON.stringify(beginning)}, and finds what stands behind it`, { timeout: 60_000 }, () => {
    const line = beginning.repeat(Math.ceil(mib / beginning.length));
    const behind = (secret: string): string => `${line}\n;\nDB_PASSWORD=${secret}`;
    assert.equal(redactText(behind("hunter2hunter2")) === behind("[removed: secret]"), true);
  });

test("redactText: ends for a long row of signs between a name and its value", { timeout: 60_000 }, () => {
  for (const sign of ["=", " ", "\t", "\\", "'"])
    for (const name of ["x -u ", "password", "X-Key", "bearer", "authorization", "auth_pass", "secret", "user a", "--token"]) {
      const text = `${name}${sign.repeat(mib)}\n;\nport: 1`;
      assert.equal(redactText(text).endsWith("\nport: 1"), true, name);
    }
});

test("redactText: a web token in a longer word is found, what only begins like one is not", () => {
  const token = "eyJhbGciOiJSUzI1NiIsImtpZCI6.eyJpc3MiOiJrdWJlcm5ldGVz.c2lnbmF0dXJl";
  assert.equal(redactText(`a.b.x-${token}.d e`), "a.b.x-[removed: secret].d e");
  assert.equal(redactText(`${token}. ${token}`), "[removed: secret]. [removed: secret]");
  for (const text of ["eyJhbGci.eyJpc3MiOiJ.x", "eyJhbGciOiJSUzI.eyJpc.x", "eyJhbGciOiJSUzI.eyJpc3MiOiJ", "xeyJhbGciOiJSUzI.eyJpc3MiOiJ.x"])
    assert.equal(redactText(text), text);
});

test("redactText: a login in a URL of any scheme, and a secret of a name with a very long beginning", () => {
  assertRemoved("svn+ssh.x://admin:sw0rdfish@10.0.0.1/x", "sw0rdfish");
  assertRemoved(`${"A_".repeat(60)}PASSWORD=hunter2hunter2`, "hunter2");
  assert.deepEqual(redactDocument({ [`${"A_".repeat(60)}PASSWORD`]: "hunter2" }), { [`${"A_".repeat(60)}PASSWORD`]: "[removed: secret]" });
});
