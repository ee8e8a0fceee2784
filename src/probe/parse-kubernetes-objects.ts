/**
 * Kubernetes objects, as JSON gives them, to records. Pure. What an object
 * lacks is "" or false where the API itself leaves it out when empty.
 */
import type { KubernetesRecords, NodeRecord } from "../model/inventory.ts";
import type { CertificateReader } from "../ports/certificates.ts";
import { listOf, recordOf, stringAt, valueAt } from "./json-value.ts";
import { malformed, textOfBase64 } from "./parse-host-answer.ts";
import { parseYaml } from "./parse-static-pods.ts";

export function parseNode(object: unknown): NodeRecord {
  const conditions = listOf(valueAt(object, "status", "conditions"));
  const ready = stringAt(
    conditions.find((condition) => stringAt(condition, "type") === "Ready"),
    "status",
  );
  const addresses = listOf(valueAt(object, "status", "addresses"));
  const labels = recordOf(valueAt(object, "metadata", "labels")) ?? {};
  return {
    name: stringAt(object, "metadata", "name") ?? "",
    uid: stringAt(object, "metadata", "uid") ?? "",
    ready: ready === "True" || ready === "False" ? ready : "Unknown",
    isControlPlane: "node-role.kubernetes.io/control-plane" in labels || "node-role.kubernetes.io/master" in labels,
    internalIp:
      stringAt(
        addresses.find((address) => stringAt(address, "type") === "InternalIP"),
        "address",
      ) ?? "",
    kubeletVersion: stringAt(object, "status", "nodeInfo", "kubeletVersion") ?? "",
    machineId: stringAt(object, "status", "nodeInfo", "machineID") ?? "",
  };
}

/** Ready addresses of an Endpoints object. */
export function parseEndpointAddresses(object: unknown): readonly string[] {
  return listOf(valueAt(object, "subsets"))
    .flatMap((subset) => listOf(recordOf(subset)?.["addresses"]))
    .flatMap((address) => stringAt(address, "ip") ?? []);
}

/** An etcd mirror pod; the annotation is kubeadm's (cmd/kubeadm/app/constants, EtcdAdvertiseClientUrlsAnnotationKey). */
export function parseEtcdMirrorPod(object: unknown): KubernetesRecords["etcdMirrorPods"][number] {
  const annotations = recordOf(valueAt(object, "metadata", "annotations")) ?? {};
  const advertiseUrl = annotations["kubeadm.kubernetes.io/etcd.advertise-client-urls"];
  return {
    name: stringAt(object, "metadata", "name") ?? "",
    node: stringAt(object, "spec", "nodeName") ?? "",
    advertiseUrl: typeof advertiseUrl === "string" ? advertiseUrl : "",
    phase: stringAt(object, "status", "phase") ?? "",
  };
}

/** Config map kube-public/cluster-info. `server` is host:port without the scheme. Throws REMOTE_ANSWER_MALFORMED. */
export function parseClusterInfo(configMap: unknown, reader: CertificateReader): NonNullable<KubernetesRecords["clusterInfo"]> {
  const cluster = valueAt(listOf(valueAt(parseYaml(stringAt(configMap, "data", "kubeconfig") ?? ""), "clusters"))[0], "cluster");
  const server = stringAt(cluster, "server");
  const authority = stringAt(cluster, "certificate-authority-data");
  if (server === undefined || authority === undefined) throw malformed("cluster-info", "its kubeconfig has no server or no authority");
  return {
    server: server.replace(/^https?:\/\//, "").replace(/\/$/, ""),
    caFingerprint: reader.readCertificate(textOfBase64(authority, "cluster-info")).fingerprint,
  };
}

/** Config map kube-system/kubeadm-config. ClusterStatus exists only in clusters of old kubeadm (K06). Throws REMOTE_ANSWER_MALFORMED. */
export function parseKubeadmConfig(configMap: unknown): NonNullable<KubernetesRecords["kubeadmConfig"]> {
  const configuration = parseYaml(stringAt(configMap, "data", "ClusterConfiguration") ?? "");
  if (recordOf(configuration) === undefined) throw malformed("kubeadm-config", "it has no ClusterConfiguration");
  const status = parseYaml(stringAt(configMap, "data", "ClusterStatus") ?? "");
  return {
    controlPlaneEndpoint: stringAt(configuration, "controlPlaneEndpoint") ?? "",
    kubernetesVersion: stringAt(configuration, "kubernetesVersion") ?? "",
    clusterStatusHosts: Object.keys(recordOf(valueAt(status, "apiEndpoints")) ?? {}),
  };
}

export interface TokenExpiry {
  readonly secretName: string;
  /** Infinity-like for a token that never expires. */
  readonly secondsLeft: number;
  /** May be used to join: kubeadm's certificate key rides on a token without usages. */
  readonly isForJoining: boolean;
}

/** A token without an expiration never expires; ten years stand for that, a number that JSON can hold. */
export const neverExpiresSeconds = 315_360_000;

/** A secret of type bootstrap.kubernetes.io/token: when it expires. The token itself is never read. Throws REMOTE_ANSWER_MALFORMED. */
export function parseTokenExpiry(secret: unknown, nowMs: number): TokenExpiry {
  const secretName = stringAt(secret, "metadata", "name") ?? "";
  const field = (name: string): string | undefined => {
    const encoded = stringAt(secret, "data", name);
    return encoded === undefined ? undefined : textOfBase64(encoded, `${secretName} ${name}`);
  };
  const expiration = field("expiration");
  const expiresMs = expiration === undefined ? undefined : Date.parse(expiration);
  if (expiresMs !== undefined && Number.isNaN(expiresMs)) throw malformed(secretName, "its expiration is not a time");
  return {
    secretName,
    secondsLeft: expiresMs === undefined ? neverExpiresSeconds : Math.max(0, Math.floor((expiresMs - nowMs) / 1000)),
    isForJoining: field("usage-bootstrap-authentication") === "true" && field("usage-bootstrap-signing") === "true",
  };
}

/** Seconds left of the newest token that can be used to join; undefined: there is none. */
export function joinTokenSecondsLeft(tokens: readonly TokenExpiry[]): number | undefined {
  const left = tokens.filter((token) => token.isForJoining && token.secondsLeft > 0).map((token) => token.secondsLeft);
  return left.length === 0 ? undefined : Math.max(...left);
}

/**
 * Seconds left of the uploaded certificates: secret kubeadm-certs is owned by
 * a token secret and goes with it (kubeadm, phases/copycerts). 0 when the
 * owner is gone already. Only ownerReferences are read, never the data.
 */
export function certificateKeySecondsLeft(kubeadmCerts: unknown, tokens: readonly TokenExpiry[]): number {
  const owners = listOf(valueAt(kubeadmCerts, "metadata", "ownerReferences")).flatMap((owner) => stringAt(owner, "name") ?? []);
  if (owners.length === 0) return neverExpiresSeconds;
  return Math.max(0, ...tokens.filter((token) => owners.includes(token.secretName)).map((token) => token.secondsLeft));
}
