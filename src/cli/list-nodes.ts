import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as z from "zod";

export type NodeListing =
  | {
      readonly kind: "listed";
      readonly nodes: readonly { readonly name: string; readonly internalIp: string; readonly isControlPlane: boolean }[];
    }
  | { readonly kind: "no-answer"; readonly because: string };

const nodeList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
      status: z.object({ addresses: z.array(z.object({ type: z.string(), address: z.string() })).default([]) }).default({ addresses: [] }),
    }),
  ),
});

/** An API server that answers does so within this; one that hangs is why somebody runs `init` now. */
const timeoutMs = 15_000;

/**
 * The Nodes as the person's own kubectl sees them through this kubeconfig:
 * only kubectl knows every way of logging in that such a file can name. Used by
 * `init` while the cluster still answers; nothing else depends on it.
 */
export async function listNodes(kubeconfigPath: string, signal: AbortSignal): Promise<NodeListing> {
  try {
    const { stdout } = await promisify(execFile)(
      "kubectl",
      ["--kubeconfig", kubeconfigPath, "--request-timeout=10s", "get", "nodes", "-o", "json"],
      { timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024, signal },
    );
    const { items } = nodeList.parse(JSON.parse(stdout));
    return {
      kind: "listed",
      nodes: items.map(({ metadata, status }) => ({
        name: metadata.name,
        internalIp: status.addresses.find((address) => address.type === "InternalIP")?.address ?? "",
        isControlPlane: "node-role.kubernetes.io/control-plane" in metadata.labels || "node-role.kubernetes.io/master" in metadata.labels,
      })),
    };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      return { kind: "no-answer", because: "there is no kubectl on this machine" };
    const stderr = error instanceof Error && "stderr" in error ? String(error.stderr).trim().split("\n").at(-1) : undefined;
    return {
      kind: "no-answer",
      because: stderr === undefined || stderr === "" ? (error instanceof Error ? error.message : String(error)) : stderr,
    };
  }
}
