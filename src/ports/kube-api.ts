import type { HostName } from "../model/ids.ts";

export interface KubeRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Absolute path with query: "/api/v1/nodes?limit=500". */
  readonly path: string;
  readonly body?: unknown;
  /** For PATCH: merge or strategic-merge … */
  readonly contentType?: "application/json" | "application/merge-patch+json" | "application/strategic-merge-patch+json";
  /** Another form of answer than plain JSON: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1". */
  readonly accept?: string;
  readonly timeoutMs: number;
  /** Default 32 MiB. */
  readonly answerBytesMax?: number;
  /** Bearer token instead of the client certificate (to prove that tokens work). Never logged. */
  readonly bearerToken?: string;
  readonly signal?: AbortSignal;
}

export interface KubeAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * One API server at its node, never the VIP. Throws KUBE_API_UNREACHABLE,
 * KUBE_API_TLS; an HTTP error status is an answer, not an error.
 */
export interface KubeApi {
  readonly host: HostName;
  request(request: KubeRequest): Promise<KubeAnswer>;
  close(): Promise<void>;
}

export interface KubeApiDialer {
  /** Credentials are that node's own admin.conf, or super-admin.conf where only that exists. */
  dial(host: HostName, options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<KubeApi>;
  close(): Promise<void>;
}
