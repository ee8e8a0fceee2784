import { isNamedAfterEtcdTool } from "./etcd-tool-name.ts";
import { cleanPath } from "./host-path.ts";
import type { HostName } from "./ids.ts";
import type { DataDirFacts, HostFacts, ManifestFacts } from "./inventory.ts";
import { valueOf } from "./observation.ts";
import { peerEndpointOf } from "./peer-endpoint.ts";

/**
 * mount: a disk is to be mounted, or given up. disk: it is to be repaired, or given up.
 * ask: the machine is to be made to answer. tidy: what lies there is to be looked at.
 * manifest: a file among the manifests is to be repaired. configure: paths.etcdDataDir is to be `place`.
 * elsewhere: etcd keeps its data where nobody can look. removed: etcd runs, and its data is not seen.
 * filesystem: one is missing, or one hides the data.
 * unsaid: somebody has to find out where etcd keeps its data. service: `units` of the machine may start it, and they were not read.
 */
export type DataRemedy =
  "mount" | "disk" | "ask" | "tidy" | "manifest" | "configure" | "elsewhere" | "removed" | "unsaid" | "service" | "filesystem";

export interface Doubt {
  readonly words: string;
  readonly remedy: DataRemedy;
  /** With configure: where on the machines etcd keeps its data. With filesystem: where it was mounted. */
  readonly place?: string;
  /** With configure: machines whose etcd keeps its data elsewhere than there. */
  readonly unlike?: readonly HostName[];
  /** With service: unit files of that machine. */
  readonly units?: readonly string[];
  /** The machine to see to, where it is another one than the one in doubt. */
  readonly on?: HostName;
  /** Its manifest has the place that was looked at, so only what was seen there is in doubt. */
  readonly isPlaceSure?: true;
}

/** Ports and names that the cluster's members have: a second etcd on the machine, as for events, has others. */
export interface MemberMarks {
  readonly ports: ReadonlySet<number>;
  readonly names: ReadonlySet<string>;
}

/** Where it was looked, and whose data is meant. */
export interface PlaceQuestion extends MemberMarks {
  readonly path: string;
}

/**
 * Why etcd may keep its data besides, or instead of, the data dir that was looked at; undefined: nothing speaks for it.
 * A machine whose manifest is gone says nothing of the place; then the other machines of the cluster do.
 */
export function placeDoubt(facts: HostFacts, hosts: readonly HostFacts[]): Doubt | undefined {
  const path = valueOf(facts.etcdDataDir)?.path;
  if (path === undefined) return undefined;
  const question = { path, ...memberMarks(hosts) };
  const others = hosts.filter((host) => host.name !== facts.name);
  const isSaid = membersOf(facts, question).length > 0;
  const speaking = isSaid ? [facts] : others;
  for (const host of speaking) {
    const doubt = elsewhereDoubt(host.name, membersOf(host, question), path);
    if (doubt !== undefined) return { ...settable(doubt, speaking, { hosts, question }), ...about(host, facts) };
  }
  // Where one machine has the path in its manifest and its data there, that another's was removed tells nothing against it.
  const isProven = isSaid || others.some((host) => confirms(host, question) && holdsData(host, path));
  const mayTell = [facts, ...(isProven ? [] : others)];
  const empty = mayTell.find((host) => isServingWithoutData(host, path));
  if (empty !== undefined) {
    const words = `etcd on ${empty.name} answers without data in ${path}: it was removed under it${isSaid ? "" : ", or lies elsewhere"}`;
    return { words, remedy: "removed", ...about(empty, facts), ...(isSaid ? { isPlaceSure: true } : {}) };
  }
  // Beside an etcd that is understood, a file that is not may be the member's own, and the understood one a copy of old.
  if (isSaid) return isUnderstood(membersOf(facts, question)) ? unreadDoubt(facts) : undefined;
  const isConfirmed = others.some((host) => confirms(host, question)) && !hasEtcdUnit(facts);
  return unreadDoubt(facts) ?? (isConfirmed ? undefined : unconfirmedDoubt(facts, others));
}

/** The manifests of one machine alone, right before a step. undefined in `manifests`: they could not be read. */
export function ownPlaceDoubt(
  name: HostName,
  manifests: readonly Said[] | undefined,
  { path, ...marks }: PlaceQuestion,
): Doubt | undefined {
  const own = membersAmong(manifests ?? [], marks);
  if (own.length === 0) return oddDoubt(manifests);
  return elsewhereDoubt(name, own, path) ?? (isUnderstood(own) ? oddDoubt(manifests) : undefined);
}

function isUnderstood(manifests: readonly Said[]): boolean {
  return manifests.some(({ etcdFlags }) => etcdFlags !== undefined);
}

/** Ports that members have by default and by their registered URLs; names that are registered, and those of the machines, as kubeadm names members. */
export function marksOf(
  members: readonly { readonly name: string; readonly peerUrls: readonly string[]; readonly clientUrls?: readonly string[] }[],
  hosts: readonly HostName[],
): MemberMarks {
  const urls = members.flatMap(({ peerUrls, clientUrls = [] }) => [...peerUrls, ...clientUrls]);
  return {
    ports: new Set([2379, 2380, ...urls.flatMap((url) => peerEndpointOf(url)?.port ?? [])]),
    names: new Set([...members.map(({ name }) => name), ...hosts]),
  };
}

export function memberMarks(hosts: readonly HostFacts[]): MemberMarks {
  const lists = hosts.flatMap(({ etcd }) => [valueOf(etcd.membersLinearizable), valueOf(etcd.membersSerializable)]);
  return marksOf(
    lists.flatMap((list) => list ?? []),
    hosts.map(({ name }) => name),
  );
}

/**
 * Does the kubelet start the cluster's etcd from one of these, whatever the file is called? undefined: the manifests were
 * not read, or one of them may be etcd's and may be a tool's.
 */
export function hasEtcdAmong(manifests: readonly Said[] | undefined, marks: MemberMarks): boolean | undefined {
  if (manifests === undefined) return undefined;
  if (memberFilesAmong(manifests, marks).length > 0) return true;
  return manifests.some(({ mayBeEtcds }) => mayBeEtcds === true) ? undefined : false;
}

/** Files that are, or may be, the manifest of the cluster's member: what goes aside when it is stopped. */
export function memberFilesAmong(manifests: readonly Said[], marks: MemberMarks): readonly string[] {
  const odd = manifests.filter(({ problem }) => problem !== undefined);
  return [...odd, ...membersByMarks(manifests, marks)].map(({ fileName }) => fileName);
}

/** By kubeadm's names and the ports; where none is the member by those, by the name of a member, which a copy of etcd.yaml often keeps. */
function membersByMarks(manifests: readonly Said[], { ports, names }: MemberMarks): readonly Said[] {
  const etcds = manifests.filter(({ etcdFlags }) => etcdFlags !== undefined);
  const marked = etcds.filter((one) => {
    const { ports: own, isAtUsualPorts } = one.etcdFlags ?? {};
    return own === undefined || isAtUsualPorts === true || isNamedEtcd(one) || own.some((port) => ports.has(port));
  });
  return marked.length > 0 ? marked : etcds.filter(({ etcdFlags }) => names.has(etcdFlags?.name ?? ""));
}

type Said = Pick<ManifestFacts, "fileName" | "podName" | "etcdFlags" | "problem" | "mayKeepDataIn" | "mayBeEtcds">;

function membersOf({ manifests }: HostFacts, question: PlaceQuestion): readonly Said[] {
  return membersAmong(valueOf(manifests) ?? [], question);
}

/**
 * What on one machine is, or may be, the manifest of the cluster's member. Another etcd, as for events, has ports, a
 * member name, a pod and a file of its own: with one of them in common it may be the member, taken out of the cluster by
 * hand. Ports that are etcd's own because nobody said any tell nothing.
 */
function membersAmong(manifests: readonly Said[], marks: MemberMarks): readonly Said[] {
  const etcds = membersByMarks(manifests, marks);
  if (etcds.length > 0) return etcds;
  // Beside a file that was not understood at all, the mounts of another prove nothing.
  const odd = manifests.filter(({ problem }) => problem !== undefined);
  return odd.every(({ mayKeepDataIn }) => mayKeepDataIn !== undefined) ? odd : [];
}

/** As kubeadm names it. */
function isNamedEtcd({ fileName, podName }: Said): boolean {
  return fileName === "etcd.yaml" || podName === "etcd";
}

function elsewhereDoubt(name: HostName, manifests: readonly Said[], path: string): Doubt | undefined {
  for (const { fileName, etcdFlags, mayKeepDataIn = [] } of manifests) {
    if (etcdFlags === undefined) {
      const doubt = mountsDoubt(name, { fileName, mayKeepDataIn }, path);
      if (doubt !== undefined) return doubt;
      continue;
    }
    const { dataPlace, walPlace, walDir = "" } = etcdFlags;
    if (dataPlace === undefined || walPlace === undefined)
      return { words: `where etcd on ${name} keeps its data is not known, the volumes of its ${fileName} were not read`, remedy: "ask" };
    if (dataPlace.kind === "untold")
      return { words: `where etcd on ${name} keeps its data is not known from ${fileName}: ${dataPlace.why}`, remedy: "elsewhere" };
    if (!isSame(dataPlace.path, path)) {
      const words = `etcd on ${name} keeps its data in ${dataPlace.path} (hostPath in ${fileName}), which is not looked at`;
      return { words, remedy: "elsewhere" };
    }
    if (walPlace.kind === "untold")
      return { words: `where etcd on ${name} keeps its log is not known from ${fileName}: ${walPlace.why}`, remedy: "elsewhere" };
    if (!isSame(walPlace.path, `${path}/member/wal`)) {
      const how = walDir === "" ? "a volume of its own" : "--wal-dir";
      return { words: `etcd on ${name} keeps its log in ${walPlace.path} (${how}), which is not looked at`, remedy: "elsewhere" };
    }
  }
  return undefined;
}

/** Something around etcd starts it, so its flags are not known; where it can only write to one place, the data is there. */
function mountsDoubt(
  name: HostName,
  { fileName, mayKeepDataIn }: { readonly fileName: string; readonly mayKeepDataIn: readonly string[] },
  path: string,
): Doubt | undefined {
  const [place, ...more] = mayKeepDataIn;
  if (place !== undefined && more.length === 0 && isSame(place, path)) return undefined;
  const words = `where etcd on ${name} keeps its data is not certain from ${fileName}: how it starts etcd is not understood, and it mounts ${mayKeepDataIn.join(", ") || "no path of the machine"} for it`;
  return { words, remedy: "elsewhere" };
}

function isSame(left: string, right: string): boolean {
  return (cleanPath(left) ?? left) === (cleanPath(right) ?? right);
}

/** A path clears the doubt where all that speak of it keep all of it there. One is configured for all machines: who keeps it elsewhere is named. */
function settable(
  doubt: Doubt,
  speaking: readonly HostFacts[],
  { hosts, question }: { readonly hosts: readonly HostFacts[]; readonly question: PlaceQuestion },
): Doubt {
  if (doubt.remedy !== "elsewhere") return doubt;
  const [place] = speaking.flatMap((host) => membersOf(host, question)).map(placeOf);
  if (place === undefined || isSame(place, question.path)) return doubt;
  const isElsewhere = (host: HostFacts): boolean => elsewhereDoubt(host.name, membersOf(host, question), place) !== undefined;
  if (speaking.some(isElsewhere)) return doubt;
  const unlike = hosts.filter(isElsewhere).map(({ name }) => name);
  return { ...doubt, remedy: "configure", place, ...(unlike.length === 0 ? {} : { unlike }) };
}

function placeOf({ etcdFlags, mayKeepDataIn = [] }: Said): string | undefined {
  if (etcdFlags === undefined) return mayKeepDataIn.length === 1 ? mayKeepDataIn[0] : undefined;
  return etcdFlags.dataPlace?.kind === "path" ? etcdFlags.dataPlace.path : undefined;
}

/** Where its own etcd, or another machine's, serves and nothing is at this path there, the data was removed or the path is wrong. */
function isServingWithoutData(host: HostFacts, path: string): boolean {
  const dir = valueOf(host.etcdDataDir);
  return isServing(host) && dir?.path === path && dir.readError === undefined && !dir.hasWal && !dir.hasBackend;
}

function isServing({ etcd }: HostFacts): boolean {
  return etcd.linearizableReadMs.kind === "known" || etcd.status.kind === "known";
}

function confirms(host: HostFacts, question: PlaceQuestion): boolean {
  const own = membersOf(host, question);
  return own.length > 0 && elsewhereDoubt(host.name, own, question.path) === undefined;
}

function unreadDoubt({ manifests }: HostFacts): Doubt | undefined {
  return oddDoubt(valueOf(manifests));
}

function oddDoubt(manifests: readonly Said[] | undefined): Doubt | undefined {
  if (manifests === undefined) return { words: "where etcd keeps its data is not known, its manifests were not read", remedy: "ask" };
  // A file that was not understood may be etcd's manifest.
  const odd = manifests.find(({ problem }) => problem !== undefined);
  if (odd === undefined) return likenessDoubt(manifests);
  return { words: `where etcd keeps its data is not known, ${odd.fileName} was not understood (${odd.problem ?? ""})`, remedy: "manifest" };
}

function likenessDoubt(manifests: readonly Said[]): Doubt | undefined {
  // Beside kubeadm's own file it is a tool of that one.
  const isTold = manifests.some(({ fileName, etcdFlags }) => etcdFlags !== undefined && fileName === "etcd.yaml");
  const like = isTold ? undefined : manifests.find(({ mayBeEtcds }) => mayBeEtcds === true);
  if (like === undefined) return undefined;
  const words = `where etcd keeps its data is not known, the pod ${like.podName} (${like.fileName}) may be the one that starts it`;
  return { words, remedy: "manifest" };
}

/** Another machine's etcd serves, and its manifests, which would say where from, were not read. */
function othersUnread(others: readonly HostFacts[]): Doubt | undefined {
  for (const host of others.filter(isServing)) {
    const doubt = unreadDoubt(host);
    if (doubt !== undefined) return { ...doubt, words: `${doubt.words} on ${host.name}`, on: host.name };
  }
  return undefined;
}

/** Nobody's manifest has the path: then another etcd that serves from it, or that nothing is left of the machine, has to speak for it. */
function unconfirmedDoubt(facts: HostFacts, others: readonly HostFacts[]): Doubt | undefined {
  const dir = valueOf(facts.etcdDataDir);
  const unread = othersUnread(others);
  if (unread !== undefined || dir === undefined || (isWhole(dir) && dir.isNewborn !== true)) return unread;
  const isServedThere = others.some((host) => isServing(host) && holdsData(host, dir.path));
  if ((isServedThere && !hasEtcdUnit(facts)) || isBare(facts)) return undefined;
  if (valueOf(facts.services) === undefined)
    return { words: `where etcd on ${facts.name} keeps its data is not known: its services were not read`, remedy: "ask" };
  const units = etcdUnitsOf(facts);
  const nothing = `nothing is in ${dir.path} on ${facts.name}, and nobody says that etcd keeps its data there`;
  if (units.length > 0)
    return { words: `${nothing}: ${units.join(", ")} of that machine may start it from another place`, remedy: "service", units };
  return { words: `${nothing}: no manifest of it was seen on any machine, and no etcd serves from that path`, remedy: "unsaid" };
}

function holdsData(host: HostFacts, path: string): boolean {
  const dir = valueOf(host.etcdDataDir);
  return dir?.path === path && dir.readError === undefined && isWhole(dir);
}

function isWhole({ hasWal, hasBackend }: DataDirFacts): boolean {
  return hasWal && hasBackend;
}

/** Nothing of Kubernetes and no etcd service: a machine that was reset or installed anew, where nothing is left that could speak. */
function isBare(facts: HostFacts): boolean {
  const { kubernetesFiles, certificates, unreadableCertificates } = facts;
  const files = valueOf(kubernetesFiles);
  return (
    files !== undefined &&
    !Object.values(files).some((exists) => exists) &&
    valueOf(certificates)?.length === 0 &&
    (unreadableCertificates ?? []).length === 0 &&
    !hasEtcdUnit(facts)
  );
}

/** systemd may start an etcd here, from a place that nobody has read; also where its units are not known. */
function hasEtcdUnit(facts: HostFacts): boolean {
  return valueOf(facts.services) === undefined || etcdUnitsOf(facts).length > 0;
}

/** Whatever has etcd in its name, as people call them in many ways; a masked unit is not there. */
function etcdUnitsOf({ services, otherEtcdUnits = [] }: HostFacts): readonly string[] {
  const isThere = valueOf(services)?.some(({ unit, activeState }) => unit === "etcd" && activeState !== "absent") === true;
  return [...(isThere ? ["etcd.service"] : []), ...otherEtcdUnits.filter((name) => !isNamedAfterEtcdTool(name))];
}

function about(host: HostFacts, facts: HostFacts): { readonly on?: HostName } {
  return host.name === facts.name ? {} : { on: host.name };
}
