import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { machineFiles, newPki, verifyWorld, type MachineFiles, type VerifyWorldOptions } from "../../../test/support/verify-world.ts";
import { makeAuthority } from "../../adapters/sandbox/sandbox-certificates.ts";
import { asClusterId } from "../../model/ids.ts";
import { readLastSeen } from "../../schemas/last-seen.ts";
import type { VerifyContext } from "./verify-context.ts";

const dayMs = 86_400_000;
const at = "/etc/kubernetes";

async function thirdLevel(options: VerifyWorldOptions, other: Partial<VerifyContext> = {}) {
  const world = await verifyWorld(options);
  const { outcomes } = await world.verify({}, other);
  rmSync(world.spoolDirectory, { recursive: true });
  return { verdict: outcomes[3]?.verdict, why: outcomes[3]?.because.join("\n") ?? "" };
}

/** Of two machines, each with what is beside. */
function withFiles(beside: (host: string) => MachineFiles, change: (files: MachineFiles) => MachineFiles = (files) => files) {
  const pki = newPki();
  const machines = Object.fromEntries(["cp1", "cp2"].map((host) => [host, { ...change(machineFiles(pki, host)), ...beside(host) }]));
  return thirdLevel({ machines });
}

const company = () => makeAuthority({ commonName: "company", nowMs: Date.now() - dayMs, validMs: 3650 * dayMs });

function kubeconfig(authority: ReturnType<typeof company>): string {
  const data = (text: string): string => Buffer.from(text).toString("base64");
  return `kind: Config\nclusters:\n- cluster:\n    certificate-authority-data: ${data(authority.certificate)}\nusers:\n- user:\n    client-certificate-data: ${data(authority.issue({ commonName: "a" }).certificate)}\n`;
}

test("V3: files of others beside those of the cluster are told and fail nothing: another's server certificate, kubeconfigs, registries, an old PKI", async () => {
  const [foreign, other] = [company(), company()];
  const old = makeAuthority({ commonName: "kubernetes", nowMs: Date.now() - 400 * dayMs, validMs: 365 * dayMs });
  const leaf = old.issue({ commonName: "kube-apiserver" });
  const cases: readonly (readonly [(host: string) => MachineFiles, RegExp])[] = [
    [
      () => ({ [`${at}/pki/konnectivity/server.crt`]: foreign.issue({ commonName: "x" }).certificate }),
      /konnectivity\/server\.crt is of an/,
    ],
    [() => ({ [`${at}/authz-webhook.conf`]: kubeconfig(foreign) }), /authz-webhook\.conf is of an authority/],
    [() => ({ [`${at}/admin-staging.conf`]: kubeconfig(foreign) }), /admin-staging\.conf is of an authority/],
    [(host) => ({ [`${at}/pki/registry/ca.crt`]: (host === "cp1" ? foreign : other).certificate }), /signed by/],
    [
      () => ({
        [`${at}/pki/old-2025/ca.crt`]: old.certificate,
        [`${at}/pki/old-2025/apiserver.crt`]: leaf.certificate,
        [`${at}/pki/old-2025/apiserver.key`]: old.issue({ commonName: "another" }).key,
        [`${at}/pki/old-2025/sa.pub`]: newPki().serviceAccount.publicKey,
        [`${at}/pki/old-2025/broken.crt`]: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      }),
      /old-2025\/apiserver\.crt is of an authority.*of nothing that the cluster starts from, and not judged: cp1:\/etc\/kubernetes\/pki\/old-2025\/broken\.crt/s,
    ],
  ];
  for (const [beside, told] of cases) {
    const { verdict, why } = await withFiles(beside);
    assert.equal(verdict, "holds", why);
    assert.match(why, told);
  }
});

test("V3: the key of an old authority beside is not that of the cluster", async () => {
  const old = makeAuthority({ commonName: "kubernetes", nowMs: Date.now() - 100 * dayMs, validMs: 3650 * dayMs });
  const { verdict, why } = await withFiles(
    () => ({ [`${at}/pki/old-2025/ca.crt`]: old.certificate, [`${at}/pki/old-2025/ca.key`]: old.key }),
    (files) => Object.fromEntries(Object.entries(files).filter(([path]) => path !== `${at}/pki/ca.key`)),
  );
  assert.equal(verdict, "unknown", why);
  assert.match(why, /no key of the cluster's authority \(cp1:\/etc\/kubernetes\/pki\/ca\.crt\)/);
});

test("V3: what flags of static pods name is of the cluster, wherever it lies", async () => {
  const moved = (files: MachineFiles, extra: MachineFiles = {}): MachineFiles => ({
    ...Object.fromEntries(
      Object.entries(files).map(([path, text]) => [
        path.replace("/etc/kubernetes/pki/", "/data/pki/"),
        text.replace("--etcd-prefix", "--client-ca-file=/data/pki/ca.crt, --etcd-prefix"),
      ]),
    ),
    ...extra,
  });
  const held = await withFiles(() => ({}), moved);
  assert.equal(held.verdict, "holds", held.why);
  const foreign = { "/data/pki/apiserver.crt": newPki().ca.issue({ commonName: "kube-apiserver" }).certificate };
  const mixed = await withFiles(
    () => ({ [`${at}/pki/ca.crt`]: company().certificate }),
    (files) => moved(files, foreign),
  );
  assert.equal(mixed.verdict, "fails");
  assert.match(mixed.why, /\/data\/pki\/apiserver\.crt: no authority of the set signed it/);
});

test("V3: what the control plane itself uses is not of an authority that lies aside: certificates by kubeadm's names, kubeconfigs", async () => {
  const foreign = company();
  const aside = { [`${at}/pki.bak/pki/ca.crt`]: foreign.certificate };
  const leaf = foreign.issue({ commonName: "kube-apiserver" });
  const serving = await withFiles(() => ({
    ...aside,
    [`${at}/pki/apiserver.crt`]: leaf.certificate,
    [`${at}/pki/apiserver.key`]: leaf.key,
  }));
  assert.equal(serving.verdict, "fails", serving.why);
  assert.match(serving.why, /apiserver\.crt: its authority .* is in the set only as cp1:\/etc\/kubernetes\/pki\.bak\/pki\/ca\.crt/);
  const admin = await withFiles(() => ({ ...aside, [`${at}/admin.conf`]: kubeconfig(foreign) }));
  assert.equal(admin.verdict, "fails", admin.why);
  assert.match(admin.why, /admin\.conf: the authority that it trusts .* is none of the cluster's/);
});

test("V3: a pod's flags say where its containers see the PKI, and its volumes where that lies", async () => {
  const moved = (files: MachineFiles): MachineFiles =>
    Object.fromEntries(
      Object.entries(files).map(([path, text]) => [
        path.replace(/^\/etc\/kubernetes\/pki\/(?!etcd)/, "/srv/pki/"),
        `${text.replace("--etcd-prefix", "--client-ca-file=/etc/kubernetes/pki/ca.crt, --etcd-prefix")}${
          path.endsWith("kube-apiserver.yaml")
            ? "      volumeMounts: [{ name: k8s-certs, mountPath: /etc/kubernetes/pki }]\n  volumes: [{ name: k8s-certs, hostPath: { path: /srv/pki } }]\n"
            : ""
        }`,
      ]),
    );
  const { verdict, why } = await withFiles(() => ({}), moved);
  assert.equal(verdict, "holds", why);
});

test("V3: sa.pub holds several keys in a rotation, in any order", async () => {
  const pki = newPki();
  const files = machineFiles(pki, "cp1");
  const withPublic = (text: string) => thirdLevel({ machines: { cp1: { ...files, [`${at}/pki/sa.pub`]: text } } });
  const another = newPki().serviceAccount.publicKey;
  assert.equal((await withPublic(another + pki.serviceAccount.publicKey)).verdict, "holds");
  assert.equal((await withPublic(pki.serviceAccount.publicKey + another)).verdict, "holds");
  assert.match((await withPublic(another + newPki().serviceAccount.publicKey)).why, /sa\.pub does not belong to/);
});

test("V3: files of the future, or of one machine against the set's clock, settle nothing; two machines against it do", async () => {
  const in2099 = Date.parse("2099-01-01T00:00:00Z") / 1000;
  // One machine that was installed in 2099, or its image on several: the nightly run goes on.
  const image = await thirdLevel({ modifiedOn: { cp1: in2099, cp2: in2099 } });
  assert.equal(image.verdict, "holds", image.why);
  assert.match(image.why, /is of 2099-01-01T00:00:00\.000Z, which is still to come/);
  const future = await thirdLevel({ modifiedOn: { cp1: in2099, cp2: in2099 - 7 } });
  assert.equal(future.verdict, "unknown", future.why);
  assert.match(future.why, /is of 2099-01-01T00:00:00\.000Z: the clock of the machine that made it was in the past, or that of the other/);
  const nowSeconds = Math.floor(Date.now() / 1000);
  const early: VerifyWorldOptions["facts"] = (facts) => ({ ...facts, createdAt: new Date((nowSeconds - 1800) * 1000).toISOString() });
  const one = await thirdLevel({ facts: early, modifiedOn: { cp2: nowSeconds } });
  assert.equal(one.verdict, "unknown", one.why);
  const two = await thirdLevel({ facts: early, modifiedOn: { cp1: nowSeconds - 30, cp2: nowSeconds } });
  assert.equal(two.verdict, "fails", two.why);
  assert.match(two.why, /2 clocks agree \(cp2, cp1\)/);
  // The image of both was a month ahead when the set was made, and that month is over.
  const alike = await thirdLevel({ facts: early, modifiedOn: { cp1: nowSeconds, cp2: nowSeconds } });
  assert.equal(alike.verdict, "unknown", alike.why);
});

test("V3: what this machine saw while the set was being stored is not held against it, and what it saw before is", async () => {
  const cluster = { clusterId: asClusterId("abc") };
  const seenAt = (offsetMs: number, createdAt: string, revision: bigint) =>
    readLastSeen(
      JSON.stringify({
        takenAt: new Date(Date.parse(createdAt) + offsetMs).toISOString(),
        clusterId: "abc",
        members: [],
        revision: String(revision),
        raftIndex: "9",
        raftTerm: "2",
        objectCounts: [],
        hosts: [],
      }),
    );
  const world = await verifyWorld({ cluster });
  const { createdAt, snapshot } = world.manifest;
  const verdictOf = async (offsetMs: number, by = "bert@operator") =>
    (await world.verify({}, { by, lastSeen: seenAt(offsetMs, createdAt, snapshot.revision + 3n) })).outcomes[3]?.verdict;
  assert.equal(await verdictOf(20_000), "holds");
  assert.equal(await verdictOf(-20_000), "fails");
  // Clocks of two machines differ.
  assert.equal(await verdictOf(-20_000, "anna@laptop"), "unknown");
  assert.equal(await verdictOf(-20 * 60_000, "anna@laptop"), "fails");
  rmSync(world.spoolDirectory, { recursive: true });
});
