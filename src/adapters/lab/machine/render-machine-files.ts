import { apiServerPort, balancerPort, machineOctets, podRange, type AddressPlan, type MachinePlan } from "../address-plan.ts";
import { pauseImage } from "../image/image-set.ts";

/**
 * The files that make a fresh Debian machine one of a lab, as a provisioning
 * tool would lay them down. Pure: path to content. Nothing here is secret.
 */
export interface MachineFile {
  readonly path: string;
  readonly content: string;
  readonly mode?: number;
}

/** Its presence is what the break and destroy verbs look for before they touch anything. */
export const markPath = "/etc/requorum-lab";

export interface MachineFilesInput {
  readonly lab: string;
  readonly machine: MachinePlan;
  readonly plan: AddressPlan;
}

export function renderMachineFiles(input: MachineFilesInput): readonly MachineFile[] {
  const { lab, machine, plan } = input;
  const balanced = machine.role === "control-plane" || machine.role === "spare";
  return [
    { path: markPath, content: `lab=${lab}\nmachine=${machine.name}\n` },
    { path: "/etc/hostname", content: `${machine.name}\n` },
    { path: "/etc/hosts", content: renderHosts(plan) },
    // containerd copies it into every pod and fails without it; there is no DNS in the lab.
    { path: "/etc/resolv.conf", content: "# no DNS in the lab\n" },
    { path: "/etc/systemd/network/10-host0.network", content: renderNetwork(machine, plan) },
    { path: "/etc/cni/net.d/10-requorum-lab.conflist", content: renderPodNetwork(machine.address) },
    ...(balanced ? [{ path: "/etc/haproxy/haproxy.cfg", content: renderHaproxy(plan) }] : []),
    ...(machine.role === "control-plane" ? [{ path: "/etc/keepalived/keepalived.conf", content: renderKeepalived(machine, plan) }] : []),
    ...constantFiles,
  ];
}

function renderHosts(plan: AddressPlan): string {
  const lines = plan.machines.map(({ name, address }) => `${address} ${name}`);
  return ["127.0.0.1 localhost", ...lines, `${plan.virtualAddress} control-plane`, ""].join("\n");
}

/** Static address, and the pod range of every machine that can ever be: machines come and go, routes stay. */
function renderNetwork(machine: MachinePlan, plan: AddressPlan): string {
  const prefix = machine.address.slice(0, machine.address.lastIndexOf(".") + 1);
  const routes: string[] = [];
  for (let octet: number = machineOctets.first; octet <= machineOctets.last; octet++) {
    const other = `${prefix}${String(octet)}`;
    if (other !== machine.address) routes.push(`[Route]\nDestination=${podRange(other)}\nGateway=${other}\n`);
  }
  return `[Match]
Name=host0

[Network]
Address=${machine.address}/24
Gateway=${plan.gateway}
LinkLocalAddressing=no
IPv6AcceptRA=no
# keepalived's address must survive a restart of networkd
KeepConfiguration=static

${routes.join("\n")}`;
}

function renderPodNetwork(address: string): string {
  const plugins = [
    {
      type: "bridge",
      bridge: "cni0",
      isGateway: true,
      ipMasq: false,
      hairpinMode: true,
      ipam: { type: "host-local", ranges: [[{ subnet: podRange(address) }]], routes: [{ dst: "0.0.0.0/0" }] },
    },
    { type: "portmap", capabilities: { portMappings: true } },
  ];
  return `${JSON.stringify({ cniVersion: "0.4.0", name: "requorum-lab", plugins }, null, 2)}\n`;
}

/** Health by the API server's own word. No `option ssl-hello-chk`: it would silently win over httpchk and mark everything down. */
export function renderHaproxy(plan: AddressPlan): string {
  const servers = plan.machines
    .filter(({ role }) => role === "control-plane")
    .map(({ name, address }) => `    server ${name} ${address}:${String(apiServerPort)} check check-ssl verify none`);
  return `global
    maxconn 4096

defaults
    mode tcp
    timeout connect 2s
    timeout client 1h
    timeout server 1h

frontend kube-apiserver
    bind *:${String(balancerPort)}
    default_backend kube-apiserver

backend kube-apiserver
    balance roundrobin
    option httpchk GET /readyz
    http-check expect status 200
    default-server inter 2s fall 2 rise 2 on-marked-down shutdown-sessions
${servers.join("\n")}
`;
}

/** Unicast VRRP; a machine whose haproxy is dead gives up the address, whatever its priority. */
export function renderKeepalived(machine: MachinePlan, plan: AddressPlan): string {
  const controlPlanes = plan.machines.filter(({ role }) => role === "control-plane");
  const rank = Math.max(
    0,
    controlPlanes.findIndex(({ name }) => name === machine.name),
  );
  const peers = controlPlanes.filter(({ name }) => name !== machine.name).map(({ address }) => `        ${address}`);
  return `global_defs {
    router_id ${machine.name}
    script_user root
    enable_script_security
}

vrrp_script haproxy_runs {
    script "/usr/bin/killall -0 haproxy"
    interval 2
    fall 2
    rise 2
}

vrrp_instance control_plane {
    state BACKUP
    interface host0
    virtual_router_id 51
    priority ${String(110 - rank)}
    advert_int 1
    unicast_src_ip ${machine.address}
    unicast_peer {
${peers.join("\n")}
    }
    virtual_ipaddress {
        ${plan.virtualAddress}/24
    }
    track_script {
        haproxy_runs
    }
}
`;
}

/** Kernel values that the kubelet wants to write. The host's stay as they are: files with these values are mounted over them. */
const kubeletKernelValues = [
  ["vm/overcommit_memory", 1],
  ["vm/panic_on_oom", 0],
  ["kernel/panic", 10],
  ["kernel/panic_on_oops", 1],
  ["kernel/keys/root_maxkeys", 1_000_000],
  ["kernel/keys/root_maxbytes", 25_000_000],
] as const;

const earlyScript = `#!/bin/sh
# Turns a container into something that a kubelet takes for a machine.
mount --make-rshared /
if [ -d /sys/fs/cgroup/memory ]; then
  # cgroup v1: nspawn leaves the controllers read-only; the cgroup namespace makes this machine's own group their root.
  for directory in /sys/fs/cgroup /sys/fs/cgroup/*; do
    mountpoint -q "$directory" && mount -o remount,bind,rw "$directory"
  done
fi
mkdir -p /run/requorum-lab
while read -r path value; do
  file=/run/requorum-lab/$(echo "$path" | tr / _)
  echo "$value" > "$file"
  mount --bind "$file" "/proc/sys/$path"
done <<'VALUES'
${kubeletKernelValues.map(([path, value]) => `${path} ${String(value)}`).join("\n")}
VALUES
rm -f /dev/kmsg && ln -s /dev/null /dev/kmsg
echo 1 > /proc/sys/net/ipv4/ip_forward
# Absent where the kernel has no br_netfilter in this namespace; kube-proxy's rules then see routed traffic only.
[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] && echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables
exit 0
`;

const kubeletUnit = `[Unit]
Description=kubelet: The Kubernetes Node Agent
Wants=network-online.target
After=network-online.target containerd.service

[Service]
ExecStart=/usr/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
`;

/** As kubeadm's packages ship it (kubernetes/release, 10-kubeadm.conf). */
const kubeletDropIn = `[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`;

/** `restrict_oom_score_adj`: a host without CAP_SYS_RESOURCE cannot lower oom_score_adj, and runc would fail on every container. */
const containerdConfig = `version = 2

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  disable_apparmor = true

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "/etc/cni/net.d"
`;

const earlyUnit = `[Unit]
Description=requorum lab: kernel files and cgroups of this machine
DefaultDependencies=no
Before=sysinit.target systemd-networkd.service
ConditionVirtualization=container

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/lib/requorum-lab/early

[Install]
WantedBy=sysinit.target
`;

const sshdConfig = `PermitRootLogin prohibit-password
PasswordAuthentication no
UseDNS no
UsePAM no
MaxSessions 64
MaxStartups 64:30:128
`;

const constantFiles: readonly MachineFile[] = [
  { path: "/usr/lib/requorum-lab/early", content: earlyScript, mode: 0o755 },
  { path: "/etc/systemd/system/requorum-lab-early.service", content: earlyUnit },
  { path: "/etc/systemd/system/kubelet.service", content: kubeletUnit },
  { path: "/etc/systemd/system/kubelet.service.d/10-kubeadm.conf", content: kubeletDropIn },
  { path: "/etc/containerd/config.toml", content: containerdConfig },
  { path: "/etc/ssh/sshd_config.d/10-requorum-lab.conf", content: sshdConfig },
  {
    path: "/etc/systemd/networkd.conf.d/10-requorum-lab.conf",
    content: "[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n",
  },
  {
    path: "/etc/systemd/journald.conf.d/10-requorum-lab.conf",
    content: "[Journal]\nStorage=persistent\nSystemMaxUse=64M\nReadKMsg=no\nRateLimitIntervalSec=0\n",
  },
  { path: "/etc/default/kubelet", content: "KUBELET_EXTRA_ARGS=\n" },
];

/** Units that a fresh Debian would start and that have no use, or do harm, in a lab machine. */
export const maskedUnits = [
  "apt-daily.timer",
  "apt-daily-upgrade.timer",
  "e2scrub_all.timer",
  "e2scrub_reap.service",
  "fstrim.timer",
  "dpkg-db-backup.timer",
  "systemd-networkd-wait-online.service",
  "console-getty.service",
  "systemd-timesyncd.service",
  "systemd-logind.service",
  "systemd-resolved.service",
] as const;

/** Units to be started at boot, by the target that wants them. */
export const enabledUnits: readonly { readonly unit: string; readonly target: string; readonly source: string }[] = [
  { unit: "requorum-lab-early.service", target: "sysinit.target", source: "/etc/systemd/system/requorum-lab-early.service" },
  { unit: "systemd-networkd.service", target: "multi-user.target", source: "/lib/systemd/system/systemd-networkd.service" },
  { unit: "kubelet.service", target: "multi-user.target", source: "/etc/systemd/system/kubelet.service" },
];
