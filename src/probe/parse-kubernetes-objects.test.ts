import assert from "node:assert/strict";
import { test } from "node:test";
import {
  certificateKeySecondsLeft,
  joinTokenSecondsLeft,
  neverExpiresSeconds,
  parseClusterInfo,
  parseEndpointAddresses,
  parseEtcdMirrorPod,
  parseKubeadmConfig,
  parseNode,
  parseTokenExpiry,
} from "./parse-kubernetes-objects.ts";

const nowMs = Date.parse("2026-11-21T03:00:00Z");
const base64 = (text: string): string => Buffer.from(text).toString("base64");

function token(name: string, expiration: string | undefined, isForJoining: boolean): unknown {
  return {
    metadata: { name },
    data: {
      "token-secret": base64("planted-token"),
      ...(expiration === undefined ? {} : { expiration: base64(expiration) }),
      ...(isForJoining ? { "usage-bootstrap-authentication": base64("true"), "usage-bootstrap-signing": base64("true") } : {}),
    },
  };
}

test("parseNode: a control-plane node that is ready", () => {
  assert.deepEqual(
    parseNode({
      metadata: { name: "cp1", uid: "u1", labels: { "node-role.kubernetes.io/control-plane": "" } },
      status: {
        conditions: [
          { type: "DiskPressure", status: "False" },
          { type: "Ready", status: "True" },
        ],
        addresses: [
          { type: "Hostname", address: "cp1" },
          { type: "InternalIP", address: "10.0.0.1" },
        ],
        nodeInfo: { machineID: "m1", kubeletVersion: "v1.34.4" },
      },
    }),
    { name: "cp1", uid: "u1", ready: "True", isControlPlane: true, internalIp: "10.0.0.1", kubeletVersion: "v1.34.4", machineId: "m1" },
  );
});

test("parseNode: without a Ready condition readiness is Unknown", () => {
  assert.equal(parseNode({ metadata: { name: "w" } }).ready, "Unknown");
  assert.equal(parseNode("nonsense").name, "");
});

test("parseEndpointAddresses: ready addresses of all subsets", () => {
  assert.deepEqual(
    parseEndpointAddresses({ subsets: [{ addresses: [{ ip: "10.0.0.1" }, { ip: "10.0.0.2" }], notReadyAddresses: [{ ip: "10.0.0.3" }] }] }),
    ["10.0.0.1", "10.0.0.2"],
  );
  assert.deepEqual(parseEndpointAddresses({}), []);
});

test("parseEtcdMirrorPod: kubeadm's annotation", () => {
  assert.deepEqual(
    parseEtcdMirrorPod({
      metadata: { name: "etcd-cp1", annotations: { "kubeadm.kubernetes.io/etcd.advertise-client-urls": "https://10.0.0.1:2379" } },
      spec: { nodeName: "cp1" },
      status: { phase: "Running" },
    }),
    { name: "etcd-cp1", node: "cp1", advertiseUrl: "https://10.0.0.1:2379", phase: "Running" },
  );
});

test("parseClusterInfo: server without its scheme and the authority's fingerprint", () => {
  const kubeconfig = `apiVersion: v1\nkind: Config\nclusters:\n- cluster:\n    certificate-authority-data: ${base64("PEM of the authority")}\n    server: https://10.150.0.10:8443\n  name: ""\n`;
  const reader = {
    readCertificate: (pem: string) => ({
      subject: "",
      issuer: "",
      fingerprint: `fp of ${pem}`,
      notBefore: "",
      notAfter: "",
      subjectAltNames: [],
      isCa: true,
    }),
  };
  assert.deepEqual(parseClusterInfo({ data: { kubeconfig } }, reader), {
    server: "10.150.0.10:8443",
    caFingerprint: "fp of PEM of the authority",
  });
  assert.throws(() => parseClusterInfo({ data: {} }, reader), { code: "REMOTE_ANSWER_MALFORMED" });
});

test("parseKubeadmConfig: endpoint, version, and the hosts of an old ClusterStatus", () => {
  const data = {
    ClusterConfiguration: "controlPlaneEndpoint: 10.150.0.10:8443\nkubernetesVersion: v1.34.4\n",
    ClusterStatus: "apiEndpoints:\n  cp1: {advertiseAddress: 10.0.0.1}\n  cp9: {}\n",
  };
  assert.deepEqual(parseKubeadmConfig({ data }), {
    controlPlaneEndpoint: "10.150.0.10:8443",
    kubernetesVersion: "v1.34.4",
    clusterStatusHosts: ["cp1", "cp9"],
  });
  assert.deepEqual(parseKubeadmConfig({ data: { ClusterConfiguration: data.ClusterConfiguration } }).clusterStatusHosts, []);
  assert.throws(() => parseKubeadmConfig({ data: {} }), { code: "REMOTE_ANSWER_MALFORMED" });
});

test("joinTokenSecondsLeft: the newest token that can be used to join; the certificate key's own token cannot", () => {
  const tokens = [
    token("bootstrap-token-a", "2026-11-21T04:00:00Z", true),
    token("bootstrap-token-b", "2026-11-21T03:30:00Z", true),
    token("bootstrap-token-c", "2026-11-22T03:00:00Z", false),
  ].map((secret) => parseTokenExpiry(secret, nowMs));
  assert.equal(joinTokenSecondsLeft(tokens), 3600);
  assert.equal(joinTokenSecondsLeft([parseTokenExpiry(token("x", "2026-11-21T02:00:00Z", true), nowMs)]), undefined);
  assert.equal(joinTokenSecondsLeft([parseTokenExpiry(token("x", undefined, true), nowMs)]), neverExpiresSeconds);
  assert.ok(!JSON.stringify(tokens).includes("planted"));
});

test("certificateKeySecondsLeft: the uploaded certificates live as long as the token that owns them", () => {
  const tokens = [parseTokenExpiry(token("bootstrap-token-c", "2026-11-21T05:00:00Z", false), nowMs)];
  const certs = (owner: string): unknown => ({
    metadata: { ownerReferences: [{ kind: "Secret", name: owner }] },
    data: { "ca.key": "planted" },
  });
  assert.equal(certificateKeySecondsLeft(certs("bootstrap-token-c"), tokens), 7200);
  assert.equal(certificateKeySecondsLeft(certs("bootstrap-token-gone"), tokens), 0);
});

test("parseTokenExpiry: an expiration that is no time is malformed", () => {
  assert.throws(() => parseTokenExpiry(token("x", "tomorrow", true), nowMs), { code: "REMOTE_ANSWER_MALFORMED" });
});
