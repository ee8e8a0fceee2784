/** Objects as a busy cluster's etcd has them: alike in form, with ids, digests, times and names of their own. */
import { storedConfigMap } from "../test/support/make-snapshot.ts";
import { seededRandom } from "../test/support/seeded-random.ts";

/** What managedFields of a pod look like: most of the bytes of most objects, and the same in all of one kind. */
const managedFields = JSON.stringify({
  "f:metadata": { "f:annotations": { ".": {}, "f:checksum/config": {} }, "f:labels": { ".": {}, "f:app": {}, "f:pod-template-hash": {} } },
  "f:spec": {
    "f:containers": Object.fromEntries(
      ["server", "sidecar", "logs"].map((name) => [
        `k:{"name":"${name}"}`,
        {
          ".": {},
          "f:env": {},
          "f:image": {},
          "f:imagePullPolicy": {},
          "f:livenessProbe": { ".": {}, "f:httpGet": {} },
          "f:resources": {},
        },
      ]),
    ),
    "f:dnsPolicy": {},
    "f:serviceAccountName": {},
    "f:volumes": {},
  },
  "f:status": { "f:conditions": {}, "f:containerStatuses": {}, "f:hostIP": {}, "f:phase": {}, "f:podIPs": {} },
});
const environmentNames = Array.from({ length: 30 }, (_, at) => `SETTING_${String(at)}_OF_THE_SERVICE`);

/**
 * About 10 000 bytes, of which some 2 500 are like nothing else. The same for
 * the same number and `version`.
 */
export function podLikeValue(number: number, version: number): Uint8Array {
  const random = seededRandom(number * 1_000 + version);
  const upTo = (limit: number): number => Math.floor(random() * limit);
  const hex = (count: number): string => Array.from({ length: count }, () => "0123456789abcdef"[upTo(16)] ?? "").join("");
  const uid = (): string => [8, 4, 4, 4, 12].map(hex).join("-");
  const address = (): string => `10.${String(upTo(256))}.${String(upTo(256))}.${String(upTo(256))}`;
  const time = (): string => new Date(1.75e12 + upTo(3e10)).toISOString().replace(/\.\d+/, "");
  const name = `object-${String(number).padStart(8, "0")}`;
  const application = `application-${String(number % 400)}`;
  const containers = ["server", "sidecar", "logs"].map((container) => ({
    name: container,
    image: `registry.example.org/shop/${application}/${container}@sha256:${hex(64)}`,
    imagePullPolicy: "IfNotPresent",
    livenessProbe: { httpGet: { path: "/healthz", port: 8080, scheme: "HTTP" }, periodSeconds: 10, failureThreshold: 3 },
    resources: { requests: { cpu: `${String(upTo(1000))}m`, memory: "256Mi" }, limits: { memory: "512Mi" } },
    env: environmentNames.map((one) => ({ name: one, value: `value-${String(upTo(1_000_000))}` })),
    volumeMounts: [{ name: `kube-api-access-${hex(5)}`, readOnly: true, mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" }],
  }));
  const status = {
    phase: "Running",
    hostIP: address(),
    podIPs: [{ ip: address() }],
    conditions: ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map((type) => ({
      type,
      status: "True",
      lastTransitionTime: time(),
    })),
    containerStatuses: containers.map(({ name: container, image }) => ({
      name: container,
      image,
      containerID: `containerd://${hex(64)}`,
      restartCount: upTo(5),
      state: { running: { startedAt: time() } },
    })),
  };
  const metadata = {
    name,
    uid: uid(),
    generateName: `${application}-${hex(10)}-`,
    creationTimestamp: time(),
    ownerReferences: [{ uid: uid() }],
  };
  return storedConfigMap(`namespace-${String(number % 50)}`, name, {
    object: JSON.stringify({ metadata, managedFields, containers, status, token: hex(700) }),
  });
}
