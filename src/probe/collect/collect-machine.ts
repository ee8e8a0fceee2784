/**
 * The small files of one machine for a backup set: certificates and keys,
 * manifests, settings, kubeconfigs. What should be there and is not is named.
 * It changes nothing on the machine, and keeps what it read in memory only.
 */
import type { BackupPartKind } from "../../model/backup-set.ts";
import type { ClusterConfig, HostConfig } from "../../model/cluster-config.ts";
import { behindLinks, namesThroughLinks, type LinkTargets } from "../../model/behind-links.ts";
import { isAtOrBelow } from "../../model/host-path.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { HostAccess } from "../../ports/host-access.ts";
import { collectArguments, collectOutputBytesMax, collectScript, type CollectPlaces } from "./collect-script.ts";
import { neededFiles, partKindOf, placesToCollect } from "./collected-paths.ts";
import {
  filesNamedByHaproxy,
  filesNamedByKeepalived,
  filesNamedByManifest,
  isEncryptionConfiguration,
  type NamedFiles,
} from "./named-files.ts";
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
  /** The same, of what no program of the cluster was seen to need: too large, or beside too much else. */
  readonly leftOut: readonly string[];
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
  const places = placesToCollect(host, config);
  const first = await ask(access, host, { places, reason: "collect the files of a backup", options });
  const firstFiles = filesOf(first.files);
  const named = namedBy(firstFiles, config);
  const namedPaths = [...new Set([...named.ofPods, ...named.ofBalancer])];
  // What the first look had, or said that it could not have, is not asked again; what a limit ended it before, is.
  const isAsked = (path: string): boolean =>
    isWithin(path, first.limits.some(({ ofRest }) => !ofRest) ? [] : places.wanted) ||
    isWithin(path, first.limits.length > 0 ? [] : places.rest) ||
    first.leftOut.some((one) => one.path === path);
  const further = namedPaths.filter((path) => !isThere(path, firstFiles) && !isAsked(path));
  const second: Collected =
    further.length === 0
      ? { files: [], missing: [], leftOut: [], limits: [] }
      : await ask(access, host, {
          places: { wanted: further, rest: [] },
          reason: "collect the files that the configuration of a machine names",
          options,
        });
  const found = filesOf([...first.files, ...second.files]);
  const encryptionConfigs = named.hasApiServer ? named.encryptionConfigs : encryptionConfigsIn(found);
  const known = { paths: config.paths, encryptionConfigs, balancerFiles: named.ofBalancer };
  return {
    parts: [...found.files.values()].sort(byPath).map((file) => ({ kind: kindOf(found.namesOf(file.path), known), file })),
    ...judgeMissing([first, second], found, { namedPaths, config, host, encryptionConfigs: named.encryptionConfigs }),
    apiServerVersion: named.apiServerVersion,
  };
}

interface FoundFiles {
  readonly files: ReadonlyMap<string, CollectedFile>;
  readonly links: LinkTargets;
  /** A file's names through the links. */
  readonly namesOf: (path: string) => readonly string[];
}

function filesOf(files: readonly CollectedFile[]): FoundFiles {
  const links = new Map(files.flatMap((file) => (file.target === undefined ? [] : [[file.path, file.target] as const])));
  return { files: new Map(files.map((file) => [file.path, file])), links, namesOf: namesThroughLinks(links) };
}

/** By any of its names: behind /etc/kubernetes on another disk are the same files. What control planes must have alike comes first; then the first that says more than "beside them". */
function kindOf(names: readonly string[], known: Parameters<typeof partKindOf>[1]): BackupPartKind {
  const kinds = names.map((name) => partKindOf(name, known));
  const named = kinds.filter((kind) => kind !== "static-pod");
  return named.find((kind) => kind === "encryption-config") ?? named.find((kind) => kind === "pki") ?? named[0] ?? "static-pod";
}

async function ask(
  access: HostAccess,
  host: HostConfig,
  asked: { readonly places: CollectPlaces; readonly reason: string; readonly options: CollectOptions },
): Promise<Collected> {
  const result = await access.run(host.name, {
    reason: asked.reason,
    script: collectScript,
    args: collectArguments(asked.places),
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

function namedBy({ files: byPath, namesOf }: FoundFiles, config: ClusterConfig): NamedByMachine {
  const files = [...byPath.values()];
  const names = (file: CollectedFile): readonly string[] => namesOf(file.path);
  const active = files
    .filter((file) => file.type === "file" && names(file).some((name) => isAtOrBelow(name, config.paths.manifestsDir)))
    .map((file) => filesNamedByManifest(textOf(file)));
  const running = active.find(({ apiServer }) => apiServer !== undefined);
  const aside = running === undefined ? apiServerAside(files) : undefined;
  const manifests = aside === undefined ? active : [...active, aside];
  const settings = (form: RegExp): readonly string[] =>
    files.filter((file) => file.type === "file" && names(file).some((name) => form.test(name))).map(textOf);
  return {
    ofPods: manifests.flatMap((one) => one.ofPods),
    ofBalancer: [
      ...settings(/^\/etc\/keepalived\/.*\.conf$/).flatMap(filesNamedByKeepalived),
      ...settings(/^\/etc\/haproxy\/.*\.cfg$/).flatMap(filesNamedByHaproxy),
    ],
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
function encryptionConfigsIn({ files }: FoundFiles): readonly string[] {
  return [...files.values()].filter((file) => file.type === "file" && isEncryptionConfiguration(textOf(file))).map(({ path }) => path);
}

/** What is missing, and what was left out without harm: nobody names it. */
function judgeMissing(
  answers: readonly Collected[],
  found: FoundFiles,
  asked: {
    readonly namedPaths: readonly string[];
    readonly config: ClusterConfig;
    readonly host: HostConfig;
    readonly encryptionConfigs: readonly string[];
  },
): Pick<MachineParts, "missing" | "leftOut"> {
  const wanted = [
    ...neededFiles(asked.host, asked.config),
    ...asked.encryptionConfigs.map((path) => ({ path, what: "the encryption configuration that the API server is started with" })),
  ];
  // Where a link led was not yet known, and may have been collected since.
  const folders = new Set([...found.files.values()].flatMap(({ type, path }) => (type === "file" ? foldersOf(path) : [])));
  const isCollected = (path: string): boolean => found.links.has(path) && folders.has(behindLinks(path, found.links) ?? path);
  const told = answers.flatMap(({ leftOut }) => leftOut.filter(({ path }) => !isCollected(path)));
  const byName = new Set([...asked.namedPaths, ...wanted.map((one) => one.path)]);
  const isNamed = (path: string): boolean => found.namesOf(path).some((name) => foldersOf(name).some((one) => byName.has(one)));
  const harmless = told.filter((one) => one.mayStayOut && !isNamed(one.path));
  const harmful = told.filter((one) => !harmless.includes(one) && !found.files.has(one.path));
  const limits = answers.flatMap((answer) => answer.limits);
  const words = (list: readonly { readonly path: string; readonly because: string }[]): readonly string[] =>
    list.map(({ path, because }) => `${path}: ${because}`);
  // What was not come to may be there.
  const isCut = limits.some(({ ofRest }) => !ofRest) || answers.some(({ missing }) => missing.length > 0);
  const gone = wanted
    .filter(({ path }) => !isThere(path, found) && !harmful.some((one) => one.path === behindLinks(path, found.links)))
    .map(({ path, what }) => `${path}: ${what} ${isCut ? "was not collected" : "is not there"}`);
  return {
    missing: [
      ...answers.flatMap(({ missing }) => missing),
      ...limits.filter(({ ofRest }) => !ofRest).map(({ because }) => because),
      ...words(harmful),
      ...gone,
    ],
    leftOut: [
      ...words(harmless),
      ...limits.filter(({ ofRest }) => ofRest).map(({ because }) => `/etc/kubernetes: beside what is known by name, ${because}`),
    ],
  };
}

/** /etc/kubernetes/pki of kubespray is a link to /etc/kubernetes/ssl: the file is in the set under its own name. */
function isThere(path: string, { files, links }: FoundFiles): boolean {
  return files.has(path) || files.has(behindLinks(path, links) ?? path);
}

function isWithin(path: string, places: readonly string[]): boolean {
  return places.some((place) => isAtOrBelow(path, place));
}

/** A path and all directories above it but "/". */
function foldersOf(path: string): readonly string[] {
  const words = path.split("/");
  return words.slice(1).map((_, index) => words.slice(0, index + 2).join("/"));
}

function textOf(file: CollectedFile): string {
  return new TextDecoder().decode(file.content);
}

function byPath(one: MachinePart["file"], other: MachinePart["file"]): number {
  return one.path < other.path ? -1 : one.path > other.path ? 1 : 0;
}
