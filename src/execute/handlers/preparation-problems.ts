/**
 * Is this machine ready to be joined? Pure: the script's lines in, problems in
 * words out. What could not be found out is a problem too, and says so.
 */
export interface PreparationFacts {
  /** Milliseconds since the epoch by the machine's clock. */
  readonly clockMs: number | undefined;
  /** Against this machine's clock; filled in by who asked. */
  readonly clockOffsetMs?: number | undefined;
  readonly versions: ReadonlyMap<string, string>;
  readonly runtime: string | undefined;
  readonly swapCount: number | undefined;
  readonly failSwapOn: string | undefined;
  /** undefined: they could not be listed. */
  readonly images: readonly string[] | undefined;
  readonly neededImages: readonly string[];
  /** Registries that answered. */
  readonly registries: readonly string[];
  /** Taken ports among those that a control plane needs; undefined: not known. */
  readonly takenPorts: readonly string[] | undefined;
  readonly freeMebibytes: readonly { readonly path: string; readonly mebibytes: number }[];
  readonly leftovers: readonly string[];
  /** HTTP status of /readyz through the control-plane endpoint. */
  readonly endpointStatus: string | undefined;
}

/** undefined when the answer is cut. */
export function readPreparationFacts(output: string): PreparationFacts | undefined {
  const lines = output
    .trim()
    .split("\n")
    .map((line) => line.trim().split(" "));
  if (lines.at(-1)?.[0] !== "end") return undefined;
  const all = (word: string) => lines.filter(([first]) => first === word).map(([, ...rest]) => rest);
  const one = (word: string) => all(word)[0]?.[0];
  const numberOf = (text: string | undefined) =>
    text === undefined || text === "" || Number.isNaN(Number(text)) ? undefined : Number(text);
  return {
    clockMs: numberOf(one("clock")),
    versions: new Map(all("version").map(([name, version]) => [name ?? "", version ?? ""])),
    runtime: one("runtime"),
    swapCount: numberOf(one("swap")),
    failSwapOn: one("fail-swap-on"),
    images: all("images-listed").length === 0 ? undefined : all("image").map(([image]) => image ?? ""),
    neededImages: [...new Set(all("needs").map(([image]) => image ?? ""))],
    registries: all("registry")
      .filter(([, status]) => status !== undefined && status !== "000")
      .map(([registry]) => registry ?? ""),
    takenPorts: all("ports-listed").length === 0 ? undefined : all("port").map(([port]) => port ?? ""),
    freeMebibytes: all("free").map(([mebibytes, path]) => ({ path: path ?? "", mebibytes: Number(mebibytes) })),
    leftovers: all("leftover").map((rest) => rest.join(" ")),
    endpointStatus: one("endpoint"),
  };
}

/** etcd warns from 1 s on; certificates made on the other machine are valid from that machine's now, less 5 min (kubeadm). */
const clockOffsetMsMax = 2_000;
/** What a control plane needs to begin: images are 300 MiB compressed, etcd's quota is 2 GiB but a young backend is small. */
const freeMebibytesMin = 1_024;

export interface PreparationNeeds {
  /** "v1.34.4" or "1.34.4"; "" when the plan could not know it. */
  readonly kubernetesVersion: string;
  /** A working control-plane machine's facts; undefined: none could be asked. */
  readonly reference: PreparationFacts | undefined;
  readonly endpoint: string | undefined;
}

export function preparationProblems(facts: PreparationFacts, needs: PreparationNeeds): readonly string[] {
  return [
    ...versionProblems(facts, needs),
    ...(facts.runtime === "active" ? [] : [`containerd is ${facts.runtime ?? "not known"}`]),
    ...swapProblems(facts, needs),
    ...portProblems(facts),
    ...facts.freeMebibytes
      .filter((free) => free.mebibytes < freeMebibytesMin)
      .map((free) => `${free.path} has ${free.mebibytes} MiB free, ${freeMebibytesMin} are needed`),
    ...clockProblems(facts, needs),
    ...imageProblems(facts, needs),
    ...facts.leftovers.map((path) => `${path} is left over from a former life`),
    ...endpointProblems(facts, needs),
  ];
}

function versionProblems(facts: PreparationFacts, needs: PreparationNeeds): readonly string[] {
  const plain = (version: string | undefined) => version?.replace(/^v/, "");
  const wanted = plain(needs.kubernetesVersion) || plain(needs.reference?.versions.get("kubelet"));
  if (wanted === undefined || wanted === "")
    return ["the cluster's version is not known, so kubeadm and kubelet cannot be compared with it"];
  return ["kubeadm", "kubelet"].flatMap((name) => {
    const version = plain(facts.versions.get(name));
    if (version === undefined || version === "") return [`the version of ${name} is not known`];
    if (version === "absent") return [`${name} is not installed`];
    return version === wanted ? [] : [`${name} is ${version}, the cluster is ${wanted}`];
  });
}

function swapProblems(facts: PreparationFacts, needs: PreparationNeeds): readonly string[] {
  if (facts.swapCount === 0) return [];
  if (facts.swapCount === undefined) return ["whether swap is on is not known"];
  // The kubelet's default for failSwapOn is true (KubeletConfiguration v1beta1).
  return needs.reference?.failSwapOn === "false" ? [] : ["swap is on and the cluster's kubelets do not tolerate it"];
}

function portProblems(facts: PreparationFacts): readonly string[] {
  if (facts.takenPorts === undefined) return ["which ports are taken is not known (no ss on the machine)"];
  return facts.takenPorts.map((port) => `port ${port} is taken`);
}

/** Against the other machine where there is one: it is their difference that counts, not ours to them. */
function clockProblems(facts: PreparationFacts, needs: PreparationNeeds): readonly string[] {
  const own = facts.clockOffsetMs;
  if (own === undefined) return ["its clock could not be read"];
  const offsetMs = own - (needs.reference?.clockOffsetMs ?? 0);
  return Math.abs(offsetMs) <= clockOffsetMsMax ? [] : [`its clock is off by ${(offsetMs / 1000).toFixed(1)} s`];
}

function imageProblems(facts: PreparationFacts, needs: PreparationNeeds): readonly string[] {
  if (needs.reference === undefined || needs.reference.neededImages.length === 0)
    return ["which images a control plane of this cluster needs is not known (no working machine could be asked)"];
  const { images } = facts;
  if (images === undefined) return ["which images are present is not known"];
  return needs.reference.neededImages
    .filter((image) => !images.includes(image) && !facts.registries.includes(registryOf(image)))
    .map((image) => `image ${image} is not present, and the registry ${registryOf(image)} does not answer from it`);
}

/** The first part names a registry when it has a dot or a port; otherwise it is Docker Hub's (distribution reference grammar). */
export function registryOf(image: string): string {
  const [first = "", ...rest] = image.split("/");
  return rest.length > 0 && /[.:]/.test(first) ? first : "registry-1.docker.io";
}

/** kubeadm writes admin.conf with the endpoint and uses it in its later phases (kubernetes cmd/kubeadm/app/phases/kubeconfig). */
function endpointProblems(facts: PreparationFacts, needs: PreparationNeeds): readonly string[] {
  if (needs.endpoint === undefined || facts.endpointStatus === "200") return [];
  if (facts.endpointStatus === "no-curl")
    return ["whether the control-plane endpoint answers from it is not known (no curl on the machine)"];
  return [
    `the control-plane endpoint ${needs.endpoint} does not answer from it (status ${facts.endpointStatus ?? "unknown"}), and kubeadm's later phases use it`,
  ];
}
