import { stringify } from "yaml";
import type { ClusterConfig, HostRole, LoadBalancerKind, Platform } from "../model/cluster-config.ts";
import { readClusterConfig } from "./config.ts";

/** Something found out, and where. */
export interface Found<T> {
  readonly value: T;
  /** In words, for a comment: "kubelet.conf on cp1", "--host", "hosts.ini:12". */
  readonly source: string;
}

export interface DraftHost {
  readonly name: string;
  /** undefined: not yet found out; the name is used. */
  readonly address: Found<string> | undefined;
  readonly roles: Found<readonly HostRole[]> | undefined;
  readonly sshAddress?: string;
  readonly sshUser?: string;
  readonly sshPort?: number;
  readonly sshJump?: string;
  /** What a person should know about this machine. */
  readonly notes: readonly string[];
}

/** requorum.yaml in the making: what is known so far and from where. Never holds a secret. */
export interface ConfigDraft {
  readonly cluster: Found<string>;
  readonly platform?: Found<Platform>;
  readonly etcdTopology?: Found<"stacked" | "external">;
  readonly controlPlaneEndpoint?: Found<string>;
  readonly loadBalancer?: Found<LoadBalancerKind>;
  readonly hosts: readonly DraftHost[];
  readonly sshConfigFile?: string;
  readonly paths?: { readonly [path in keyof ClusterConfig["paths"]]?: Found<string> };
  /** What could not be found out, or contradicts itself. */
  readonly notes: readonly string[];
}

/** The text of requorum.yaml, each fact with its source as a comment. `madeBy`: "requorum init, 2026-03-01T03:00:00Z". */
export function writeConfigText(draft: ConfigDraft, madeBy: string): string {
  const lines = [
    `# Written by ${oneLine(madeBy)}. Every fact names its source; change what is wrong.`,
    ...notes(draft.notes, ""),
    "apiVersion: requorum/v1",
    fact("cluster", draft.cluster),
  ];
  for (const key of ["platform", "etcdTopology", "controlPlaneEndpoint", "loadBalancer"] as const) {
    const found = draft[key];
    if (found !== undefined) lines.push(fact(key, found));
  }
  if (draft.controlPlaneEndpoint === undefined) lines.push("# controlPlaneEndpoint: ADDRESS:PORT   # not found out");
  if (draft.sshConfigFile !== undefined) lines.push("ssh:", `  configFile: ${scalar(draft.sshConfigFile)}`);
  const paths = Object.entries(draft.paths ?? {});
  if (paths.length > 0) lines.push("paths:", ...paths.map(([key, found]) => `  ${fact(key, found)}`));
  lines.push("hosts:");
  for (const host of draft.hosts) lines.push(...hostLines(host));
  return `${lines.join("\n")}\n`;
}

/** The configuration that the text of a draft is. */
export function configOfDraft(draft: ConfigDraft, path: string): ClusterConfig {
  return readClusterConfig(writeConfigText(draft, "requorum"), path);
}

function hostLines(host: DraftHost): readonly string[] {
  const lines = [...notes(host.notes, "  "), `  - name: ${scalar(host.name)}`];
  lines.push(
    host.address === undefined
      ? `    address: ${scalar(host.name)}   # the name: no other address was found`
      : `    ${fact("address", host.address)}`,
  );
  if (host.roles !== undefined) lines.push(`    roles: [${host.roles.value.join(", ")}]   # ${oneLine(host.roles.source)}`);
  for (const key of ["sshAddress", "sshUser", "sshPort", "sshJump"] as const) {
    const value = host[key];
    if (value !== undefined) lines.push(`    ${key}: ${scalar(value)}`);
  }
  return lines;
}

function fact(key: string, found: Found<string>): string {
  return `${key}: ${scalar(found.value)}   # ${oneLine(found.source)}`;
}

/** YAML decides about quotes; one line whatever the length. */
function scalar(value: string | number): string {
  return stringify(value, { lineWidth: 0 }).trim();
}

function notes(texts: readonly string[], indent: string): readonly string[] {
  return texts.map((text) => `${indent}# NOTE: ${oneLine(text)}`);
}

/** A comment ends with its line: what came from a machine must not add lines of its own. */
function oneLine(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
}
