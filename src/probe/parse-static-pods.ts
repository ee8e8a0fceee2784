import { parse } from "yaml";
import { readManifestText } from "../formats/machine/manifest-text.ts";
import type { StaticPod } from "../formats/machine/static-pod.ts";
import type { ManifestFacts } from "../model/inventory.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { malformed, textOfBase64 } from "./parse-host-answer.ts";

/** What files of a round said, by their content: kubeadm writes some of them alike on every machine, and reading YAML takes time. */
export type ReadManifests = Map<string, StaticPod>;

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
    // A directory, or a link that leads nowhere: there are no bytes to sum up.
    if (line === "no-file plain:etcd.yaml") return { fileName: "etcd.yaml", sha256: "", podName: "", problem: "it is no regular file" };
    const match = /^file (plain|base64):(\S+) ([0-9a-f]{64}) (\S*)$/.exec(line);
    if (match === null) throw malformed("static-pod directory", `${JSON.stringify(line.slice(0, 60))} is not a file entry`);
    const fileName = match[1] === "plain" ? (match[2] ?? "") : textOfBase64(match[2] ?? "", "file name");
    const sha256 = match[3] ?? "";
    const content = match[4] ?? "";
    // A name tells what a file has to be, so the same content is read again under another one.
    const key = `${fileName} ${content}`;
    const said = read.get(key) ?? contentSaid(content, fileName);
    read.set(key, said);
    return { fileName, sha256, ...said };
  });
}

function contentSaid(content: string, fileName: string): StaticPod {
  try {
    return readManifestText(textOfBase64(content, fileName), fileName);
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    return { podName: "", problem: error.detail };
  }
}

/** Throws REMOTE_ANSWER_MALFORMED. Aliases are bounded: a hostile file must not expand without end. */
export function parseYaml(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 20 });
  } catch (cause) {
    throw new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject: "YAML", detail: "it is not valid YAML", cause });
  }
}
