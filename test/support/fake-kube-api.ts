import type { HostName } from "../../src/model/ids.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import type { KubeAnswer, KubeApi, KubeApiDialer, KubeRequest } from "../../src/ports/kube-api.ts";
import { FakeKubeStore, isObject, type KubeObject, type ObjectPath } from "./fake-kube-store.ts";
import { readKubePath, splitQuery } from "./fake-kube-path.ts";

export interface FakeApiServer {
  /** frozen: connections are made and nothing is answered. */
  process: "running" | "stopped" | "frozen";
  /** Checks that /readyz reports as failed: ["etcd"]. Requests are still answered. */
  failedChecks: readonly string[];
  /** /livez too. */
  failedLiveChecks: readonly string[];
  isHostReachable: boolean;
}

/** Instead of the next answer: an HTTP status, or the connection lost before or after the effect. */
export type FakeKubeFailure = { readonly status: number; readonly reason: string } | "cut-before-effect" | "cut-after-effect";

const defaultAnswerBytesMax = 32 * 1024 * 1024;

/**
 * Kubernetes API servers over one object store in memory. Objects are put by
 * their path; reads, lists (namespaced and across namespaces, label and simple
 * field selectors, limit/continue), create, replace, merge patch, delete with
 * uid precondition, dry run, tokens, /livez, /readyz, /version. No admission,
 * no schemas, no controllers.
 */
export class FakeKubernetes {
  readonly store = new FakeKubeStore();
  readonly servers = new Map<HostName, FakeApiServer>();
  version = "v1.34.4";
  readonly calls: {
    readonly host: HostName;
    readonly method: KubeRequest["method"];
    readonly path: string;
    readonly status: number | "failed";
  }[] = [];
  /** Changes that took effect, in order: "DELETE /api/v1/nodes/cp3". Dry runs leave none. */
  readonly effects: string[] = [];
  /** Bearer tokens that are accepted; token requests add to it. */
  readonly validTokens = new Set<string>();
  readonly #failures: {
    host: HostName | undefined;
    method: KubeRequest["method"];
    path: string;
    failure: FakeKubeFailure;
    times: number;
  }[] = [];
  #tokenCount = 0;

  constructor(options: { readonly hosts: readonly HostName[] }) {
    for (const host of options.hosts)
      this.servers.set(host, { process: "running", failedChecks: [], failedLiveChecks: [], isHostReachable: true });
    this.store.put("/api/v1/namespaces/kube-system", { apiVersion: "v1", kind: "Namespace", metadata: { name: "kube-system" } });
    this.effects.length = 0;
  }

  /** Throws when there is no such server. */
  server(host: HostName): FakeApiServer {
    const server = this.servers.get(host);
    if (server === undefined) throw new Error(`there is no fake API server on ${host}`);
    return server;
  }

  addNode(options: {
    readonly name: string;
    readonly address: string;
    readonly machineId?: string;
    readonly isReady?: boolean;
    readonly isControlPlane?: boolean;
    readonly kubeletVersion?: string;
  }): KubeObject {
    return this.store.put(`/api/v1/nodes/${options.name}`, {
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: options.name, labels: options.isControlPlane === false ? {} : { "node-role.kubernetes.io/control-plane": "" } },
      spec: {},
      status: {
        conditions: [{ type: "Ready", status: options.isReady === false ? "Unknown" : "True" }],
        addresses: [
          { type: "InternalIP", address: options.address },
          { type: "Hostname", address: options.name },
        ],
        nodeInfo: { machineID: options.machineId ?? `machine-of-${options.name}`, kubeletVersion: options.kubeletVersion ?? this.version },
      },
    });
  }

  addConfigMap(namespace: string, name: string, data: { readonly [key: string]: string }): KubeObject {
    return this.store.put(`/api/v1/namespaces/${namespace}/configmaps/${name}`, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { namespace, name },
      data,
    });
  }

  addSecret(
    namespace: string,
    name: string,
    options: { readonly type?: string; readonly data: { readonly [key: string]: string } },
  ): KubeObject {
    const data = Object.fromEntries(Object.entries(options.data).map(([key, text]) => [key, Buffer.from(text).toString("base64")]));
    return this.store.put(`/api/v1/namespaces/${namespace}/secrets/${name}`, {
      apiVersion: "v1",
      kind: "Secret",
      type: options.type ?? "Opaque",
      metadata: { namespace, name },
      data,
    });
  }

  addPod(
    namespace: string,
    name: string,
    options: {
      readonly node: string;
      readonly phase?: string;
      readonly annotations?: { readonly [key: string]: string };
      readonly labels?: { readonly [key: string]: string };
    },
  ): KubeObject {
    return this.store.put(`/api/v1/namespaces/${namespace}/pods/${name}`, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { namespace, name, annotations: options.annotations ?? {}, labels: options.labels ?? {} },
      spec: { nodeName: options.node },
      status: { phase: options.phase ?? "Running" },
    });
  }

  /** The endpoints of the service default/kubernetes: addresses of API servers. */
  setKubernetesEndpoints(addresses: readonly string[]): KubeObject {
    return this.store.put("/api/v1/namespaces/default/endpoints/kubernetes", {
      apiVersion: "v1",
      kind: "Endpoints",
      metadata: { namespace: "default", name: "kubernetes" },
      subsets: [{ addresses: addresses.map((ip) => ({ ip })), ports: [{ name: "https", port: 6443, protocol: "TCP" }] }],
    });
  }

  /** The next `times` requests with this method whose path starts so, end so. */
  failNext(
    method: KubeRequest["method"],
    path: string,
    failure: FakeKubeFailure,
    options: { readonly host?: HostName; readonly times?: number } = {},
  ): void {
    this.#failures.push({ host: options.host, method, path, failure, times: options.times ?? 1 });
  }

  dialer(): KubeApiDialer {
    return {
      dial: (host) => {
        if (this.servers.get(host)?.isHostReachable === false) {
          return Promise.reject(new RecoveryError("SSH_UNREACHABLE", { subject: `host ${host}`, detail: "the fake host is off" }));
        }
        let isClosed = false;
        const api: KubeApi = {
          host,
          request: (request) =>
            isClosed ? Promise.reject(new Error(`the API client of ${host} was used after close()`)) : this.#request(host, request),
          close: () => {
            isClosed = true;
            return Promise.resolve();
          },
        };
        return Promise.resolve(api);
      },
      close: () => Promise.resolve(),
    };
  }

  async #request(host: HostName, request: KubeRequest): Promise<KubeAnswer> {
    const note = (status: number | "failed") => this.calls.push({ host, method: request.method, path: request.path, status });
    try {
      const answer = await this.#outcome(host, request);
      note(answer.status);
      return answer;
    } catch (error) {
      note("failed");
      throw error;
    }
  }

  async #outcome(host: HostName, request: KubeRequest): Promise<KubeAnswer> {
    await Promise.resolve();
    const retry = request.method === "GET" ? ("transient" as const) : ("unknown-outcome" as const);
    const lost = (detail: string, after: "transient" | "unknown-outcome") =>
      new RecoveryError("KUBE_API_UNREACHABLE", { subject: `API server on ${host}`, detail, retry: after });
    if (request.signal?.aborted === true)
      throw new RecoveryError("INTERRUPTED", {
        subject: `API server on ${host}`,
        detail: "the call was given up",
        cause: request.signal.reason,
        retry: "transient",
      });
    const planned = this.#failures.find(
      (one) =>
        one.times > 0 &&
        one.method === request.method &&
        request.path.startsWith(one.path) &&
        (one.host === undefined || one.host === host),
    );
    if (planned !== undefined) planned.times -= 1;
    const failure = planned?.failure;
    if (failure === "cut-before-effect") throw lost("the connection was lost before the answer came", retry);
    if (typeof failure === "object") return statusAnswer(failure.status, failure.reason, "planned by the test");
    const server = this.servers.get(host);
    if (server === undefined || server.process === "stopped") throw lost("connection refused", "transient");
    if (server.process === "frozen") throw lost(`no answer within ${String(request.timeoutMs)} ms`, retry);
    const answer = this.#answer(server, request);
    if (failure === "cut-after-effect") throw lost("the connection was lost before the answer came", retry);
    if (Buffer.byteLength(answer.text) > (request.answerBytesMax ?? defaultAnswerBytesMax)) {
      throw new RecoveryError("REMOTE_OUTPUT_TOO_LARGE", { subject: "API server's answer", detail: request.path });
    }
    return answer;
  }

  #answer(server: FakeApiServer, request: KubeRequest): KubeAnswer {
    const { path, query } = splitQuery(request.path);
    if (request.bearerToken !== undefined && !this.validTokens.has(request.bearerToken))
      return statusAnswer(401, "Unauthorized", "Unauthorized");
    if (path === "/livez" || path === "/healthz") return healthAnswer(path, server.failedLiveChecks);
    if (path === "/readyz") return healthAnswer(path, server.failedChecks);
    if (path === "/api") return json(200, { kind: "APIVersions", versions: ["v1"] });
    if (path === "/version") return json(200, { major: "1", minor: "34", gitVersion: this.version });
    const target = readKubePath(path);
    if (target === undefined) return statusAnswer(404, "NotFound", `the server could not find the requested resource ${path}`);
    if (target.subresource === "token" && request.method === "POST") return this.#issueToken();
    const isDryRun = query.get("dryRun") === "All";
    const answer = request.method === "GET" ? this.#read(target, query) : this.#write(target, request, isDryRun);
    if (request.method !== "GET" && answer.status < 300 && !isDryRun) this.effects.push(`${request.method} ${path}`);
    return answer;
  }

  #read(target: ObjectPath, query: URLSearchParams): KubeAnswer {
    if (target.name !== undefined) {
      const found = this.store.get(target);
      return found === undefined ? notFound(target) : json(200, found);
    }
    return json(200, this.store.list(target, query));
  }

  #write(target: ObjectPath, request: KubeRequest, isDryRun: boolean): KubeAnswer {
    const body = isObject(request.body) ? request.body : {};
    if (request.method === "POST") return this.#create(target, body, isDryRun);
    const found = this.store.get(target);
    if (found === undefined) return notFound(target);
    if (request.method === "DELETE") {
      const wanted = isObject(body["preconditions"]) ? body["preconditions"]["uid"] : undefined;
      if (wanted !== undefined && wanted !== found.metadata.uid)
        return statusAnswer(409, "Conflict", "Precondition failed: UID in precondition does not match");
      if (!isDryRun) this.store.delete(target);
      return json(200, { kind: "Status", apiVersion: "v1", status: "Success" });
    }
    const sent = isObject(body["metadata"]) ? body["metadata"]["resourceVersion"] : undefined;
    if (sent !== undefined && sent !== found.metadata.resourceVersion) return statusAnswer(409, "Conflict", "the object has been modified");
    const next = request.method === "PUT" ? this.store.replace(target, body, isDryRun) : this.store.mergePatch(target, body, isDryRun);
    return json(200, next);
  }

  #create(target: ObjectPath, body: { readonly [key: string]: unknown }, isDryRun: boolean): KubeAnswer {
    const metadata = isObject(body["metadata"]) ? body["metadata"] : {};
    const generated =
      typeof metadata["generateName"] === "string"
        ? `${metadata["generateName"]}${String(this.store.count()).padStart(5, "0")}`
        : undefined;
    const name = typeof metadata["name"] === "string" ? metadata["name"] : generated;
    // Reviews (selfsubjectreviews …) have no name, are answered and not kept.
    if (name === undefined) return json(201, body);
    const item = { ...target, name };
    if (this.store.get(item) !== undefined) return statusAnswer(409, "AlreadyExists", `${target.resource} "${name}" already exists`);
    return json(201, this.store.replace(item, { ...body, metadata: { ...metadata, name } }, isDryRun));
  }

  #issueToken(): KubeAnswer {
    this.#tokenCount += 1;
    const token = `fake-token-${String(this.#tokenCount)}`;
    this.validTokens.add(token);
    return json(201, {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      status: { token, expirationTimestamp: "2099-01-01T00:00:00Z" },
    });
  }
}

function json(status: number, value: unknown): KubeAnswer {
  return { status, text: JSON.stringify(value) };
}

function statusAnswer(status: number, reason: string, message: string): KubeAnswer {
  return json(status, { kind: "Status", apiVersion: "v1", status: "Failure", code: status, reason, message });
}

function notFound(target: ObjectPath): KubeAnswer {
  return statusAnswer(404, "NotFound", `${target.resource} "${target.name ?? ""}" not found`);
}

/** The text form of `?verbose`, as kube-apiserver prints it. */
function healthAnswer(path: string, failed: readonly string[]): KubeAnswer {
  const good = ["ping", "log", "etcd", "informer-sync", "shutdown"]
    .filter((check) => !failed.includes(check))
    .map((check) => `[+]${check} ok`);
  const bad = failed.map((check) => `[-]${check} failed: reason withheld`);
  const name = path.slice(1);
  return {
    status: failed.length === 0 ? 200 : 500,
    text: [...good, ...bad, `${name} check ${failed.length === 0 ? "passed" : "failed"}`, ""].join("\n"),
  };
}
