import { workloadImage } from "../image/image-set.ts";

/** One object to create: the collection's path and the object. */
export interface SeedObject {
  readonly path: string;
  readonly body: object;
}

export interface SeedPlan {
  /** What others live in: namespaces and the custom resource definition. */
  readonly first: readonly SeedObject[];
  readonly rest: readonly SeedObject[];
  /** Deployments whose pods are to run, `namespace/name`. */
  readonly deployments: readonly string[];
}

const namespaces = ["shop", "billing", "search", "platform", "batch"] as const;
/** Stands in every secret of the load, so that a test can look for it where no secret may be. */
export const plantedSecret = "requorum-planted-secret";
const group = "lab.requorum.dev";
/** Fixed objects: namespaces, definition, deployments, services, accounts. What is more is filled up. */
export const seedObjectsMin = 60;

/**
 * A load as clusters have it: namespaces, deployments with running pods,
 * services, accounts and roles, config maps, secrets, custom resources, leases.
 * Pure: the same seed and count give the same objects.
 */
export function planSeed(options: { readonly seed: number; readonly objects: number }): SeedPlan {
  const random = randomNumbers(options.seed);
  const first: SeedObject[] = [{ path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body: widgetDefinition }];
  for (const name of namespaces)
    first.push({
      path: "/api/v1/namespaces",
      body: { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: { "requorum.dev/load": "seed" } } },
    });
  const rest: SeedObject[] = [];
  const deployments: string[] = [];
  for (const [index, namespace] of namespaces.entries()) {
    const name = `web-${String(index)}`;
    deployments.push(`${namespace}/${name}`);
    rest.push(...application(namespace, name, index < 2 ? 2 : 1));
  }
  // Mostly small things, as in real clusters; secrets and custom resources in between.
  const kinds = ["ConfigMap", "ConfigMap", "Secret", "Widget", "ConfigMap", "Secret", "Widget", "Lease"] as const;
  for (let index = 0; first.length + rest.length < options.objects; index++) {
    const namespace = namespaces[Math.floor(random() * namespaces.length)] ?? "shop";
    rest.push(filler(kinds[index % kinds.length] ?? "ConfigMap", namespace, index, random));
  }
  return { first, rest, deployments };
}

function filler(kind: "ConfigMap" | "Secret" | "Widget" | "Lease", namespace: string, index: number, random: () => number): SeedObject {
  const metadata = { name: `${kind.toLowerCase()}-${String(index)}`, namespace, labels: { "requorum.dev/load": "seed" } };
  switch (kind) {
    case "ConfigMap":
      return {
        path: `/api/v1/namespaces/${namespace}/configmaps`,
        body: { apiVersion: "v1", kind, metadata, data: { "settings.conf": text(random, 200 + Math.floor(random() * 1500)) } },
      };
    case "Secret":
      return {
        path: `/api/v1/namespaces/${namespace}/secrets`,
        body: { apiVersion: "v1", kind, metadata, type: "Opaque", stringData: { password: `${plantedSecret}-${text(random, 24)}` } },
      };
    case "Widget":
      return {
        path: `/apis/${group}/v1/namespaces/${namespace}/widgets`,
        body: { apiVersion: `${group}/v1`, kind, metadata, spec: { size: Math.floor(random() * 1000), note: text(random, 120) } },
      };
    case "Lease":
      return {
        path: `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`,
        body: {
          apiVersion: "coordination.k8s.io/v1",
          kind,
          metadata,
          spec: { holderIdentity: text(random, 12), leaseDurationSeconds: 15 },
        },
      };
    default:
      return kind satisfies never;
  }
}

/** One small web server with its service, account, role and disruption budget. Runs on control-plane machines too: most labs have no workers. */
function application(namespace: string, name: string, replicas: number): readonly SeedObject[] {
  const labels = { app: name };
  const metadata = { name, namespace, labels };
  const role = { apiVersion: "rbac.authorization.k8s.io/v1", metadata };
  const container = {
    name: "web",
    image: workloadImage,
    imagePullPolicy: "IfNotPresent",
    command: [
      "/bin/sh",
      "-c",
      "trap 'exit 0' TERM; cat /config/settings.conf > /www/index.html; httpd -p 8080 -h /www; while true; do sleep 1; done",
    ],
    ports: [{ containerPort: 8080 }],
    resources: { requests: { cpu: "5m", memory: "8Mi" } },
    volumeMounts: [{ name: "config", mountPath: "/config" }],
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 5 },
  };
  const spec = {
    serviceAccountName: name,
    terminationGracePeriodSeconds: 5,
    containers: [container],
    volumes: [{ name: "config", configMap: { name } }],
    tolerations: [{ key: "node-role.kubernetes.io/control-plane", operator: "Exists", effect: "NoSchedule" }],
  };
  return [
    { path: `/api/v1/namespaces/${namespace}/serviceaccounts`, body: { apiVersion: "v1", kind: "ServiceAccount", metadata } },
    {
      path: `/api/v1/namespaces/${namespace}/configmaps`,
      body: { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "settings.conf": `hello from ${namespace}/${name}\n` } },
    },
    {
      path: `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`,
      body: { ...role, kind: "Role", rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] }] },
    },
    {
      path: `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`,
      body: {
        ...role,
        kind: "RoleBinding",
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
        subjects: [{ kind: "ServiceAccount", name, namespace }],
      },
    },
    {
      path: `/api/v1/namespaces/${namespace}/services`,
      body: { apiVersion: "v1", kind: "Service", metadata, spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] } },
    },
    {
      path: `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`,
      body: {
        apiVersion: "policy/v1",
        kind: "PodDisruptionBudget",
        metadata,
        spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
      },
    },
    {
      path: `/apis/apps/v1/namespaces/${namespace}/deployments`,
      body: {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata,
        spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
      },
    },
  ];
}

const widgetDefinition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `widgets.${group}` },
  spec: {
    group,
    scope: "Namespaced",
    names: { plural: "widgets", singular: "widget", kind: "Widget" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec: { type: "object", properties: { size: { type: "integer" }, note: { type: "string" } } } },
          },
        },
      },
    ],
  },
} as const;

/** mulberry32: small, and the same everywhere. Not for secrets. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

function text(random: () => number, length: number): string {
  let result = "";
  for (let index = 0; index < length; index++) result += alphabet[Math.floor(random() * alphabet.length)] ?? "a";
  return result;
}
