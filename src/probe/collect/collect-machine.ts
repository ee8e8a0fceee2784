/**
 * The small files of one machine for a backup set: certificates and keys,
 * manifests, settings, kubeconfigs. What should be there and is not is named.
 * It changes nothing on the machine, and keeps what it read in memory only.
 */
import type { BackupPartKind } from "../../model/backup-set.ts";
import type { ClusterConfig, HostConfig } from "../../model/cluster-config.ts";
import { isAtOrBelow } from "../../model/host-path.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { HostAccess } from "../../ports/host-access.ts";
import { collectArguments, collectOutputBytesMax, collectScript } from "./collect-script.ts";
import { neededFiles, partKindOf, placesToCollect } from "./collected-paths.ts";
import { filesNamedByKeepalived, filesNamedByManifest, isEncryptionConfiguration, type NamedFiles } from "./named-files.ts";
import { parseCollected, type Collected, type CollectedFile } from "./parse-collected.ts";

/** Reading some MiB and sending them over a slow line: 16 MiB at 300 KB/s, and a machine under load. */
const timeoutMs = 90_000;

export interface MachinePart {
  readonly kind: BackupPartKind;
  readonly file: CollectedFile;
}

export interface MachineParts {
  readonly parts: readonly MachinePart[];
  /** Sentences, without the machine's name. Empty: all is there. */
  readonly missing: readonly string[];
  /** "v1.34.4", as the API server's manifest names its image. */
  readonly apiServerVersion: string | undefined;
}

export interface CollectOptions {
  readonly signal: AbortSignal;
}

/** Throws what reaching the machine throws, REMOTE_COMMAND_FAILED and REMOTE_ANSWER_MALFORMED. */
export async function collectMachine(
  access: HostAccess,
  config: ClusterConfig,
  host: HostConfig,
  options: CollectOptions,
): Promise<MachineParts> {
  const first = await ask(access, host, { paths: placesToCollect(config.paths), reason: "collect the files of a backup", options });
  const files = new Map(first.files.map((file) => [file.path, file]));
  const named = namedBy([...files.values()], config);
  // What the first look had, or said that it could not have, is not asked again.
  const further = [...named.ofPods, ...named.ofBalancer].filter(
    (path) => !isWithin(path, placesToCollect(config.paths)) && !files.has(path),
  );
  const second =
    further.length === 0
      ? { files: [], missing: [] }
      : await ask(access, host, { paths: further, reason: "collect the files that the configuration of a machine names", options });
  for (const file of second.files) files.set(file.path, file);
  const encryptionConfigs = named.hasApiServer ? named.encryptionConfigs : encryptionConfigsIn([...files.values()]);
  const known = { paths: config.paths, encryptionConfigs, balancerFiles: named.ofBalancer };
  return {
    parts: [...files.values()].sort(byPath).map((file) => ({ kind: partKindOf(file.path, known), file })),
    missing: [...first.missing, ...second.missing, ...notThere(files, { config, host, encryptionConfigs: named.encryptionConfigs })],
    apiServerVersion: named.apiServerVersion,
  };
}

async function ask(
  access: HostAccess,
  host: HostConfig,
  asked: { readonly paths: readonly string[]; readonly reason: string; readonly options: CollectOptions },
): Promise<Collected> {
  const result = await access.run(host.name, {
    reason: asked.reason,
    script: collectScript,
    args: collectArguments(asked.paths),
    timeoutMs,
    outputBytesMax: collectOutputBytesMax,
    changesThings: false,
    signal: asked.options.signal,
  });
  if (result.exitCode !== 0) {
    throw new RecoveryError("REMOTE_COMMAND_FAILED", {
      subject: `host ${host.name}`,
      detail: `"${asked.reason}" ended with exit status ${String(result.exitCode)}: ${result.stderr.trim().split("\n").slice(-2).join("; ").slice(0, 300)}`,
    });
  }
  return parseCollected(result.stdout, `host ${host.name}`);
}

interface NamedByMachine {
  readonly ofPods: readonly string[];
  readonly ofBalancer: readonly string[];
  readonly encryptionConfigs: readonly string[];
  readonly hasApiServer: boolean;
  readonly apiServerVersion: string | undefined;
}

function namedBy(files: readonly CollectedFile[], config: ClusterConfig): NamedByMachine {
  const active = files
    .filter((file) => file.type === "file" && isAtOrBelow(file.path, config.paths.manifestsDir))
    .map((file) => filesNamedByManifest(textOf(file)));
  const running = active.find(({ apiServer }) => apiServer !== undefined);
  const aside = running === undefined ? apiServerAside(files) : undefined;
  const manifests = aside === undefined ? active : [...active, aside];
  const keepalived = files.filter((file) => file.type === "file" && /^\/etc\/keepalived\/.*\.conf$/.test(file.path));
  return {
    ofPods: manifests.flatMap((one) => one.ofPods),
    ofBalancer: keepalived.flatMap((file) => filesNamedByKeepalived(textOf(file))),
    encryptionConfigs: manifests.flatMap((one) => one.encryptionConfigs),
    hasApiServer: (running ?? aside) !== undefined,
    apiServerVersion: (running ?? aside)?.apiServer?.version,
  };
}

/** Who stops an API server moves its manifest away, and then most needs a backup: the youngest that was collected says what it was started with. */
function apiServerAside(files: readonly CollectedFile[]): NamedFiles | undefined {
  return [...files]
    .filter((file) => file.type === "file")
    .sort((one, other) => other.modifiedAt - one.modifiedAt)
    .map(textOf)
    .filter((text) => text.includes("kube-apiserver"))
    .map(filesNamedByManifest)
    .find(({ apiServer }) => apiServer !== undefined);
}

/** Where no manifest says it, the file's own form does. */
function encryptionConfigsIn(files: readonly CollectedFile[]): readonly string[] {
  return files.filter((file) => file.type === "file" && isEncryptionConfiguration(textOf(file))).map(({ path }) => path);
}

function notThere(
  files: ReadonlyMap<string, CollectedFile>,
  asked: { readonly config: ClusterConfig; readonly host: HostConfig; readonly encryptionConfigs: readonly string[] },
): readonly string[] {
  const wanted = [
    ...neededFiles(asked.host, asked.config),
    ...asked.encryptionConfigs.map((path) => ({ path, what: "the encryption configuration that the API server is started with" })),
  ];
  const isThere = (path: string): boolean => files.has(path) || isBehindLink(path, files);
  return wanted.filter(({ path }) => !isThere(path)).map(({ path, what }) => `${path}: ${what} is not there`);
}

/** /etc/kubernetes/pki of kubespray is a link to /etc/kubernetes/ssl: the file is in the set under its own name. */
function isBehindLink(path: string, files: ReadonlyMap<string, CollectedFile>): boolean {
  for (const link of files.values()) {
    if (link.type !== "symlink" || link.target === undefined || !path.startsWith(`${link.path}/`)) continue;
    const folder = link.target.startsWith("/") ? link.target : `${link.path.slice(0, link.path.lastIndexOf("/"))}/${link.target}`;
    if (files.has(`${folder.replace(/\/+$/, "")}${path.slice(link.path.length)}`)) return true;
  }
  return false;
}

function isWithin(path: string, places: readonly string[]): boolean {
  return places.some((place) => isAtOrBelow(path, place));
}

function textOf(file: CollectedFile): string {
  return new TextDecoder().decode(file.content);
}

function byPath(one: MachinePart["file"], other: MachinePart["file"]): number {
  return one.path < other.path ? -1 : one.path > other.path ? 1 : 0;
}
