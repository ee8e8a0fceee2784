import type { AddressPlan, MachinePlan } from "../address-plan.ts";
import { runInMachine, type RunningMachine } from "../machine/machine-shell.ts";
import { waitUntil } from "../wait-until.ts";

/**
 * Separate etcd machines: etcd as a systemd service, files where kubespray puts
 * them (/etc/etcd.env, /etc/ssl/etcd/ssl/{ca,member-HOST,admin-HOST}.pem), and
 * the client certificate where kubeadm's configuration of an external etcd
 * wants it on control-plane machines.
 */
export interface ExternalEtcdInput {
  readonly plan: AddressPlan;
  readonly machineOf: (name: string) => RunningMachine;
}

const directory = "/etc/ssl/etcd/ssl";
/** openssl, base64 and tar of a dozen small files. */
const timeoutMs = 60_000;
/** Three members start within seconds of each other; an election takes one. */
const healthyTimeoutMs = 90_000;

export async function makeExternalEtcd(input: ExternalEtcdInput): Promise<void> {
  const etcdMachines = input.plan.machines.filter(({ role }) => role === "etcd");
  const [first] = etcdMachines;
  if (first === undefined) return;
  const made = await runInMachine(input.machineOf(first.name), {
    reason: "making etcd's certificates",
    script: certificateScript(etcdMachines),
    timeoutMs,
  });
  const archive = made.stdout.replaceAll(/\s/g, "");
  for (const machine of etcdMachines)
    await runInMachine(input.machineOf(machine.name), {
      reason: "configuring etcd",
      script: memberScript(machine, etcdMachines, archive),
      timeoutMs,
    });
  const controlPlane = input.plan.machines.find(({ role }) => role === "control-plane");
  // The first one's are uploaded by kubeadm for those that join.
  if (controlPlane !== undefined)
    await runInMachine(input.machineOf(controlPlane.name), {
      reason: "placing etcd's client certificate",
      script: clientScript(archive),
      timeoutMs,
    });
  const endpoints = etcdMachines.map(({ address }) => `https://${address}:2379`).join(",");
  const check = `etcdctl --cacert ${directory}/ca.pem --cert ${directory}/admin-${first.name}.pem --key ${directory}/admin-${first.name}-key.pem --endpoints ${endpoints} endpoint health`;
  await waitUntil(
    { what: "the etcd machines are healthy", timeoutMs: healthyTimeoutMs, intervalMs: 1_000 },
    async () =>
      (await runInMachine(input.machineOf(first.name), { reason: "asking etcd", script: check, timeoutMs: 20_000, acceptsFailure: true }))
        .exitCode === 0,
  );
}

/** Prints a tar of all keys and certificates in base64; leaves nothing on the machine. */
function certificateScript(machines: readonly MachinePlan[]): string {
  const leaf = (
    name: string,
    subjects: string,
  ) => `printf 'basicConstraints=CA:FALSE\\nkeyUsage=digitalSignature,keyEncipherment\\nextendedKeyUsage=serverAuth,clientAuth\\n${subjects === "" ? "" : `subjectAltName=${subjects}\\n`}' > extensions
openssl req -newkey rsa:2048 -nodes -keyout ${name}-key.pem -subj '/CN=${name}' -out request 2>/dev/null
openssl x509 -req -in request -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 3650 -extfile extensions -out ${name}.pem 2>/dev/null
`;
  const members = machines.map(
    ({ name, address }) => leaf(`member-${name}`, `DNS:${name},DNS:localhost,IP:${address},IP:127.0.0.1`) + leaf(`admin-${name}`, ""),
  );
  return `umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca-key.pem -subj '/CN=etcd-ca' -days 3650 -out ca.pem 2>/dev/null
${members.join("")}${leaf("apiserver-etcd-client", "")}rm -f request extensions ca.srl
tar -cf - . | base64
`;
}

function memberScript(machine: MachinePlan, all: readonly MachinePlan[], archive: string): string {
  const { name, address } = machine;
  const environment = [
    `ETCD_NAME=${name}`,
    "ETCD_DATA_DIR=/var/lib/etcd",
    `ETCD_LISTEN_CLIENT_URLS=https://${address}:2379,https://127.0.0.1:2379`,
    `ETCD_ADVERTISE_CLIENT_URLS=https://${address}:2379`,
    `ETCD_LISTEN_PEER_URLS=https://${address}:2380`,
    `ETCD_INITIAL_ADVERTISE_PEER_URLS=https://${address}:2380`,
    "ETCD_LISTEN_METRICS_URLS=http://127.0.0.1:2381",
    `ETCD_INITIAL_CLUSTER=${all.map((other) => `${other.name}=https://${other.address}:2380`).join(",")}`,
    "ETCD_INITIAL_CLUSTER_STATE=new",
    "ETCD_INITIAL_CLUSTER_TOKEN=requorum-lab",
    `ETCD_CERT_FILE=${directory}/member-${name}.pem`,
    `ETCD_KEY_FILE=${directory}/member-${name}-key.pem`,
    `ETCD_TRUSTED_CA_FILE=${directory}/ca.pem`,
    "ETCD_CLIENT_CERT_AUTH=true",
    `ETCD_PEER_CERT_FILE=${directory}/member-${name}.pem`,
    `ETCD_PEER_KEY_FILE=${directory}/member-${name}-key.pem`,
    `ETCD_PEER_TRUSTED_CA_FILE=${directory}/ca.pem`,
    "ETCD_PEER_CLIENT_CERT_AUTH=true",
  ];
  return `umask 077
mkdir -p ${directory}
cd ${directory}
base64 -d <<'ARCHIVE' | tar -xf -
${archive}
ARCHIVE
for file in member-* admin-*; do case "$file" in *-${name}.pem|*-${name}-key.pem) ;; *) rm -f "$file" ;; esac; done
rm -f apiserver-etcd-client*
chmod 700 /var/lib/etcd
cat > /etc/etcd.env <<'ENVIRONMENT'
${environment.join("\n")}
ENVIRONMENT
umask 022
cat > /etc/systemd/system/etcd.service <<'UNIT'
[Unit]
Description=etcd
After=network-online.target

[Service]
Type=notify
EnvironmentFile=/etc/etcd.env
ExecStart=/usr/local/bin/etcd
Restart=always
RestartSec=10s
LimitNOFILE=40000

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --quiet etcd
systemctl start --no-block etcd
`;
}

function clientScript(archive: string): string {
  return `umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
base64 -d <<'ARCHIVE' | tar -xf -
${archive}
ARCHIVE
mkdir -p /etc/kubernetes/pki/etcd
mv ca.pem /etc/kubernetes/pki/etcd/ca.crt
mv apiserver-etcd-client.pem /etc/kubernetes/pki/apiserver-etcd-client.crt
mv apiserver-etcd-client-key.pem /etc/kubernetes/pki/apiserver-etcd-client.key
`;
}
