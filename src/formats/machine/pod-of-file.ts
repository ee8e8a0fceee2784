import { kubeadmManifestsDir } from "../../model/restored-file.ts";
import type { PodOfFile } from "../../model/restored-file.ts";
import { readManifestText } from "./manifest-text.ts";

/** What may lie at one path. A link says nothing of what it leads to. */
export interface PodSource {
  readonly kind: "file" | "symlink" | "absent";
  readonly content: Uint8Array | undefined;
}

/**
 * What the kubelet starts from a file, by its content: it reads all that lies
 * directly in `manifestsDir` (or kubeadm's, where that is another one: it may
 * be read all the same), whatever its name. Of several contents the worst
 * counts. undefined: the kubelet reads nothing there.
 */
export function podOfFile(path: string, manifestsDir: string, sources: readonly PodSource[]): PodOfFile | undefined {
  const end = path.lastIndexOf("/");
  const name = path.slice(end + 1);
  if (![manifestsDir, kubeadmManifestsDir].includes(path.slice(0, end))) return undefined;
  const pods = sources.flatMap((source) => (source.kind === "absent" ? [] : [podOf(source, name)]));
  if (pods.includes("etcd") || /^\.?etcd\.(?:ya?ml|json)/.test(name)) return "etcd";
  return pods.includes("not-known") || pods.length === 0 ? "not-known" : "not-etcd";
}

function podOf({ kind, content }: PodSource, name: string): PodOfFile {
  if (kind !== "file" || content === undefined) return "not-known";
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    return "not-known"; // no text, so no manifest that is understood
  }
  const { etcdFlags, mayBeEtcds, problem } = readManifestText(text, name);
  if (etcdFlags !== undefined || mayBeEtcds === true || /\bimage["']?\s*:\s*["']?[^\s"']*\betcd\b/.test(text)) return "etcd";
  return problem === undefined ? "not-etcd" : "not-known";
}
