import { parse } from "yaml";
import type { ManifestFacts } from "../model/inventory.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { listOf, recordOf, stringAt } from "./json-value.ts";
import { malformed, textOfBase64 } from "./parse-host-answer.ts";

/** What files of a round said, by their content: kubeadm writes some of them alike on every machine, and reading YAML takes time. */
export type ReadManifests = Map<string, Omit<ManifestFacts, "fileName" | "sha256">>;

/**
 * Pure but for `read`, which it adds to. Text of the section manifests: one line "file NAME SHA256 CONTENT" per
 * file, the name as "plain:…" or "base64:…", the content in base64. A file that cannot be understood is kept
 * with its `problem`: the kubelet reads it too (H09). A directory that does
 * not exist has no manifests. Throws REMOTE_ANSWER_MALFORMED.
 */
export function parseStaticPods(text: string, read: ReadManifests = new Map()): readonly ManifestFacts[] {
  const lines = text.split("\n").filter((line) => line !== "");
  if (lines.length === 1 && lines[0] === "absent") return [];
  return lines.map((line) => {
    if (line === "too-many") throw malformed("static-pod directory", "it holds more than 64 files");
    const match = /^file (plain|base64):(\S+) ([0-9a-f]{64}) (\S*)$/.exec(line);
    if (match === null) throw malformed("static-pod directory", `${JSON.stringify(line.slice(0, 60))} is not a file entry`);
    const fileName = match[1] === "plain" ? (match[2] ?? "") : textOfBase64(match[2] ?? "", "file name");
    const sha256 = match[3] ?? "";
    try {
      const content = match[4] ?? "";
      const said = read.get(content) ?? parseStaticPod(textOfBase64(content, fileName));
      read.set(content, said);
      return { fileName, sha256, ...said };
    } catch (error) {
      if (!(error instanceof RecoveryError)) throw error;
      return { fileName, sha256, podName: "", problem: error.detail };
    }
  });
}

/**
 * One static pod's manifest. Flags are read where the kubelet's own user puts
 * them: `command` followed by `args` of the first container.
 * Throws REMOTE_ANSWER_MALFORMED.
 */
export function parseStaticPod(yamlText: string): Omit<ManifestFacts, "fileName" | "sha256"> {
  const pod = parseYaml(yamlText);
  if (stringAt(pod, "kind") !== "Pod") throw malformed("manifest", "it is not a Pod");
  const podName = stringAt(pod, "metadata", "name");
  if (podName === undefined) throw malformed("manifest", "the pod has no name");
  const container = recordOf(listOf(recordOf(recordOf(pod)?.["spec"])?.["containers"])[0]);
  const words = [...listOf(container?.["command"]), ...listOf(container?.["args"])].map(String);
  switch (words[0]?.split("/").at(-1) ?? "") {
    case "etcd":
      return { podName, etcdFlags: etcdFlags(words) };
    case "kube-apiserver": {
      const encryptionConfigPath = flagValue(words, "encryption-provider-config");
      return {
        podName,
        etcdServers: (flagValue(words, "etcd-servers") ?? "").split(",").filter((server) => server !== ""),
        ...(encryptionConfigPath === undefined ? {} : { encryptionConfigPath }),
      };
    }
    default:
      return { podName };
  }
}

/** Defaults are etcd's own (etcd, server/embed/config.go); "" stands for a state that was not given, which etcd reads as new. */
function etcdFlags(words: readonly string[]): NonNullable<ManifestFacts["etcdFlags"]> {
  const force = flagValue(words, "force-new-cluster");
  const walDir = flagValue(words, "wal-dir") ?? "";
  return {
    name: flagValue(words, "name") ?? "default",
    dataDir: flagValue(words, "data-dir") ?? "",
    ...(walDir === "" ? {} : { walDir }),
    initialCluster: flagValue(words, "initial-cluster") ?? "",
    initialClusterState: flagValue(words, "initial-cluster-state") ?? "",
    forceNewCluster: force !== undefined && force !== "false",
  };
}

/** `--name=value`, `--name value` or, for booleans, `--name`; the last one counts, as in Go's flag package. */
function flagValue(words: readonly string[], name: string): string | undefined {
  let value: string | undefined;
  words.forEach((word, index) => {
    const bare = word.replace(/^--?/, "");
    if (bare === word) return;
    if (bare.startsWith(`${name}=`)) value = bare.slice(name.length + 1);
    else if (bare === name) value = words[index + 1]?.startsWith("-") === false ? words[index + 1] : "true";
  });
  return value;
}

/** Throws REMOTE_ANSWER_MALFORMED. Aliases are bounded: a hostile file must not expand without end. */
export function parseYaml(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 20 });
  } catch (cause) {
    throw new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject: "YAML", detail: "it is not valid YAML", cause });
  }
}
