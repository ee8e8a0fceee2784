import assert from "node:assert/strict";
import { test } from "node:test";
import { readKubeconfig } from "./kubeconfig.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const path = "/etc/kubernetes/admin.conf";

test("readKubeconfig: merge keys are followed as kubectl follows them, for users and clusters", () => {
  const read = readKubeconfig(
    `kind: Config
x: &user { client-certificate-data: ${base64("of a user")} }
y: &cluster { certificate-authority-data: ${base64("of a CA")} }
users: [{ name: a, user: { <<: *user } }]
clusters: [{ name: k, cluster: { <<: *cluster, server: "https://10.0.0.1:6443" } }]
`,
    path,
  );
  assert.deepEqual(
    [read?.shown, read?.trusted],
    [
      [{ what: "client-certificate-data of user a", text: "of a user" }],
      [{ what: "certificate-authority-data of cluster k", text: "of a CA" }],
    ],
  );
});

test("readKubeconfig: where a key is there twice, or a merge key stands behind others, readers differ: nothing is read", () => {
  const user = (fields: string): string =>
    `kind: Config\nx: &f { client-certificate-data: ${base64("one")} }\nusers: [{ name: a, user: { ${fields} } }]\n`;
  assert.equal(readKubeconfig(user("<<: *f"), path)?.shown[0]?.text, "one");
  for (const fields of [`client-certificate-data: ${base64("two")}, <<: *f`, "token: a, token: b"])
    assert.equal(readKubeconfig(user(fields), path), undefined, fields);
});
