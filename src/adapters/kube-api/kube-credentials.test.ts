import assert from "node:assert/strict";
import { test } from "node:test";
import { RecoveryError } from "../../model/recovery-error.ts";
import { parseKubeconfig } from "./kube-credentials.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const certificate = (of: string): string => `-----BEGIN CERTIFICATE-----\n${of}\n-----END CERTIFICATE-----\n`;
const key = "-----BEGIN RSA PRIVATE KEY-----\nSECRET\n-----END RSA PRIVATE KEY-----\n";
const admin = (pem: { readonly certificate?: string; readonly key?: string }): string =>
  `{ client-certificate-data: "${base64(pem.certificate ?? certificate("administrator"))}", client-key-data: "${base64(pem.key ?? key)}" }`;
const from = { source: "/etc/kubernetes/admin.conf", subject: "host cp1" };
const kubeconfig = (user: string, authority = base64(certificate("CA of b"))): string => `
apiVersion: v1
kind: Config
current-context: admin@b
contexts:
- { name: admin@a, context: { cluster: a, user: other } }
- { name: admin@b, context: { cluster: b, user: admin } }
clusters:
- { name: a, cluster: { certificate-authority-data: ${base64(certificate("CA of a"))}, server: "https://vip:6443" } }
- { name: b, cluster: { certificate-authority-data: "${authority}", server: "https://vip:6443" } }
users:
- { name: other, user: { client-certificate-data: "", client-key-data: "" } }
- { name: admin, user: ${user} }
`;

function malformed(text: string): RecoveryError {
  try {
    parseKubeconfig(text, from);
  } catch (error) {
    assert.ok(error instanceof RecoveryError);
    assert.equal(error.code, "REMOTE_ANSWER_MALFORMED");
    return error;
  }
  throw new Error("it was accepted");
}

test("parseKubeconfig: the current context decides which CA and which certificate", () => {
  const credentials = parseKubeconfig(kubeconfig(admin({})), from);
  assert.deepEqual(credentials, {
    ca: certificate("CA of b"),
    certificate: certificate("administrator"),
    key,
    source: from.source,
  });
});

test("parseKubeconfig: what is missing is named, with the file", () => {
  assert.match(malformed(kubeconfig(`{ token: abc }`)).detail, /admin\.conf: the current context has no client-certificate-data/);
  assert.match(malformed("").detail, /no certificate-authority-data/);
  assert.match(malformed("- just\n- a list").detail, /no certificate-authority-data/);
  assert.match(malformed(`${kubeconfig(admin({}))}users: []\n`).detail, /every key counts once/);
  assert.match(malformed("[".repeat(20_000)).detail, /not YAML/);
  assert.match(malformed(`${kubeconfig(admin({}))}${"# more\n".repeat(10_000)}`).detail, /at most 64 KiB/);
});

test("parseKubeconfig: a CA, a certificate or a key that decodes to none is refused by name and not quoted", () => {
  for (const [text, name] of [
    [kubeconfig(admin({}), "===="), "certificate-authority-data"],
    [kubeconfig(admin({}), base64("SECRET")), "certificate-authority-data"],
    [kubeconfig(admin({}), base64(key)), "certificate-authority-data"],
    [kubeconfig(admin({ certificate: "SECRET" })), "client-certificate-data"],
    [kubeconfig(admin({ key: certificate("SECRET") })), "client-key-data"],
  ] as const) {
    const { detail, message, stack } = malformed(text);
    assert.match(detail, new RegExp(`admin\\.conf: ${name} does not hold`));
    assert.doesNotMatch(`${message}${stack ?? ""}`, /SECRET/);
  }
});

test("parseKubeconfig: a broken file is refused without quoting it", () => {
  const error = malformed(`users: [ { client-key-data: SECRET\n  : : }`);
  assert.doesNotMatch(`${error.message}${error.stack ?? ""}`, /SECRET/);
  assert.equal(error.cause, undefined);
});
