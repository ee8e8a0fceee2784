import type * as z from "zod";
import { defaultPaths, type ClusterConfig, type HostConfig } from "../model/cluster-config.ts";
import { asHostName } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { backupConfigOf } from "./backup-config-schema.ts";
import { closestWord } from "./closest-word.ts";
import { configSchema, connectTimeoutMsDefault, planLifetimeMsDefault, type ConfigInput } from "./config-schema.ts";
import { placeYaml, type FileProblem, type PlacedYaml, type YamlPath } from "./yaml-places.ts";

/** Problems shown at once: what fits on a screen. */
const problemsShownMax = 20;

/**
 * requorum.yaml as a configuration with its defaults. CONFIG_INVALID names
 * file, line and column of every problem and what was expected there. `path`
 * is where the text came from: a relative ssh.configFile is relative to it.
 */
export function readClusterConfig(text: string, path: string): ClusterConfig {
  const yaml = placeYaml(text);
  const parsed = yaml.syntaxProblems.length > 0 ? undefined : configSchema.safeParse(yaml.value);
  const problems =
    parsed === undefined ? yaml.syntaxProblems : parsed.success ? contradictions(parsed.data, yaml) : problemsOf(parsed.error.issues, yaml);
  if (problems.length > 0 || parsed?.success !== true) throw invalid(path, problems);
  return withDefaults(parsed.data, path);
}

function invalid(path: string, problems: readonly FileProblem[]): RecoveryError {
  const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
  const shown = sorted
    .slice(0, problemsShownMax)
    .map((problem) => `${path}:${String(problem.line)}:${String(problem.column)}: ${problem.message}`);
  if (sorted.length > shown.length) shown.push(`… and ${String(sorted.length - shown.length)} more`);
  return new RecoveryError("CONFIG_INVALID", { subject: `file ${path}`, detail: shown.join("\n") });
}

function problemsOf(issues: readonly z.core.$ZodIssue[], yaml: PlacedYaml): readonly FileProblem[] {
  // A mistyped key explains why the right one is missing: one mistake is told once.
  const mistyped = new Set(
    issues.flatMap((issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => words([...pathOf(issue), closestWord(key, knownKeys(pathOf(issue))) ?? ""]))
        : [],
    ),
  );
  return issues
    .filter((issue) => !(valueAt(yaml.value, pathOf(issue)) === undefined && mistyped.has(words(pathOf(issue)))))
    .flatMap((issue) => problemsOfIssue(issue, yaml));
}

function pathOf(issue: z.core.$ZodIssue): YamlPath {
  return issue.path.map((key) => (typeof key === "number" ? key : String(key)));
}

function problemsOfIssue(issue: z.core.$ZodIssue, yaml: PlacedYaml): readonly FileProblem[] {
  const path = pathOf(issue);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ ...yaml.placeOfKey(path, key), message: unknownKeyWords(key, path) }));
  }
  const place = yaml.placeOf(path);
  const value = valueAt(yaml.value, path);
  if (value === undefined && path.length > 0) {
    return [{ ...place, message: `${words(path)} is missing; expected ${expectation(issue)}` }];
  }
  return [
    {
      ...place,
      message: `${path.length === 0 ? "the file" : words(path)} is ${shownValue(value)}; expected ${expectation(issue)}${suggestion(issue, value)}`,
    },
  ];
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return typeWords[issue.expected] ?? issue.expected;
    case "invalid_value":
      return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      return issue.origin === "number" ? `at least ${String(issue.minimum)}` : "at least one entry";
    case "too_big":
      return `at most ${String(issue.maximum)}${issue.origin === "number" ? "" : " entries"}`;
    case "invalid_format":
    case "custom":
    case "not_multiple_of":
    case "invalid_union":
    case "invalid_key":
    case "invalid_element":
    case "unrecognized_keys":
      return issue.message;
  }
}

const typeWords: { readonly [type: string]: string } = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a mapping (key: value lines)",
  array: "a list (lines that start with -)",
};

function suggestion(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === "invalid_value" && issue.values.length > 1 && typeof value === "string")
    return meant(closestWord(value, issue.values.map(String)));
  if (issue.code === "invalid_type" && issue.expected === "string" && typeof value === "number")
    return ` (put it in quotes: "${String(value)}")`;
  return "";
}

function meant(word: string | undefined): string {
  return word === undefined ? "" : `; did you mean ${word}?`;
}

function unknownKeyWords(key: string, parent: YamlPath): string {
  const known = knownKeys(parent);
  const near = closestWord(key, known);
  const where = parent.length === 0 ? "" : ` in ${words(parent)}`;
  return `${JSON.stringify(key)} is not known${where}${near === undefined ? `; expected one of ${known.join(", ")}` : meant(near)}`;
}

/** Keys of the mapping at this path, from the schema's own shape. */
function knownKeys(path: YamlPath): readonly string[] {
  const { shape } = configSchema;
  switch (path[0]) {
    case undefined:
      return Object.keys(shape);
    case "hosts":
      return Object.keys(shape.hosts.element.shape);
    case "ssh":
      return Object.keys(shape.ssh.unwrap().shape);
    case "paths":
      return Object.keys(shape.paths.unwrap().shape);
    case "policy":
      return Object.keys(shape.policy.unwrap().shape);
    case "backup":
      return knownBackupKeys(path[1]);
    default:
      return [];
  }
}

function knownBackupKeys(section: YamlPath[number] | undefined): readonly string[] {
  const { shape } = configSchema.shape.backup.unwrap();
  if (section === "retention" || section === "s3" || section === "schedule" || section === "metrics" || section === "webhook")
    return Object.keys(shape[section].unwrap().shape);
  return section === undefined ? Object.keys(shape) : [];
}

/** hosts[2].address */
function words(path: YamlPath): string {
  return path.map((key, index) => (typeof key === "number" ? `[${String(key)}]` : `${index === 0 ? "" : "."}${key}`)).join("");
}

function shownValue(value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a mapping";
  const text = JSON.stringify(value);
  // Pasted where its public half belongs: not to be shown to everybody who reads the screen.
  if (/AGE-SECRET-KEY/i.test(text)) return "a secret key";
  // A value this long is not a mistyped word; and whatever it is, it need not be repeated on a screen.
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function valueAt(value: unknown, path: YamlPath): unknown {
  let current: unknown = value;
  for (const key of path) {
    if (typeof current !== "object" || current === null) return undefined;
    current = (current as Record<string | number, unknown>)[key];
  }
  return current;
}

/** What each line allows and all together do not. */
function contradictions(input: ConfigInput, yaml: PlacedYaml): readonly FileProblem[] {
  const problems: FileProblem[] = [];
  const places: { readonly name: Map<string, number>; readonly address: Map<string, number> } = { name: new Map(), address: new Map() };
  input.hosts.forEach((host, index) => {
    for (const field of ["name", "address"] as const) {
      const key = host[field].toLowerCase();
      const earlier = places[field].get(key);
      if (earlier === undefined) places[field].set(key, index);
      else
        problems.push({
          ...yaml.placeOf(["hosts", index, field]),
          message: `hosts[${String(index)}].${field} is ${JSON.stringify(host[field])}, which hosts[${String(earlier)}] has already; expected ${field === "name" ? "a name" : "an address"} of its own`,
        });
    }
    const roles = host.roles ?? ["control-plane"];
    const twice = roles.findIndex((role, at) => roles.indexOf(role) !== at);
    if (twice >= 0)
      problems.push({
        ...yaml.placeOf(["hosts", index, "roles", twice]),
        message: `hosts[${String(index)}].roles names ${roles[twice] ?? ""} twice`,
      });
  });
  const has = (role: HostConfig["roles"][number]) => input.hosts.some((host) => (host.roles ?? ["control-plane"]).includes(role));
  if (!has("control-plane"))
    problems.push({ ...yaml.placeOf(["hosts"]), message: "no host has the role control-plane; expected at least one" });
  if (input.etcdTopology === "external" && !has("etcd")) {
    problems.push({
      ...yaml.placeOf(["etcdTopology"]),
      message: "etcdTopology is external, but no host has the role etcd; expected at least one, or stacked",
    });
  }
  const { backup } = input;
  if (backup !== undefined && (backup.recipients ?? []).length === 0 && backup.passphraseFile === undefined) {
    problems.push({
      ...yaml.placeOf(["backup"]),
      message: "backup has neither recipients nor a passphraseFile, so nobody could open a set; expected at least one",
    });
  }
  return problems;
}

function withDefaults(input: ConfigInput, path: string): ClusterConfig {
  const configFile = input.ssh?.configFile;
  return {
    apiVersion: input.apiVersion,
    cluster: input.cluster,
    platform: input.platform ?? "kubeadm",
    etcdTopology: input.etcdTopology ?? "stacked",
    controlPlaneEndpoint: input.controlPlaneEndpoint,
    loadBalancer: input.loadBalancer ?? "none",
    hosts: input.hosts.map(hostOf),
    ssh: {
      ...(configFile === undefined ? {} : { configFile: resolvePath(configFile, path) }),
      connectTimeoutMs: input.ssh?.connectTimeoutMs ?? connectTimeoutMsDefault,
    },
    paths: {
      etcdDataDir: input.paths?.etcdDataDir ?? defaultPaths.etcdDataDir,
      pkiDir: input.paths?.pkiDir ?? defaultPaths.pkiDir,
      manifestsDir: input.paths?.manifestsDir ?? defaultPaths.manifestsDir,
    },
    policy: {
      planLifetimeMs: input.policy?.planLifetimeMs ?? planLifetimeMsDefault,
    },
    ...(input.backup === undefined ? {} : { backup: backupConfigOf(input.backup, (written) => resolvePath(written, path)) }),
  };
}

function hostOf(input: ConfigInput["hosts"][number]): HostConfig {
  return {
    name: asHostName(input.name),
    address: input.address,
    roles: input.roles ?? ["control-plane"],
    ...(input.sshAddress === undefined ? {} : { sshAddress: input.sshAddress }),
    ...(input.sshUser === undefined ? {} : { sshUser: input.sshUser }),
    ...(input.sshPort === undefined ? {} : { sshPort: input.sshPort }),
    ...(input.sshJump === undefined ? {} : { sshJump: input.sshJump }),
  };
}

/** "~/" is left for the SSH adapter, which knows whose home it is. */
function resolvePath(path: string, configPath: string): string {
  if (path.startsWith("/") || path.startsWith("~/")) return path;
  const slash = configPath.lastIndexOf("/");
  return slash < 0 ? path : `${configPath.slice(0, slash)}/${path}`;
}
