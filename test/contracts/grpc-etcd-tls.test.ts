import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createGrpcEtcdDialer, type GrpcEtcdDialerOptions } from "../../src/adapters/etcd-grpc/grpc-etcd-dialer.ts";
import { asHostName } from "../../src/model/ids.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import type { EtcdClient } from "../../src/ports/etcd-client.ts";
import { TestAuthority, type CertificateFiles } from "../support/etcd-certificates.ts";
import { LoopbackHostAccess } from "../support/loopback-host-access.ts";
import { RealEtcd } from "../support/real-etcd.ts";
import { dialerOptions } from "../support/real-etcd-subject.ts";
import { failsWith } from "./etcd-client.contract.ts";

const host = asHostName("cp1");
const call = { timeoutMs: 5000 };
let etcd: RealEtcd;
let access: LoopbackHostAccess;
let foreignAuthority: TestAuthority;
let foreign: CertificateFiles;

before(async () => {
  etcd = await RealEtcd.start({ memberCount: 1 });
  access = new LoopbackHostAccess(etcd.directory);
  foreignAuthority = await TestAuthority.make(etcd.directory, "foreign-ca");
  foreign = await foreignAuthority.issue("foreign-client", { names: ["foreign"] });
});
after(async () => {
  await access.close();
  await etcd.close();
});

/** Dials with other options than the right ones, and calls once. */
async function once<T>(options: Partial<GrpcEtcdDialerOptions>, use: (client: EtcdClient) => Promise<T>): Promise<T> {
  const dialer = createGrpcEtcdDialer({ ...dialerOptions(etcd, access), ...options });
  try {
    return await use(await dialer.dial(host, call));
  } finally {
    await dialer.close();
  }
}
function tlsTrouble(words: RegExp): (error: unknown) => true {
  return (error) => {
    failsWith("ETCD_TLS", "permanent")(error);
    assert.match(String(error), words);
    return true;
  };
}
const status = (client: EtcdClient) => client.status(call);
const write = (client: EtcdClient) => client.deleteKey("/registry/x", 5n, call);
const withCertificates = (certificates: Partial<CertificateFiles>): Partial<GrpcEtcdDialerOptions> => ({
  certificatePaths: () => [{ ...etcd.client, ...certificates }],
});

async function restartServer(certificates: CertificateFiles): Promise<void> {
  await etcd.kill(host);
  etcd.member(host).certificates = certificates;
  await etcd.startProcess(host, { waitsFor: "port" });
}

test("GrpcEtcdClient: a server that another CA signed is ETCD_TLS, for a write too", async () => {
  await assert.rejects(once(withCertificates({ ca: foreignAuthority.caFile }), status), failsWith("ETCD_TLS", "permanent"));
  await assert.rejects(once(withCertificates({ ca: foreignAuthority.caFile }), write), failsWith("ETCD_TLS", "permanent"));
});

test("GrpcEtcdClient: a snapshot, which has a connection of its own, is as strict about certificates as all calls", async () => {
  const snapshot = async (client: EtcdClient): Promise<void> => {
    for await (const piece of client.snapshot({ idleTimeoutMs: 10_000, expectedBytes: 100_000_000 })) assert.ok(piece.length > 0);
  };
  await assert.doesNotReject(once({}, snapshot));
  await assert.rejects(once(withCertificates({ ca: foreignAuthority.caFile }), snapshot), failsWith("ETCD_TLS", "permanent"));
  await assert.rejects(
    once(withCertificates({ certificate: foreign.certificate, key: foreign.key }), snapshot),
    /does not accept our client certificate/,
  );
});

test("GrpcEtcdClient: a client certificate that the server does not accept is ETCD_TLS and says so", async () => {
  const expired = await etcd.authority.issue("expired-client", { names: ["expired"], isExpired: true });
  await assert.rejects(
    once(withCertificates({ certificate: foreign.certificate, key: foreign.key }), write),
    /does not accept our client certificate \(tlsv1 alert unknown ca\)/,
  );
  await assert.rejects(
    once(withCertificates({ certificate: expired.certificate, key: expired.key }), status),
    failsWith("ETCD_TLS", "permanent"),
  );
});

test("GrpcEtcdDialer: a key of another certificate and a file that is no certificate are ETCD_TLS without their content", async () => {
  const check = (error: unknown): true => {
    failsWith("ETCD_TLS", "permanent")(error);
    assert.ok(error instanceof RecoveryError && !/BEGIN|PRIVATE/.test(`${error.message}${error.stack ?? ""}`));
    return true;
  };
  await assert.rejects(once(withCertificates({ key: foreign.key }), status), check);
  await assert.rejects(once(withCertificates({ certificate: etcd.client.key }), status), check);
});

test("GrpcEtcdDialer: a CA file without a certificate is ETCD_TLS with its path, and nobody is asked", async () => {
  const ca = join(etcd.directory, "emptied-ca.crt");
  await writeFile(ca, "");
  await assert.rejects(once(withCertificates({ ca }), status), tlsTrouble(/no certificate in .*emptied-ca\.crt/));
  await assert.rejects(once(withCertificates({ ca: etcd.client.key }), status), tlsTrouble(/no certificate in /));
  assert.equal(access.openForwards, 0);
});

test("GrpcEtcdDialer: a host without certificates is ETCD_CREDENTIALS_MISSING, and the way there is closed again", async () => {
  await assert.rejects(once(withCertificates({ key: "/nowhere" }), status), failsWith("ETCD_CREDENTIALS_MISSING", "permanent"));
  assert.equal(access.openForwards, 0);
});

test("GrpcEtcdDialer: the first candidate that is readable is taken", async () => {
  const paths = { certificatePaths: () => [{ ...etcd.client, key: "/nowhere" }, etcd.client, foreign] };
  assert.equal((await once(paths, status)).isLearner, false);
});

test("GrpcEtcdDialer: directly, without a forward, it is the same endpoint", async () => {
  const through = await once({}, status);
  const direct = await once({ reach: "direct" }, status);
  assert.equal(direct.memberId, through.memberId);
  await assert.rejects(
    once({ reach: "direct", endpoint: () => ({ address: "127.0.0.1", port: 1 }) }, write),
    failsWith("ETCD_UNREACHABLE", "transient"),
  );
  await assert.rejects(
    once({ reach: "direct", endpoint: () => ({ address: "no-such-host.invalid", port: 2379 }) }, write),
    failsWith("ETCD_UNREACHABLE", "transient"),
  );
});

test("GrpcEtcdClient: closing leaves no socket and no forward behind", async () => {
  const before = process.getActiveResourcesInfo().filter((name) => /Wrap$/.test(name)).length;
  await once({}, async (client) => {
    await client.status(call);
    assert.equal(access.openForwards, 1);
  });
  assert.equal(access.openForwards, 0);
  // Destroyed handles are reported until the next turns of the event loop.
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(process.getActiveResourcesInfo().filter((name) => /Wrap$/.test(name)).length <= before);
});

test("GrpcEtcdClient: a server certificate that has expired is ETCD_TLS", async () => {
  await restartServer(await etcd.authority.issue("expired-server", { names: ["localhost", "127.0.0.1"], isExpired: true }));
  await assert.rejects(once({}, status), tlsTrouble(/certificate has expired/));
});

test("GrpcEtcdClient: a server certificate needs one of localhost, the host's name and its address", async () => {
  await restartServer(await etcd.authority.issue("elsewhere", { names: ["elsewhere"] }));
  await assert.rejects(once({}, status), tlsTrouble(/altnames/));
  await restartServer(await etcd.authority.issue("by-name", { names: [host] }));
  assert.equal((await once({}, status)).isLearner, false);
});
