import { isNamedAfterEtcdTool } from "../../model/etcd-tool-name.ts";
import { cleanPath, isAtOrBelow } from "../../model/host-path.ts";
import type { HostPlace, ManifestFacts } from "../../model/inventory.ts";
import { RecoveryError } from "../../model/recovery-error.ts";

/** What a manifest says, by its content. */
export type StaticPod = Omit<ManifestFacts, "fileName" | "sha256">;

type Fields = { readonly [key: string]: unknown };

/**
 * One static pod's manifest, as YAML's reader gives it. A pod that is, or may
 * be, etcd's and whose etcd is not understood has a `problem`: only a pod that
 * was understood may say nothing. Throws REMOTE_ANSWER_MALFORMED for what is no pod with a name.
 */
export function readStaticPod(value: unknown, fileName = ""): StaticPod {
  const pod = recordOf(value);
  if (pod?.["kind"] !== "Pod") throw malformed("it is not a Pod");
  const metadata = recordOf(pod["metadata"]);
  const podName = metadata?.["name"];
  if (typeof podName !== "string") throw malformed("the pod has no name");
  const spec = recordOf(pod["spec"]) ?? {};
  const containers = listOf(spec["containers"]).flatMap((item): Fields[] => {
    const one = recordOf(item);
    return one === undefined ? [] : [one];
  });
  if (containers.length === 0 || containers.length !== listOf(spec["containers"]).length)
    return { podName, problem: "its list of containers is missing, or not understood" };
  const all = [...containers, ...recordsOf(spec["initContainers"])];
  if (all.some(hasOddWords)) return { podName, problem: "a container's command or args are not texts" };
  const etcds = containers.filter(isEtcdServer);
  const etcd = etcds[0];
  if (etcds.length > 1) return { podName, problem: "more than one of its containers runs etcd" };
  if (etcd !== undefined) return { podName, etcdFlags: etcdFlags(etcd, spec) };
  const isEtcdsByName = podName === "etcd" || fileName === "etcd.yaml" || recordOf(metadata?.["labels"])?.["component"] === "etcd";
  const isLikeEtcd = all.some((container) => isEtcdServer(container) || mayRunEtcd(container));
  if (isLikeEtcd && isEtcdsByName) {
    const places = writablePlaces(containers.filter(mayRunEtcd), spec);
    const problem = "it may run etcd, and how is not understood";
    return { podName, problem, ...(places === undefined ? {} : { mayKeepDataIn: places }) };
  }
  if (isEtcdsByName) return { podName, problem: "by its name it is etcd's, and no etcd is found in it" };
  const words = wordsOf(containers[0] ?? {});
  if (lastPart(words[0] ?? "") !== "kube-apiserver") {
    // A pod of another name, as for backups, may only be taken for etcd's where nothing else on the machine is.
    const isNamed = isNamedLikeEtcd(podName, fileName) && !isNamedAfterEtcdTool(podName);
    return { podName, ...(isLikeEtcd || (isNamed && keepsSomethingOfEtcd(all, spec)) ? { mayBeEtcds: true } : {}) };
  }
  const encryptionConfigPath = flagValue(words, "encryption-provider-config");
  return {
    podName,
    etcdServers: (flagValue(words, "etcd-servers") ?? "").split(",").filter((server) => server !== ""),
    ...(encryptionConfigPath === undefined ? {} : { encryptionConfigPath }),
  };
}

/** Where the kubelet's own user puts flags: `command` followed by `args`. */
function wordsOf(container: Fields): readonly string[] {
  return [...listOf(container["command"]), ...listOf(container["args"])].filter((word) => typeof word === "string");
}

/** The kubelet takes lists of texts only, and refuses the pod else. */
function hasOddWords(container: Fields): boolean {
  return ["command", "args"].some((name) => {
    const words = container[name] ?? [];
    return !Array.isArray(words) || words.some((word) => typeof word !== "string");
  });
}

function lastPart(path: string): string {
  return path.split("/").at(-1) ?? "";
}

/** The first word of `command`; args alone are words for a program that the image names. */
function programOf(container: Fields): string {
  const [program] = listOf(container["command"]);
  return typeof program === "string" ? lastPart(program) : "";
}

/** etcd's other trades keep no data: etcd, server/etcdmain/main.go. */
const tradesWithoutData: readonly string[] = ["gateway", "grpc-proxy"];

function isEtcdServer(container: Fields): boolean {
  return programOf(container) === "etcd" && !tradesWithoutData.includes(wordsOf(container)[1] ?? "");
}

/** A shell or a script around it, or an image that starts it: by its name, its image without a command, or what it is started with. */
function mayRunEtcd(container: Fields): boolean {
  const program = programOf(container);
  if (program === "etcd" || /^kube-/.test(program) || isNamedAfterEtcdTool(program)) return false;
  const image = lastPart(textIn(container, "image").replace(/@[^]*$/, "")).replace(/:[^]*$/, "");
  const isEtcdImage = /(^|[^a-z])etcd([^a-z]|$)/.test(image) && !isNamedAfterEtcdTool(image);
  if (container["name"] === "etcd" || (program === "" && isEtcdImage)) return true;
  const settings = /^ETCD_(DATA_DIR|INITIAL_CLUSTER|INITIAL_ADVERTISE_PEER_URLS|LISTEN_PEER_URLS)$/;
  if (recordsOf(container["env"]).some((entry) => settings.test(textIn(entry, "name")))) return true;
  return /(^|[^a-z])etcd(?!ctl|utl)/.test(program) || wordsOf(container).some(isWordForEtcd);
}

function isWordForEtcd(word: string): boolean {
  if (/^--?(data-dir|initial-cluster|initial-advertise-peer-urls|listen-peer-urls)(=|$)/.test(word)) return true;
  // A path alone is where something lies, except a program's; in a line for a shell it is one where a command begins, or with etcd's flags behind it.
  return /\s/.test(word) ? isLineForEtcd(word) : /^(.*\/bin\/)?etcd$/.test(word);
}

/** "exec etcd --data-dir=/d", "… && /usr/bin/etcd"; not "… | grep etcd", "tar … etcd", "etcdctl …". */
function isLineForEtcd(line: string): boolean {
  const trades = `(?!\\s+(${tradesWithoutData.join("|")})\\b)`;
  const begins = new RegExp(
    `(^|[;&|({\\n]|\\b(exec|then|do|else|nohup|sudo|time)\\s)\\s{0,9}(\\w{1,60}=\\S{0,200}\\s{1,9}){0,9}(\\S{0,200}/)?etcd(?=$|[\\s;&|)"'])${trades}`,
  );
  return (
    begins.test(line) ||
    /(^|[\s/"'(])etcd\s+["']?--?(name|data-dir|wal-dir|config-file|listen|advertise|initial|force-new-cluster)/.test(line)
  );
}

/** Where configuration, programs and logs lie: etcd's data is kept in none of them. */
const placesWithoutData = ["/etc", "/usr/bin", "/usr/lib", "/usr/share", "/usr/local/bin", "/var/log"] as const;

/** Programs and images tell nothing here: a start script in an image of one's own. */
function isNamedLikeEtcd(...names: readonly string[]): boolean {
  return names.some((name) => /(^|[^a-z])etcd([^a-z]|$)/.test(name));
}

/** It may write to a place of the machine that is named after etcd, by its path there or in the container; or to one that is not understood. */
function keepsSomethingOfEtcd(containers: readonly Fields[], spec: Fields): boolean {
  return containers
    .flatMap((container) => recordsOf(container["volumeMounts"]))
    .filter((mount) => mount["readOnly"] !== true)
    .some((mount) => {
      const volumes = recordsOf(spec["volumes"]);
      const source = sourceOf(mount, volumes);
      // What ends with the pod holds no member's data.
      if (volumes.some((volume) => volume["name"] === mount["name"] && volume["emptyDir"] !== undefined)) return false;
      return source.kind === "untold" || /etcd/.test(`${source.path} ${textIn(mount, "mountPath")}`);
    });
}

/** Paths of the machine that these containers may write to; undefined: one of their volumes is not understood, and may be the data's. */
function writablePlaces(containers: readonly Fields[], spec: Fields): readonly string[] | undefined {
  const places = new Set<string>();
  for (const mount of containers.flatMap((container) => recordsOf(container["volumeMounts"]))) {
    if (mount["readOnly"] === true) continue;
    const source = sourceOf(mount, recordsOf(spec["volumes"]));
    if (source.kind === "untold") return undefined;
    if (!placesWithoutData.some((dir) => isAtOrBelow(source.path, dir))) places.add(source.path);
  }
  return [...places];
}

/** Defaults are etcd's own (etcd, server/embed/config.go); "" stands for a state that was not given, which etcd reads as new. */
function etcdFlags(container: Fields, spec: Fields): NonNullable<ManifestFacts["etcdFlags"]> {
  const words = wordsOf(container);
  const force = flagValue(words, "force-new-cluster");
  const dataDir = settingOf(container, "data-dir");
  const walDir = settingOf(container, "wal-dir");
  // With such a file etcd reads neither flags nor environment (etcd, "Configuration options").
  const isInFile = settingOf(container, "config-file").kind !== "absent";
  const ports = isInFile ? undefined : portsOf(container);
  return {
    name: flagValue(words, "name") ?? "default",
    dataDir: textOf(dataDir),
    ...(textOf(walDir) === "" ? {} : { walDir: textOf(walDir) }),
    ...(isInFile ? allUntold("its --config-file says it, which is not read") : placesOf({ dataDir, walDir }, mountsOf(container, spec))),
    ...(ports === undefined ? {} : { ports, ...(isSilentOfPorts(container) ? { isAtUsualPorts: true } : {}) }),
    initialCluster: flagValue(words, "initial-cluster") ?? "",
    initialClusterState: flagValue(words, "initial-cluster-state") ?? "",
    forceNewCluster: force !== undefined && force !== "false",
  };
}

type Places = Required<Pick<NonNullable<ManifestFacts["etcdFlags"]>, "dataPlace" | "walPlace">>;

function allUntold(why: string): Places {
  return { dataPlace: { kind: "untold", why }, walPlace: { kind: "untold", why } };
}

interface Mount {
  /** As `cleanPath` gives it. */
  readonly mountPath: string;
  readonly source: HostPlace;
}

function placesOf(
  { dataDir, walDir }: { readonly dataDir: Setting; readonly walDir: Setting },
  mounts: readonly Mount[] | undefined,
): Places {
  if (mounts === undefined) return allUntold("a mount of its container was not understood");
  const dir = pathOf(dataDir, "--data-dir");
  if (dir.kind === "untold") return allUntold(dir.why);
  const dataPlace = placeOf(dir.path, mounts);
  // Another volume may be mounted below: then a part of the data lies there.
  const backend = placeOf(`${dir.path}/member/snap/db`, mounts);
  const isWhole = dataPlace.kind === "untold" || (backend.kind === "path" && backend.path === `${dataPlace.path}/member/snap/db`);
  const wal = textOf(walDir) === "" && walDir.kind !== "untold" ? `${dir.path}/member/wal` : undefined;
  const log = wal === undefined ? pathOf(walDir, "--wal-dir") : ({ kind: "path", path: wal } as const);
  return {
    dataPlace: isWhole ? dataPlace : { kind: "untold", why: `a volume of its own is mounted below ${dir.path}` },
    walPlace: log.kind === "untold" ? log : placeOf(log.path, mounts),
  };
}

/** Through the volume that is mounted at that path or nearest above it. */
function placeOf(path: string, mounts: readonly Mount[]): HostPlace {
  const above = mounts.filter(({ mountPath }) => isAtOrBelow(path, mountPath));
  const longest = Math.max(...above.map(({ mountPath }) => mountPath.length));
  const [nearest, second] = above.filter(({ mountPath }) => mountPath.length === longest);
  if (nearest === undefined) return { kind: "untold", why: `no volume is mounted at ${path} in its container` };
  if (second !== undefined) return { kind: "untold", why: `two volumes are mounted at ${nearest.mountPath} in its container` };
  if (nearest.source.kind === "untold") return nearest.source;
  const place = cleanPath(`${nearest.source.path}/${path.slice(nearest.mountPath.length)}`);
  return place === undefined
    ? { kind: "untold", why: `the host path of ${nearest.mountPath} is not understood` }
    : { kind: "path", path: place };
}

/** undefined: one of them is not understood, and it may be mounted anywhere. */
function mountsOf(container: Fields, spec: Fields): readonly Mount[] | undefined {
  const mounts: Mount[] = [];
  for (const mount of recordsOf(container["volumeMounts"])) {
    const mountPath = cleanPath(textIn(mount, "mountPath"));
    if (mountPath === undefined) return undefined;
    mounts.push({ mountPath, source: sourceOf(mount, recordsOf(spec["volumes"])) });
  }
  return mounts;
}

function sourceOf(mount: Fields, volumes: readonly Fields[]): HostPlace {
  const name = textIn(mount, "name");
  const named = volumes.filter((volume) => volume["name"] === name);
  const untold = (why: string): HostPlace => ({ kind: "untold", why: `volume ${name} ${why}` });
  if (named.length !== 1) return untold(named.length === 0 ? "is not in the manifest" : "is in the manifest twice");
  if ((mount["subPath"] ?? "") !== "" || (mount["subPathExpr"] ?? "") !== "") return untold("is mounted with a subPath");
  const hostPath = recordOf(named[0]?.["hostPath"])?.["path"];
  if (typeof hostPath !== "string") return untold("is no hostPath");
  const path = cleanPath(hostPath);
  return path === undefined ? untold("has a hostPath that is not understood") : { kind: "path", path };
}

type Setting = { readonly kind: "absent" } | { readonly kind: "text"; readonly text: string } | { readonly kind: "untold" };

/** A flag; without it the variable that etcd reads for it (etcd, "Configuration options"). */
function settingOf(container: Fields, flag: string): Setting {
  const text = flagValue(wordsOf(container), flag);
  if (text !== undefined) return settled(text);
  const variable = `ETCD_${flag.toUpperCase().replaceAll("-", "_")}`;
  const entry = recordsOf(container["env"]).findLast((item) => item["name"] === variable);
  if (entry !== undefined) return entry["valueFrom"] === undefined ? settled(textIn(entry, "value")) : { kind: "untold" };
  return listOf(container["envFrom"]).length > 0 ? { kind: "untold" } : { kind: "absent" };
}

/** The kubelet puts variables in for $(NAME). */
function settled(text: string): Setting {
  return text.includes("$(") ? { kind: "untold" } : text === "" ? { kind: "absent" } : { kind: "text", text };
}

function textOf(setting: Setting): string {
  return setting.kind === "text" ? setting.text : "";
}

function pathOf(setting: Setting, flag: string): HostPlace {
  if (setting.kind !== "text") return { kind: "untold", why: `its ${flag} is not in the manifest` };
  const path = cleanPath(setting.text);
  return path === undefined ? { kind: "untold", why: `its ${flag}, ${setting.text}, is not an absolute path` } : { kind: "path", path };
}

/** What it listens at unless it is told otherwise: etcd, server/embed/config.go. */
const urlFlags = [
  { flag: "listen-client-urls", usual: "http://localhost:2379" },
  { flag: "listen-peer-urls", usual: "http://localhost:2380" },
  { flag: "advertise-client-urls", usual: "" },
  { flag: "initial-advertise-peer-urls", usual: "" },
] as const;

function portsOf(container: Fields): readonly number[] | undefined {
  const ports = new Set<number>();
  for (const { flag, usual } of urlFlags) {
    const setting = settingOf(container, flag);
    if (setting.kind === "untold") return undefined;
    const text = setting.kind === "absent" ? usual : setting.text;
    for (const url of text.split(",").filter((one) => one !== "")) {
      const port = /:([0-9]{1,5})\/?$/.exec(url.trim())?.[1];
      if (port === undefined) return undefined;
      ports.add(Number(port));
    }
  }
  return [...ports].sort((left, right) => left - right);
}

function isSilentOfPorts(container: Fields): boolean {
  return urlFlags.some(({ flag, usual }) => usual !== "" && settingOf(container, flag).kind === "absent");
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

function recordOf(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

function textIn(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === "string" ? value : "";
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** What is no record in a list, counts as an empty one. */
function recordsOf(value: unknown): readonly Fields[] {
  return listOf(value).map((item) => recordOf(item) ?? {});
}

function malformed(detail: string): RecoveryError {
  return new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject: "manifest", detail: `manifest: ${detail}` });
}
