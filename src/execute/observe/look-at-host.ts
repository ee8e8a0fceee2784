import type { ModelHost, ServiceUnit } from "../../model/cluster-model.ts";
import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { readDataDirLook } from "../../formats/machine/data-dir-look.ts";
import { readManifestText } from "../../formats/machine/manifest-text.ts";
import type { StaticPod } from "../../formats/machine/static-pod.ts";
import { judgeEtcdData, withPlaceDoubt, type EtcdDataJudgement } from "../../model/etcd-data.ts";
import { hasEtcdAmong, memberFilesAmong, marksOf, ownPlaceDoubt, type PlaceQuestion } from "../../model/etcd-place.ts";
import { lookMs, readOnHost } from "../ask/run-on-host.ts";
import type { StepContext } from "../step-handler.ts";
import { readApiBackends } from "./haproxy-backends.ts";
import { hostLookScript } from "./host-look-script.ts";

export type HostLook = Pick<
  ModelHost,
  | "isReachable"
  | "machineId"
  | "hasKubernetesState"
  | "hasEtcdData"
  | "hasStartableEtcdData"
  | "hasEtcdManifest"
  | "join"
  | "etcdProcess"
  | "apiServer"
  | "services"
  | "balancerBackends"
> & {
  /** Why what is seen of etcd's data may not be what there is. */
  readonly dataDoubt?: string;
  /** Files among its manifests that are, or may be, the member's; undefined: not read. */
  readonly memberFiles?: readonly string[];
};

/** kubeadm's default; where an API server listens on its own machine. */
export const apiServerPort = 6443;

const nothingKnown: HostLook = {
  isReachable: false,
  machineId: undefined,
  hasKubernetesState: undefined,
  hasEtcdData: undefined,
  hasStartableEtcdData: undefined,
  hasEtcdManifest: undefined,
  join: undefined,
  etcdProcess: undefined,
  apiServer: undefined,
  services: undefined,
  balancerBackends: undefined,
};

/** Looks at one machine. A machine that cannot be reached leaves everything unknown: unreachable is not dead. */
export async function lookAtHost(context: StepContext, host: HostName): Promise<HostLook> {
  const { etcdDataDir, manifestsDir, pkiDir } = context.config.paths;
  try {
    const output = await readOnHost(context, host, {
      reason: "look at the machine",
      script: hostLookScript,
      args: [etcdDataDir, manifestsDir, pkiDir],
      timeoutMs: lookMs,
    });
    const marks = marksOf(
      context.plan.fingerprint.members,
      context.config.hosts.map(({ name }) => name),
    );
    return readHostLook(output, { host, path: etcdDataDir, ...marks });
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof RecoveryError)) throw error;
    return nothingKnown;
  }
}

/** Pure. The lines of host-look-script.ts. Without its last line the answer is cut and counts as unknown. */
export function readHostLook(output: string, place: PlaceQuestion & { readonly host: HostName }): HostLook {
  const lines = output
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
  if (lines.at(-1)?.[0] !== "end") return { ...nothingKnown, isReachable: true };
  const all = (word: string) => lines.filter(([first]) => first === word).map(([, ...rest]) => rest);
  const files = new Map(all("file").map(([name, value]) => [name, value === "1"] as const));
  const isListed = all("processes-listed").length > 0;
  const etcd = all("process").filter(([name, state]) => name === "etcd" && !(state ?? "").startsWith("Z"));
  const runsApiServer = all("process").some(([name, state]) => name === "kube-apiserver" && !(state ?? "").startsWith("Z"));
  const manifests = all("data-place-unknown").length > 0 ? undefined : all("manifest").map(manifestOf);
  const unknownPlace = all("data-place-unknown")[0]?.join(" ");
  const data = withPlaceDoubt(etcdDataOf(all("data-dir")), ownPlaceDoubt(place.host, manifests, place));
  const dataDoubt =
    unknownPlace === undefined || unknownPlace === "" ? data.doubt : `where etcd keeps its data is not known: ${unknownPlace}`;
  const haproxy = all("haproxy")[0]?.[0];
  return {
    isReachable: true,
    machineId: all("machine-id")[0]?.[0],
    hasKubernetesState: files.size === 0 ? undefined : [...files.values()].includes(true),
    hasEtcdData: data.hasAny,
    hasStartableEtcdData: data.isStartable,
    ...(dataDoubt === undefined ? {} : { dataDoubt }),
    ...(manifests === undefined ? {} : { memberFiles: memberFilesAmong(manifests, place) }),
    hasEtcdManifest: files.get("etcdManifest") === true ? true : files.size === 0 ? undefined : hasEtcdAmong(manifests, place),
    // How old the files are is not asked here, so nobody is said not to be joining.
    join: all("process").some(([name, state]) => name === "kubeadm" && !(state ?? "").startsWith("Z")) ? "running" : undefined,
    etcdProcess: isListed ? processState(etcd.map(([, state]) => state ?? "")) : undefined,
    // Running says nothing about being ready; that is asked of the API server itself.
    apiServer: !isListed || runsApiServer ? undefined : files.get("apiServerManifest") === false ? "absent" : "not-ready",
    services: servicesOf(all("unit")),
    balancerBackends: haproxy === undefined ? undefined : backendsOf(haproxy),
  };
}

function etcdDataOf(lines: readonly (readonly string[])[]): EtcdDataJudgement {
  const fields = lines.flatMap((words): readonly [string, string][] => {
    const [, name, value] = /^([a-z_]+)=(.*)$/.exec(words.join(" ")) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value]];
  });
  const look = readDataDirLook(new Map(fields));
  return judgeEtcdData(look === undefined ? undefined : { path: "the data dir", ...look });
}

/** What cannot be understood may be etcd's manifest, and name any place. */
function manifestOf([name = "", content = ""]: readonly string[]): StaticPod & { readonly fileName: string } {
  const fileName = textOfBase64(name) ?? "a file";
  const text = textOfBase64(content);
  return { fileName, ...(text === undefined ? { podName: "", problem: "it came damaged" } : readManifestText(text, fileName)) };
}

function processState(states: readonly string[]): ModelHost["etcdProcess"] {
  if (states.length === 0) return "stopped";
  return states.every((state) => state.startsWith("T")) ? "frozen" : "running";
}

function servicesOf(units: readonly (readonly string[])[]): ModelHost["services"] {
  const services: { [unit in ServiceUnit]?: "active" | "stopped" | "absent" } = {};
  for (const [unit, ...states] of units) {
    const state = serviceState(states);
    if (state !== undefined && isServiceUnit(unit)) services[unit] = state;
  }
  return services;
}

function serviceState(states: readonly string[]): "active" | "stopped" | "absent" | undefined {
  if (states.includes("not-found") || states.includes("masked")) return "absent";
  if (states.includes("active")) return "active";
  // A unit that is just starting or stopping is neither.
  return states.includes("inactive") || states.includes("failed") ? "stopped" : undefined;
}

function isServiceUnit(unit: string | undefined): unit is ServiceUnit {
  return unit === "kubelet" || unit === "containerd" || unit === "haproxy" || unit === "keepalived" || unit === "etcd";
}

/** undefined: the file came damaged or is no text; then nothing is known of the backends. */
function backendsOf(base64: string): readonly string[] | undefined {
  const text = textOfBase64(base64);
  if (text === undefined) return undefined;
  return readApiBackends(text, apiServerPort).map((backend) => `${backend.address}:${backend.port}`);
}

function textOfBase64(base64: string): string | undefined {
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return undefined;
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
}
