import { defaultPaths, type HostRole } from "../model/cluster-config.ts";
import type { ConfigDraft, DraftHost, Found } from "../schemas/config-draft.ts";
import { endpointOfUrl } from "../schemas/kubeconfig.ts";
import { isAddress, splitEndpoint } from "../schemas/network-address.ts";
import type { DiscoveredMachine } from "./init-discovery.ts";

/** One machine of the draft with what was learnt from it, or why nothing was. */
export interface Visited {
  readonly host: DraftHost;
  readonly found:
    | { readonly kind: "machine"; readonly machine: DiscoveredMachine }
    | { readonly kind: "not-reached"; readonly code: string; readonly detail: string };
}

/**
 * The draft with everything that the machines said. What the operator wrote
 * down stays; contradictions and gaps become notes. Pure.
 */
export function mergeDiscovery(draft: ConfigDraft, visits: readonly Visited[]): ConfigDraft {
  const machines = visits.flatMap(({ host, found }) => (found.kind === "machine" ? [{ host, machine: found.machine }] : []));
  const endpoint = draft.controlPlaneEndpoint ?? mostCommonEndpoint(machines);
  const hosts = visits.map((visit) => withMemberAddress(mergedHost(visit, endpoint?.value, machines), machines));
  const platform =
    draft.platform ??
    first(
      machines,
      ({ machine }) =>
        machine.isOpenShift ? "openshift" : machine.isKubespray ? "kubespray" : machine.apiServer !== undefined ? "kubeadm" : undefined,
      "files of",
    );
  const strangers = externalEtcd(machines, hosts);
  const topology = draft.etcdTopology ?? etcdTopologyOf(machines, strangers);
  return {
    ...draft,
    ...(platform === undefined ? {} : { platform }),
    ...(topology === undefined ? {} : { etcdTopology: topology }),
    ...(endpoint === undefined ? {} : { controlPlaneEndpoint: endpoint }),
    loadBalancer: draft.loadBalancer ?? loadBalancerOf(machines, endpoint?.value, hosts),
    hosts: [...hosts, ...strangers],
    ...pathsOf(draft, machines),
    notes: [...draft.notes, ...endpointNotes(machines, endpoint), ...missingMembers(machines, hosts), ...unlikeDataDirs(machines)],
  };
}

interface Reached {
  readonly host: DraftHost;
  readonly machine: DiscoveredMachine;
}

function mergedHost({ host, found }: Visited, endpoint: string | undefined, machines: readonly Reached[]): DraftHost {
  if (found.kind === "not-reached") {
    return {
      ...host,
      roles: host.roles ?? { value: ["control-plane"], source: "as you said; the machine was not reached" },
      notes: [...host.notes, `not reached (${found.code}): ${found.detail}`],
    };
  }
  const { machine } = found;
  const address = host.address ?? addressOf(host, machine, endpoint);
  const { roles, note } = host.roles === undefined ? saidAndSeen({ host, machine }, machines) : { roles: host.roles, note: undefined };
  const notes = [...host.notes, ...(note === undefined ? [] : [note])];
  return { ...host, ...(address === undefined ? {} : { address }), roles, notes };
}

/**
 * The roles of a machine that the operator named as a control-plane machine
 * (`--host`). Traces can only add to that: in an outage the static pods may be
 * gone while the balancer's files are still there, and a lost control-plane
 * machine that is written down as something else is then "proved" to be none.
 * The one exception is an etcd machine that API servers elsewhere name.
 */
function saidAndSeen(
  { host, machine }: Reached,
  machines: readonly Reached[],
): { readonly roles: Found<readonly HostRole[]>; readonly note: string | undefined } {
  const seen = rolesOf(machine);
  if (seen.includes("control-plane")) return { roles: { value: seen, source: `files of ${host.name}` }, note: undefined };
  if (seen.includes("etcd") && isNamedByApiServers({ host, machine }, machines))
    return { roles: { value: seen, source: `files of ${host.name}; API servers elsewhere name its etcd` }, note: undefined };
  const others = seen.filter((role) => role !== "worker");
  if (seen.length === 0) {
    return {
      roles: { value: ["control-plane"], source: "as you said" },
      note: `no trace of Kubernetes on ${host.name}: a lost control-plane machine, or a spare one (then: roles: [spare])`,
    };
  }
  return {
    roles: {
      value: ["control-plane", ...others],
      source: `as you said${others.length === 0 ? "" : `, and files of ${host.name}`}; no API server was found there`,
    },
    note:
      `no API server on ${host.name}, only traces of: ${seen.join(", ")}. It is kept as a control-plane machine, as you said; ` +
      `if it never was one: roles: [${seen.join(", ")}]`,
  };
}

function isNamedByApiServers({ host, machine }: Reached, machines: readonly Reached[]): boolean {
  return machines.some(
    (other) =>
      other.host.name !== host.name &&
      (other.machine.apiServer?.etcdServers ?? []).some((url) => {
        const endpoint = endpointOfUrl(url);
        const address = endpoint === undefined ? undefined : splitEndpoint(endpoint)?.address;
        return address !== undefined && (address === host.name || machine.addresses.includes(address));
      }),
  );
}

/** The address of a machine that could not say it itself, from the etcd settings of those that could. */
function withMemberAddress(host: DraftHost, machines: readonly Reached[]): DraftHost {
  if (host.address !== undefined) return host;
  for (const { host: teller, machine } of machines) {
    const url = machine.etcd?.initialCluster.find(({ name }) => name === host.name)?.peerUrl;
    const endpoint = url === undefined ? undefined : endpointOfUrl(url);
    const address = endpoint === undefined ? undefined : splitEndpoint(endpoint)?.address;
    if (address !== undefined)
      return { ...host, address: { value: address, source: `etcd member ${host.name} in the etcd settings on ${teller.name}` } };
  }
  return host;
}

function rolesOf(machine: DiscoveredMachine): readonly HostRole[] {
  const roles: HostRole[] = [];
  if (machine.apiServer !== undefined) roles.push("control-plane");
  if (machine.etcd !== undefined) roles.push("etcd");
  if (machine.hasHaproxy || machine.kubeVipAddress !== undefined || machine.keepalivedAddresses.length > 0) roles.push("load-balancer");
  if (machine.apiServer === undefined && machine.hasKubelet) roles.push("worker");
  return roles;
}

/** What the machine itself tells others first; then its only address, or the one beside the endpoint. */
function addressOf(host: DraftHost, machine: DiscoveredMachine, endpoint: string | undefined): Found<string> | undefined {
  if (machine.apiServer !== undefined && isAddress(machine.apiServer.advertiseAddress))
    return { value: machine.apiServer.advertiseAddress, source: `--advertise-address of kube-apiserver on ${host.name}` };
  const client = machine.etcd?.clientUrls.map((url) => endpointOfUrl(url)).find((found) => found !== undefined);
  const etcdAddress = client === undefined ? undefined : splitEndpoint(client)?.address;
  if (etcdAddress !== undefined && !isLoopback(etcdAddress))
    return { value: etcdAddress, source: `--advertise-client-urls of etcd on ${host.name}` };
  const virtual = new Set([
    ...machine.keepalivedAddresses,
    machine.kubeVipAddress,
    endpoint === undefined ? undefined : splitEndpoint(endpoint)?.address,
  ]);
  const own = machine.addresses.filter((address) => isAddress(address) && !virtual.has(address));
  const prefix = endpoint?.split(".").slice(0, 3).join(".");
  const near = own.find((address) => prefix !== undefined && address.startsWith(`${prefix}.`));
  const chosen = near ?? (own.length === 1 ? own[0] : undefined);
  return chosen === undefined
    ? undefined
    : {
        value: chosen,
        source: near === undefined ? `the only address of ${host.name}` : `address of ${host.name} beside the control-plane endpoint`,
      };
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1" || address === "localhost";
}

function endpointsOf({ machine }: Reached): readonly { readonly endpoint: string; readonly file: string }[] {
  return machine.servers.flatMap(({ file, url }) => {
    const endpoint = endpointOfUrl(url);
    const address = endpoint === undefined ? undefined : splitEndpoint(endpoint)?.address;
    // With ControlPlaneKubeletLocalMode (default since kubeadm 1.33) kubelets, and controller managers always, talk to the API server of its own machine; behind a proxy they talk to localhost.
    const isOwn =
      address !== undefined &&
      (isLoopback(address) || (/^(kubelet|controller-manager)\.conf$/.test(file) && machine.addresses.includes(address)));
    return endpoint === undefined || isOwn ? [] : [{ endpoint, file }];
  });
}

function mostCommonEndpoint(machines: readonly Reached[]): Found<string> | undefined {
  const counts = new Map<string, { count: number; source: string }>();
  for (const reached of machines) {
    for (const { endpoint, file } of endpointsOf(reached)) {
      const entry = counts.get(endpoint) ?? { count: 0, source: `server in ${file} on ${reached.host.name}` };
      counts.set(endpoint, { ...entry, count: entry.count + 1 });
    }
  }
  const best = [...counts].sort(([, a], [, b]) => b.count - a.count)[0];
  return best === undefined ? undefined : { value: best[0], source: best[1].source };
}

function endpointNotes(machines: readonly Reached[], endpoint: Found<string> | undefined): readonly string[] {
  const others = machines.flatMap((reached) =>
    endpointsOf(reached)
      .filter((found) => found.endpoint !== endpoint?.value)
      .map((found) => `${found.endpoint} (${found.file} on ${reached.host.name})`),
  );
  return others.length === 0 ? [] : [`machines disagree about the control-plane endpoint; also seen: ${[...new Set(others)].join(", ")}`];
}

function loadBalancerOf(
  machines: readonly Reached[],
  endpoint: string | undefined,
  hosts: readonly DraftHost[],
): NonNullable<ConfigDraft["loadBalancer"]> {
  const address = endpoint === undefined ? undefined : splitEndpoint(endpoint)?.address;
  const keepalived = machines.find(({ machine }) => machine.keepalivedAddresses.length > 0);
  if (keepalived !== undefined) return { value: "keepalived-haproxy", source: `keepalived.conf on ${keepalived.host.name}` };
  const kubeVip = machines.find(({ machine }) => machine.kubeVipAddress !== undefined);
  if (kubeVip !== undefined) return { value: "kube-vip", source: `kube-vip manifest on ${kubeVip.host.name}` };
  const owner = machines.find(
    ({ host, machine }) => address !== undefined && (machine.addresses.includes(address) || host.name === address),
  );
  if (owner !== undefined) return { value: "none", source: `the endpoint is an address of ${owner.host.name}` };
  if (address !== undefined && hosts.some((host) => host.address?.value === address))
    return { value: "none", source: "the endpoint is an address of one machine" };
  if (address === undefined) return { value: "none", source: "no control-plane endpoint was found" };
  return { value: "external", source: "no machine holds the endpoint's address" };
}

function etcdTopologyOf(machines: readonly Reached[], strangers: readonly DraftHost[]): ConfigDraft["etcdTopology"] {
  const stacked = machines.find(({ machine }) => machine.apiServer !== undefined && machine.etcd !== undefined);
  if (stacked !== undefined)
    return {
      value: "stacked",
      source: `${stacked.machine.etcd?.kind === "service" ? "etcd service" : "etcd manifest"} on ${stacked.host.name}`,
    };
  const apart = machines.find(({ machine }) => machine.apiServer !== undefined);
  const hasOthers = strangers.length > 0 || machines.some(({ machine }) => machine.apiServer === undefined && machine.etcd !== undefined);
  return apart !== undefined && hasOthers
    ? { value: "external", source: `--etcd-servers of kube-apiserver on ${apart.host.name}` }
    : undefined;
}

/** etcd machines that API servers name and nobody listed. */
function externalEtcd(machines: readonly Reached[], hosts: readonly DraftHost[]): readonly DraftHost[] {
  const known = new Set([
    ...hosts.map((host) => host.address?.value ?? host.name),
    ...machines.flatMap(({ machine }) => machine.addresses),
  ]);
  const strangers = new Map<string, DraftHost>();
  for (const { host, machine } of machines) {
    for (const url of machine.apiServer?.etcdServers ?? []) {
      const endpoint = endpointOfUrl(url);
      const address = endpoint === undefined ? undefined : splitEndpoint(endpoint)?.address;
      if (address === undefined || isLoopback(address) || known.has(address) || strangers.has(address)) continue;
      const source = `--etcd-servers of kube-apiserver on ${host.name}`;
      strangers.set(address, {
        name: /^[0-9.:]+$/.test(address) ? `etcd-${address.replaceAll(/[.:]+/g, "-")}` : address,
        address: { value: address, source },
        roles: { value: ["etcd"], source },
        ...(host.sshUser === undefined ? {} : { sshUser: host.sshUser }),
        notes: ["named by the API servers, not visited; give it its proper name"],
      });
    }
  }
  return [...strangers.values()];
}

/** Members that etcd was started with and that no listed machine is. Often simply a machine that was forgotten in --host. */
function missingMembers(machines: readonly Reached[], hosts: readonly DraftHost[]): readonly string[] {
  const addresses = new Set([...hosts.map((host) => host.address?.value), ...machines.flatMap(({ machine }) => machine.addresses)]);
  const missing = new Map<string, string>();
  for (const { host, machine } of machines) {
    for (const { name, peerUrl } of machine.etcd?.initialCluster ?? []) {
      const endpoint = endpointOfUrl(peerUrl);
      const address = endpoint === undefined ? undefined : splitEndpoint(endpoint)?.address;
      if (address !== undefined && !addresses.has(address))
        missing.set(
          name,
          `etcd member ${name} (${address}), named by the etcd settings on ${host.name}, is none of these machines: add it if it still belongs to the cluster`,
        );
    }
  }
  return [...missing.values()];
}

function pathsOf(draft: ConfigDraft, machines: readonly Reached[]): Pick<ConfigDraft, "paths"> {
  const found = {
    etcdDataDir: first(machines, ({ machine }) => presence(machine.etcd?.dataDir), "where etcd's data is on"),
    pkiDir: first(
      machines,
      ({ machine }) => presence(machine.apiServer?.caFile.replace(/\/[^/]*$/, "")),
      "--client-ca-file of kube-apiserver on",
    ),
    manifestsDir: first(
      machines,
      ({ machine }) => (machine.apiServer === undefined ? undefined : presence(machine.manifestsDir)),
      "staticPodPath of the kubelet on",
    ),
  };
  const unusual = Object.entries(found).filter(
    ([key, fact]) => fact !== undefined && fact.value !== defaultPaths[key as keyof typeof defaultPaths],
  );
  const paths = { ...Object.fromEntries(unusual), ...draft.paths };
  return Object.keys(paths).length === 0 ? {} : { paths };
}

/** One path is configured for all machines. */
function unlikeDataDirs(machines: readonly Reached[]): readonly string[] {
  const told = machines.flatMap(({ host, machine }) => {
    const dir = presence(machine.etcd?.dataDir);
    return dir === undefined ? [] : [{ name: host.name, dir }];
  });
  if (new Set(told.map(({ dir }) => dir)).size < 2) return [];
  const places = told.map(({ name, dir }) => `${dir} on ${name}`).join(", ");
  return [
    `etcd keeps its data in ${places}: paths.etcdDataDir is one path for all, so set it to a machine's own while that one is in trouble`,
  ];
}

function presence(text: string | undefined): string | undefined {
  return text === undefined || !text.startsWith("/") ? undefined : text;
}

function first<T>(machines: readonly Reached[], read: (reached: Reached) => T | undefined, source: string): Found<T> | undefined {
  for (const reached of machines) {
    const value = read(reached);
    if (value !== undefined) return { value, source: `${source} ${reached.host.name}` };
  }
  return undefined;
}
