import type { HostRole } from "../model/cluster-config.ts";
import { invalidInventory, readAnsibleInventory, type AnsibleHost, type AnsibleInventory } from "../schemas/ansible-inventory.ts";
import type { ConfigDraft, DraftHost } from "../schemas/config-draft.ts";
import { readKubeconfig } from "../schemas/kubeconfig.ts";
import { isAddress } from "../schemas/network-address.ts";
import { RecoveryError } from "../model/recovery-error.ts";

/** How to log in, where the operator said so; the same for every machine that has no word of its own. */
export interface LoginWish {
  readonly sshUser?: string;
  /** Absolute, or relative to where requorum.yaml will be. */
  readonly sshConfigFile?: string;
}

/** The operator's `--name`, or what else to call the cluster when nothing better is found ("the directory's name"). */
export interface NameWish {
  readonly given?: string;
  readonly fallback: string;
}

/**
 * From `--host NAME[=ADDRESS]`, repeated. USAGE for what is neither.
 * Nothing is asked of any machine yet.
 */
export function draftFromHosts(words: readonly string[], name: NameWish, login: LoginWish): ConfigDraft {
  const hosts = words.map((word): DraftHost => {
    const [hostName = "", address, more] = word.split("=");
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(hostName) || more !== undefined || (address !== undefined && !isAddress(address))) {
      throw new RecoveryError("USAGE", {
        subject: "option --host",
        detail: `${JSON.stringify(word)} is not NAME or NAME=ADDRESS, such as cp1=10.0.0.11`,
      });
    }
    return {
      name: hostName,
      address: address === undefined ? undefined : { value: address, source: "--host" },
      roles: undefined,
      ...userOf(login),
      notes: [],
    };
  });
  return { cluster: clusterName(name, undefined), hosts: uniqueHosts(hosts), ...configFileOf(login), notes: [] };
}

/** From a kubeconfig's text: the endpoint. `nodes`: what the API listed through it; undefined: it did not answer, for this reason. */
export function draftFromKubeconfig(
  file: { readonly text: string; readonly path: string },
  nodes:
    | {
        readonly kind: "listed";
        readonly nodes: readonly { readonly name: string; readonly internalIp: string; readonly isControlPlane: boolean }[];
      }
    | { readonly kind: "no-answer"; readonly because: string },
  name: NameWish,
  login: LoginWish,
): ConfigDraft {
  const facts = readKubeconfig(file.text, file.path);
  const hosts =
    nodes.kind === "no-answer"
      ? []
      : nodes.nodes.map((node): DraftHost => ({
          name: node.name,
          address: node.internalIp === "" ? undefined : { value: node.internalIp, source: `InternalIP of Node ${node.name}` },
          roles: { value: [node.isControlPlane ? "control-plane" : "worker"], source: `label of Node ${node.name}` },
          ...userOf(login),
          notes: [],
        }));
  return {
    cluster: clusterName(name, { value: facts.clusterName, source: `cluster name in ${file.path}` }),
    controlPlaneEndpoint: { value: facts.endpoint, source: `server in ${file.path}` },
    hosts,
    ...configFileOf(login),
    notes:
      nodes.kind === "no-answer"
        ? [
            `the API did not answer through ${facts.endpoint} (${nodes.because}): add the machines by hand, or run requorum init with --host`,
          ]
        : [],
  };
}

/** Groups of kubespray, past and present, and what others call a balancer. */
const roleGroups: readonly { readonly form: RegExp; readonly role: HostRole }[] = [
  { form: /^(kube_control_plane|kube-master|kube_master|control_plane|controlplane|masters?)$/, role: "control-plane" },
  { form: /^etcd$/, role: "etcd" },
  { form: /^(haproxy|keepalived|load[-_]?balancers?|lb)$/i, role: "load-balancer" },
  { form: /^(kube_node|kube-node|workers?)$/, role: "worker" },
];

/** From an Ansible inventory. INVENTORY_FILE_INVALID names the line of what cannot be used. */
export function draftFromAnsible(file: { readonly text: string; readonly path: string }, name: NameWish, login: LoginWish): ConfigDraft {
  const inventory = readAnsibleInventory(file.text, file.path);
  const hosts = inventory.hosts.flatMap((host) => {
    const roles = rolesOf(host);
    return roles.length === 0 ? [] : [ansibleHost(host, roles, file.path, login)];
  });
  if (!hosts.some((host) => host.roles?.value.includes("control-plane") === true)) {
    throw invalidInventory(file.path, [
      {
        line: 1,
        column: 1,
        message: "no machine is in a control-plane group; expected [kube_control_plane] (or kube-master) with at least one host",
      },
    ]);
  }
  const isKubespray = [...inventory.groups.keys()].some((group) =>
    /^(kube_control_plane|kube-master|k8s_cluster|k8s-cluster)$/.test(group),
  );
  return {
    cluster: clusterName(name, undefined),
    ...(isKubespray ? { platform: { value: "kubespray" as const, source: `groups of ${file.path}` }, paths: kubesprayPaths } : {}),
    etcdTopology: etcdTopologyOf(hosts, file.path),
    ...endpointOf(inventory, file.path),
    hosts,
    ...configFileOf(login),
    notes: [],
  };
}

const kubesprayPaths = { pkiDir: { value: "/etc/kubernetes/ssl", source: "where kubespray keeps certificates" } };

function rolesOf(host: AnsibleHost): readonly HostRole[] {
  const roles = roleGroups.filter(({ form }) => host.groups.some((group) => form.test(group))).map(({ role }) => role);
  // kubespray lists control-plane machines under kube_node too when they may run workloads: that makes them no other machine.
  return roles.includes("control-plane") ? roles.filter((role) => role !== "worker") : roles;
}

function ansibleHost(host: AnsibleHost, roles: readonly HostRole[], path: string, login: LoginWish): DraftHost {
  const value = (variable: string): string | undefined => {
    const text = host.variables.get(variable);
    if (text?.includes("{{") !== true) return text === "" ? undefined : text;
    throw invalidInventory(path, [
      {
        line: host.line,
        column: 1,
        message: `${variable} of ${host.name} is computed by Ansible (${text}); expected a plain value, as ansible-inventory --list prints it`,
      },
    ]);
  };
  const pick = (...variables: readonly string[]) =>
    variables.map((variable) => ({ variable, text: value(variable) })).find(({ text }) => text !== undefined);
  const sshAddress = value("ansible_host") ?? value("ansible_ssh_host");
  const own = pick("access_ip", "ip", "ansible_host", "ansible_ssh_host");
  const address = { value: own?.text ?? host.name, source: `${path}:${String(host.line)}${own === undefined ? "" : ` ${own.variable}`}` };
  if (!isAddress(address.value))
    throw invalidInventory(path, [
      {
        line: host.line,
        column: 1,
        message: `${own?.variable ?? "the name"} of ${host.name} is ${JSON.stringify(address.value)}; expected an IP address or a DNS name`,
      },
    ]);
  const port = value("ansible_port") ?? value("ansible_ssh_port");
  if (port !== undefined && !(/^[0-9]{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535)) {
    throw invalidInventory(path, [
      { line: host.line, column: 1, message: `ansible_port of ${host.name} is ${JSON.stringify(port)}; expected a port number` },
    ]);
  }
  const user = login.sshUser ?? value("ansible_user") ?? value("ansible_ssh_user");
  const jump = /(?:-J\s*|ProxyJump[= ])"?([^\s"']+)/.exec(
    `${host.variables.get("ansible_ssh_common_args") ?? ""} ${host.variables.get("ansible_ssh_extra_args") ?? ""}`,
  )?.[1];
  return {
    name: host.name,
    address,
    roles: {
      value: roles,
      source: `groups ${host.groups.filter((group) => roleGroups.some(({ form }) => form.test(group))).join(", ")} of ${path}`,
    },
    ...(sshAddress === undefined || sshAddress === address.value ? {} : { sshAddress }),
    ...(user === undefined ? {} : { sshUser: user }),
    ...(port === undefined || port === "22" ? {} : { sshPort: Number(port) }),
    ...(jump === undefined ? {} : { sshJump: jump }),
    notes: [],
  };
}

function etcdTopologyOf(hosts: readonly DraftHost[], path: string): NonNullable<ConfigDraft["etcdTopology"]> {
  const etcd = hosts.filter((host) => host.roles?.value.includes("etcd") === true);
  const isApart = etcd.some((host) => host.roles?.value.includes("control-plane") !== true);
  return {
    value: isApart ? "external" : "stacked",
    source: isApart ? `group etcd of ${path} has machines of its own` : `group etcd of ${path} is on the control-plane machines`,
  };
}

/** kubespray: loadbalancer_apiserver.address and .port (docs/operations/ha-mode.md); usually in group_vars, sometimes in the inventory. */
function endpointOf(inventory: AnsibleInventory, path: string): Pick<ConfigDraft, "controlPlaneEndpoint"> {
  for (const variable of ["loadbalancer_apiserver", "control_plane_endpoint", "kube_apiserver_endpoint"]) {
    const text =
      inventory.variables.get(variable) ?? inventory.hosts.map((host) => host.variables.get(variable)).find((value) => value !== undefined);
    const address = /"?address"?\s*[:=]\s*"?([^\s",}]+)/.exec(text ?? "")?.[1];
    const port = /"?port"?\s*[:=]\s*"?([0-9]{1,5})/.exec(text ?? "")?.[1] ?? "6443";
    if (address !== undefined && isAddress(address))
      return {
        controlPlaneEndpoint: { value: `${address.includes(":") ? `[${address}]` : address}:${port}`, source: `${variable} in ${path}` },
      };
    if (text !== undefined && /^\S+:[0-9]{1,5}$/.test(text))
      return { controlPlaneEndpoint: { value: text, source: `${variable} in ${path}` } };
  }
  return {};
}

function userOf(login: LoginWish): Pick<DraftHost, "sshUser"> {
  return login.sshUser === undefined ? {} : { sshUser: login.sshUser };
}

function configFileOf(login: LoginWish): Pick<ConfigDraft, "sshConfigFile"> {
  return login.sshConfigFile === undefined ? {} : { sshConfigFile: login.sshConfigFile };
}

/** "kubernetes" is what kubeadm calls every cluster: no name that one could type to consent. */
function clusterName(wish: NameWish, found: { readonly value: string; readonly source: string } | undefined): ConfigDraft["cluster"] {
  if (wish.given !== undefined) return { value: wish.given, source: "--name" };
  if (found !== undefined && !["kubernetes", "cluster.local"].includes(found.value) && fitsAsName(found.value)) return found;
  const fallback = wish.fallback
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]+/g, "-")
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, "")
    .slice(0, 63);
  return fitsAsName(fallback)
    ? { value: fallback, source: "the directory's name; you will type it to consent" }
    : { value: "cluster", source: "no name was found; you will type it to consent" };
}

function fitsAsName(name: string): boolean {
  return /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/.test(name);
}

function uniqueHosts(hosts: readonly DraftHost[]): readonly DraftHost[] {
  const twice = hosts.find((host, index) => hosts.findIndex((other) => other.name.toLowerCase() === host.name.toLowerCase()) !== index);
  if (twice !== undefined) throw new RecoveryError("USAGE", { subject: "option --host", detail: `${twice.name} is named twice` });
  return hosts;
}
