import assert from "node:assert/strict";
import { test } from "node:test";
import type { OpenSet } from "../../catalogue/set-reader.ts";
import { defaultPaths } from "../../model/cluster-config.ts";
import { asHostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { chosenParts } from "./chosen-parts.ts";
import { readWantedParts, type WantedContents } from "./wanted-parts.ts";

const host = asHostName("cp1");
/** A certificate of these tests: who it is, who signed it, when it ends. */
const pem = (name: string, issuer: string, notAfter: string): string =>
  `-----BEGIN CERTIFICATE-----\n${name} ${issuer} ${notAfter}\n-----END CERTIFICATE-----\n`;
const words = (text: string): readonly string[] => text.split("\n")[1]?.split(" ") ?? [];
const context = {
  signal: new AbortController().signal,
  config: { paths: defaultPaths },
  ports: {
    certificates: {
      readCertificate: (text: string) => {
        const [subject, issuer, notAfter] = words(text);
        if (notAfter === undefined) throw new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject: "it", detail: "no certificate" });
        return { notAfter, subject, issuer, isCa: subject === issuer };
      },
    },
  },
  keyMatcher: {
    isSignedBy: (text: string, issuer: string) => words(text)[1] === words(issuer)[0],
    publicKeyId: (text: string) => `key of ${words(text)[0] ?? ""}`,
  },
} as unknown as Parameters<typeof readWantedParts>[0];

async function wanted(files: { readonly [path: string]: string }, paths: readonly string[]): Promise<WantedContents> {
  const parts = Object.entries(files).map(([path, text]) => ({
    host,
    kind: path.endsWith(".conf") ? "kubeconfig" : "pki",
    path,
    mode: 0o600,
    uid: 0,
    gid: 0,
    sizeBytes: text.length,
    ...(text.startsWith("-> ") ? { type: "symlink", target: text.slice(3) } : { type: "file" }),
  }));
  const set = {
    manifest: { id: "20260301-030000-aaaaaa" },
    parts,
    tag: (kind: string, content: Uint8Array) => `${kind} ${Buffer.from(content).toString("utf8")}`,
    async *readPart({ path }: { readonly path: string }) {
      yield await Promise.resolve(Buffer.from(files[path] ?? ""));
    },
  } as unknown as OpenSet;
  return await readWantedParts(context, set, {
    host,
    chosen: chosenParts(set, { host, manifestsDir: defaultPaths.manifestsDir }, { kinds: [], paths }),
  });
}

const [ca, old, leaf] = [pem("ca", "ca", "2036-01-01"), pem("old", "old", "2030-01-01"), pem("leaf", "ca", "2027-01-01")];
const pki = { "/etc/kubernetes/pki/ca.crt": ca, "/etc/kubernetes/pki/apiserver.crt": leaf };

test("readWantedParts: copies of CAs that somebody made are no authorities, and what requorum put aside is no file of the machine", async () => {
  const stray = {
    ...pki,
    "/etc/kubernetes/pki.bak/ca.crt": ca,
    "/etc/kubernetes/pki/old/ca.crt": old,
    "/etc/kubernetes/.requorum-aside/R/etc/kubernetes/pki/ca.crt": old,
  };
  const { parts, authorities } = await wanted(stray, ["/etc/kubernetes"]);
  assert.deepEqual(
    authorities.map(({ path }) => path),
    ["/etc/kubernetes/pki/ca.crt"],
  );
  assert.equal(
    parts.some(({ part }) => part.path.includes(".requorum-")),
    false,
  );
});

test("readWantedParts: a CA that lies elsewhere counts for a certificate that only it has signed", async () => {
  const own = { ...pki, "/srv/own/ca.crt": old, "/srv/own/client.crt": pem("client", "old", "2027-01-01") };
  const { authorities } = await wanted(own, ["/srv/own/client.crt"]);
  assert.deepEqual(
    authorities.map(({ path }) => path),
    ["/etc/kubernetes/pki/ca.crt", "/srv/own/ca.crt"],
  );
});

test("readWantedParts: when a file's first certificate ends is told, of a kubeconfig's own and behind a link, too", async () => {
  const data = Buffer.from(pem("admin", "ca", "2025-02-02")).toString("base64");
  const { parts } = await wanted(
    {
      ...pki,
      "/etc/kubernetes/admin.conf": `users:\n- user:\n    client-certificate-data: ${data}\n`,
      "/var/lib/kubelet/pki/current.pem": "-> kubelet-1.pem",
      "/var/lib/kubelet/pki/kubelet-1.pem": pem("kubelet", "ca", "2025-01-01"),
      "/etc/kubernetes/pki/both.crt": `${leaf}${pem("first", "ca", "2024-01-01")}`,
      "/etc/kubernetes/pki/sa.pub": "no certificate",
    },
    ["/"],
  );
  assert.deepEqual(Object.fromEntries(parts.map(({ part, ends }) => [part.path, ends])), {
    "/etc/kubernetes/admin.conf": "2025-02-02",
    "/etc/kubernetes/pki/apiserver.crt": "2027-01-01",
    "/etc/kubernetes/pki/both.crt": "2024-01-01",
    "/etc/kubernetes/pki/ca.crt": "2036-01-01",
    "/etc/kubernetes/pki/sa.pub": undefined,
    "/var/lib/kubelet/pki/current.pem": "2025-01-01",
    "/var/lib/kubelet/pki/kubelet-1.pem": "2025-01-01",
  });
});

test("readWantedParts: what rotation left is a leftover, unless a link of the set leads to it", async () => {
  const dir = "/var/lib/kubelet/pki";
  const { parts } = await wanted(
    {
      ...pki,
      [`${dir}/kubelet-client-2024-01-01-00-00-00.pem`]: leaf,
      [`${dir}/kubelet-client-2025-01-01-00-00-00.pem`]: leaf,
      [`${dir}/kubelet-client-current.pem`]: `-> ${dir}/kubelet-client-2025-01-01-00-00-00.pem`,
    },
    ["/"],
  );
  assert.deepEqual(
    parts.filter(({ isLeftover }) => isLeftover).map(({ part }) => part.path),
    [`${dir}/kubelet-client-2024-01-01-00-00-00.pem`],
  );
});

test("readWantedParts: a link of the set leads to a file also through other links and over '..'", async () => {
  const rotated = "kubelet-client-2024-01-01-00-00-00.pem";
  const { parts } = await wanted(
    {
      ...pki,
      "/var/lib/kubelet": "-> /data/kubelet",
      [`/data/kubelet/pki/${rotated}`]: pem("kubelet", "ca", "2025-01-01"),
      "/data/kubelet/pki/kubelet-client-current.pem": `-> /var/lib/kubelet/pki/../pki/${rotated}`,
    },
    ["/"],
  );
  assert.deepEqual(
    parts.filter(({ part }) => part.path.startsWith("/data")).map(({ ends, isLeftover }) => [ends, isLeftover]),
    [
      ["2025-01-01", false],
      ["2025-01-01", false],
    ],
  );
});

test("readWantedParts: a certificate tells which authority signed it, over another one in its file too; a foreign one has none", async () => {
  const data = Buffer.from(pem("admin", "new-ca", "2027-02-02")).toString("base64");
  const { parts } = await wanted(
    {
      ...pki,
      "/etc/kubernetes/pki/chain.crt": `${pem("chain", "middle", "2027-01-01")}${pem("middle", "ca", "2027-01-01")}`,
      "/etc/kubernetes/pki/foreign.crt": `${pem("foreign", "new-ca", "2027-01-01")}${pem("new-ca", "new-ca", "2027-01-01")}`,
      "/etc/kubernetes/pki/oidc-root.crt": pem("oidc", "oidc", "2027-01-01"),
      "/etc/kubernetes/pki/self.crt": pem("self", "self", "2027-01-01"),
      "/etc/kubernetes/pki/self.key": "key",
      "/etc/kubernetes/admin.conf": `users:\n- user:\n    client-certificate-data: ${data}\n`,
      "/var/lib/kubelet/pki/kubelet.crt": pem("kubelet", "cp1-ca@1", "2027-01-01"),
    },
    ["/"],
  );
  const issued = parts.map(({ part, issued: one }) => [part.path.slice(part.path.lastIndexOf("/") + 1), one && [one.by, one.authority]]);
  assert.deepEqual(Object.fromEntries(issued), {
    "admin.conf": ["new-ca", undefined],
    "apiserver.crt": ["ca", "/etc/kubernetes/pki/ca.crt"],
    "ca.crt": ["ca", "/etc/kubernetes/pki/ca.crt"],
    "chain.crt": ["middle", "/etc/kubernetes/pki/ca.crt"],
    "foreign.crt": ["new-ca", undefined],
    "kubelet.crt": undefined,
    "oidc-root.crt": undefined,
    "self.crt": ["self", undefined],
    "self.key": ["self", undefined],
  });
});

/** By path: the CA by which it is judged; undefined: none. Only of what has a certificate. */
async function judges(files: { readonly [path: string]: string }, wish = "/"): Promise<{ readonly [path: string]: string | undefined }> {
  const { parts } = await wanted(files, [wish]);
  return Object.fromEntries(parts.flatMap(({ part, issued }) => (issued === undefined ? [] : [[part.path, issued.authority]])));
}

test("readWantedParts: at a program's own place only the CA there counts, no copy and no other CA of the set", async () => {
  const at = "/etc/kubernetes/pki";
  const [etcd, proxy] = [pem("etcd-ca", "etcd-ca", "2036-01-01"), pem("proxy-ca", "proxy-ca", "2036-01-01")];
  const by = (issuer: string): string => pem("leaf", issuer, "2027-01-01");
  const own = {
    [`${at}/ca.crt`]: ca,
    [`${at}/etcd/ca.crt`]: etcd,
    [`${at}/front-proxy-ca.crt`]: proxy,
    "/etc/kubernetes/pki.bak/ca.crt": old,
  };
  const conf = (issuer: string): string => `users:\n- user:\n    client-certificate-data: ${Buffer.from(by(issuer)).toString("base64")}\n`;
  const right = {
    [`${at}/apiserver.crt`]: ["ca", `${at}/ca.crt`],
    [`${at}/apiserver-etcd-client.crt`]: ["etcd-ca", `${at}/etcd/ca.crt`],
    [`${at}/front-proxy-client.crt`]: ["proxy-ca", `${at}/front-proxy-ca.crt`],
    [`${at}/etcd/server.crt`]: ["etcd-ca", `${at}/etcd/ca.crt`],
    [`${at}/own.crt`]: ["ca", `${at}/ca.crt`],
    "/etc/kubernetes/admin.conf": ["ca", `${at}/ca.crt`],
    "/var/lib/kubelet/pki/kubelet-client-current.pem": ["ca", `${at}/ca.crt`],
  } as const;
  for (const [path, [issuer, judge]] of Object.entries(right))
    for (const signer of ["ca", "etcd-ca", "proxy-ca", "old"]) {
      const found = await judges({ ...own, [path]: path.endsWith(".conf") ? conf(signer) : by(signer) }, path);
      assert.deepEqual(found, { [path]: signer === issuer ? judge : undefined }, `${path} by ${signer}`);
    }
  const copy = await judges({ ...own, "/etc/kubernetes/pki.bak/apiserver.crt": by("old") }, "/etc/kubernetes/pki.bak/apiserver.crt");
  assert.deepEqual(copy, { "/etc/kubernetes/pki.bak/apiserver.crt": "/etc/kubernetes/pki.bak/ca.crt" });
});

test("readWantedParts: a directory without a CA of its own takes any that is placed, and a CA that a link puts at its place is placed", async () => {
  const at = "/etc/kubernetes/pki";
  assert.deepEqual(
    await judges({ ...pki, [`${at}/etcd/server.crt`]: leaf, [`${at}/front-proxy-client.crt`]: leaf }, `${at}/etcd/server.crt`),
    {
      [`${at}/etcd/server.crt`]: `${at}/ca.crt`,
    },
  );
  const linked = { [at]: "-> /srv/pki", "/srv/pki/ca.crt": ca, "/srv/pki/apiserver.crt": leaf, "/srv/old/ca.crt": old };
  assert.equal((await judges(linked))["/srv/pki/apiserver.crt"], "/srv/pki/ca.crt");
  assert.equal(
    (await judges({ ...linked, "/srv/pki/apiserver.crt": pem("leaf", "old", "2027-01-01") }))["/srv/pki/apiserver.crt"],
    undefined,
  );
});

test("readWantedParts: a key is judged as its certificate, a CA and its key by the CA, a link as what it leads to", async () => {
  const at = "/etc/kubernetes/pki";
  const files = {
    ...pki,
    [`${at}/ca.key`]: "key",
    [`${at}/apiserver.key`]: "key",
    [`${at}/sa.key`]: "key",
    [`${at}/sa.pub`]: "key",
    [`${at}/webhook/ca.crt`]: old,
    [`${at}/webhook/tls.crt`]: pem("webhook", "old", "2027-01-01"),
    [`${at}/webhook/tls.key`]: "key",
    "/etc/etcd/ca.crt": `-> ${at}/ca.crt`,
  };
  assert.deepEqual(await judges(files), {
    "/etc/etcd/ca.crt": `${at}/ca.crt`,
    [`${at}/apiserver.crt`]: `${at}/ca.crt`,
    [`${at}/apiserver.key`]: `${at}/ca.crt`,
    [`${at}/ca.crt`]: `${at}/ca.crt`,
    [`${at}/ca.key`]: `${at}/ca.crt`,
    [`${at}/webhook/ca.crt`]: `${at}/webhook/ca.crt`,
    [`${at}/webhook/tls.crt`]: `${at}/webhook/ca.crt`,
    [`${at}/webhook/tls.key`]: `${at}/webhook/ca.crt`,
  });
  assert.deepEqual(await judges(files, `${at}/apiserver.key`), { [`${at}/apiserver.key`]: `${at}/ca.crt` });
});

test("readWantedParts: of a kubeconfig every user's certificate and every cluster's CA must be of the cluster's CA, in whatever form YAML has them", async () => {
  const path = "/etc/kubernetes/admin.conf";
  const base64 = (...pems: readonly string[]): string => Buffer.from(pems.join("")).toString("base64");
  const folded = (text: string): string => `>-\n      ${text.replaceAll(/(.{20})(?=.)/g, "$1\n      ")}`;
  const other = pem("other", "old", "2027-01-01");
  const conf = (users: readonly string[], clusters: readonly string[]): string =>
    `kind: Config\nusers:\n${users.map((user) => `- name: a\n  user:\n    ${user}\n`).join("")}clusters:\n${clusters.map((one) => `- name: b\n  cluster:\n    ${one}\n`).join("")}`;
  const cert = (...pems: readonly string[]): string => `client-certificate-data: ${base64(...pems)}`;
  const trusts = (...pems: readonly string[]): string => `certificate-authority-data: ${base64(...pems)}`;
  const files = {
    ...pki,
    "/srv/other.crt": other,
    "/srv/old-ca.crt": old,
    "/etc/kubernetes/own.crt": leaf,
    "/srv/empty.crt": "",
    [path]: "",
  };
  const judge = async (text: string) => (await wanted({ ...files, [path]: text }, [path])).parts[0]?.issued;
  const good = { by: "ca", authority: "/etc/kubernetes/pki/ca.crt" };
  const token = "token: abc";
  for (const text of [
    conf([cert(leaf)], [trusts(ca)]),
    conf([token], [trusts(ca)]),
    conf([cert(leaf), cert(leaf)], [trusts(old, ca)]),
    conf([`client-certificate-data: ${folded(base64(leaf))}`], [`certificate-authority-data: ${folded(base64(ca))}`]),
    conf(["client-certificate: own.crt"], ["certificate-authority: /etc/kubernetes/pki/ca.crt"]),
    conf([`${cert(leaf)}\n    client-certificate: /srv/other.crt`], [trusts(ca)]),
    JSON.stringify({ users: [{ user: { "client-certificate-data": base64(leaf) } }] }),
  ])
    assert.deepEqual(await judge(text), good, text);
  for (const text of [
    conf([cert(leaf)], [trusts(old)]),
    conf([token], [trusts(ca), trusts(old)]),
    conf([token], [`certificate-authority-data: ${folded(base64(old))}`]),
    conf([cert(leaf)], ["certificate-authority: /srv/old-ca.crt"]),
  ])
    assert.deepEqual(await judge(text), { by: "old, key key of old", isTrustedOnly: true }, text);
  for (const text of [
    conf([cert(leaf), cert(other)], [trusts(ca)]),
    conf([`client-certificate-data: ${folded(base64(other))}`], [trusts(ca)]),
    conf(["client-certificate: /srv/other.crt"], [trusts(ca)]),
  ])
    assert.deepEqual(await judge(text), { by: "old" }, text);
  const whole = conf([cert(leaf)], [trusts(ca)]);
  for (const [text, why] of [
    [whole.slice(0, whole.indexOf("certificate-data") + 60), /client-certificate-data of user a cannot be read as a certificate/],
    [
      conf(["client-certificate: /srv/lost.crt"], [trusts(ca)]),
      /client-certificate of user a is in \/srv\/lost\.crt, which the set does not have/,
    ],
    [
      conf([cert(leaf)], ["certificate-authority: /srv/empty.crt"]),
      /certificate-authority of cluster b \(\/srv\/empty\.crt\) cannot be read/,
    ],
    [conf([cert("no certificate")], [trusts(ca)]), /client-certificate-data of user a cannot be read/],
    [`${conf([token], [trusts(ca)])}contexts:\n- context: { user: gone, cluster: b }\n`, /its context names user gone, which is not in it/],
    [`users: [}`, /cannot be read as a kubeconfig/],
    ["", /cannot be read as a kubeconfig/],
  ] as const) {
    const issued = await judge(text);
    assert.equal(issued?.authority, undefined);
    assert.match(issued?.notRead ?? "", why, text);
  }
  for (const text of ["users: []\n", conf([token], [])]) assert.equal(await judge(text), undefined);
});

test("readWantedParts: an ended certificate of a kubeconfig in block form is told, and a file of settings beside it is no kubeconfig", async () => {
  const data = Buffer.from(pem("admin", "ca", "2025-02-02")).toString("base64");
  const [path, other] = ["/etc/kubernetes/admin.conf", "/etc/kubernetes/cloud.conf"];
  const { parts } = await wanted(
    { ...pki, [path]: `users:\n- user:\n    client-certificate-data: >-\n      ${data}\n`, [other]: "[Global]\nregion=a\n" },
    [path, other],
  );
  assert.deepEqual(
    parts.map(({ ends, issued }) => [ends, issued?.by]),
    [
      ["2025-02-02", "ca"],
      [undefined, undefined],
    ],
  );
});

test("readWantedParts: at etcd's place its own ca.crt alone counts, no other CA that lies beside it", async () => {
  const [etcd, peer] = [pem("etcd-ca", "etcd-ca", "2036-01-01"), (issuer: string): string => pem("peer", issuer, "2027-01-01")];
  for (const [dir, name] of [
    ["/etc/kubernetes/pki/etcd", "ca.crt"],
    ["/etc/ssl/etcd/ssl", "ca.pem"],
    ["/etc/etcd", "ca.crt"],
  ] as const) {
    const path = `${dir}/peer.crt`;
    const files = { ...pki, [`${dir}/${name}`]: etcd, [`${dir}/old-ca.crt`]: old };
    assert.deepEqual(await judges({ ...files, [path]: peer("old") }, path), { [path]: undefined });
    assert.deepEqual(await judges({ ...files, [path]: peer("etcd-ca") }, path), { [path]: `${dir}/${name}` });
  }
});

test("readWantedParts: a CA that a link gives its name is asked of the other machines with that link", async () => {
  const at = "/etc/kubernetes/pki";
  const { parts, authorities } = await wanted(
    { [`${at}/ca.crt`]: "-> versions/2025.crt", [`${at}/versions/2025.crt`]: ca, [`${at}/apiserver.crt`]: leaf },
    [`${at}/apiserver.crt`],
  );
  assert.equal(parts[0]?.issued?.authority, `${at}/versions/2025.crt`);
  assert.deepEqual(
    authorities.map(({ path, through }) => [path, through]),
    [[`${at}/versions/2025.crt`, [{ path: `${at}/ca.crt`, tag: "symlink versions/2025.crt" }]]],
  );
});
