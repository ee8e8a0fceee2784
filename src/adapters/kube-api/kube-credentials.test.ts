import assert from "node:assert/strict";
import { test } from "node:test";
import { RecoveryError } from "../../model/recovery-error.ts";
import { parseKubeconfig } from "./kube-credentials.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const from = { source: "/etc/kubernetes/admin.conf", subject: "host cp1" };
const kubeconfig = (user: string): string => `
apiVersion: v1
kind: Config
current-context: admin@b
contexts:
- { name: admin@a, context: { cluster: a, user: other } }
- { name: admin@b, context: { cluster: b, user: admin } }
clusters:
- { name: a, cluster: { certificate-authority-data: ${base64("CA of a")}, server: "https://vip:6443" } }
- { name: b, cluster: { certificate-authority-data: ${base64("CA of b")}, server: "https://vip:6443" } }
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
  const credentials = parseKubeconfig(
    kubeconfig(`{ client-certificate-data: ${base64("certificate")}, client-key-data: ${base64("key")} }`),
    from,
  );
  assert.deepEqual(credentials, { ca: "CA of b", certificate: "certificate", key: "key", source: from.source });
});

test("parseKubeconfig: what is missing is named, with the file", () => {
  assert.match(malformed(kubeconfig(`{ token: abc }`)).detail, /admin\.conf: the current context has no client-certificate-data/);
  assert.match(malformed("").detail, /no certificate-authority-data/);
  assert.match(malformed("- just\n- a list").detail, /no certificate-authority-data/);
});

test("parseKubeconfig: a broken file is refused without quoting it", () => {
  const error = malformed(`users: [ { client-key-data: SECRET\n  : : }`);
  assert.doesNotMatch(`${error.message}${error.stack ?? ""}`, /SECRET/);
  assert.equal(error.cause, undefined);
});
