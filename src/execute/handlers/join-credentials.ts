import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { acceptedJson, request, withKube, withKubeOnce } from "../ask/ask-kube.ts";
import { listAt, textAt } from "../ask/json-value.ts";
import { changeOnHost } from "../ask/run-on-host.ts";
import type { StepContext } from "../step-handler.ts";

/** Secrets of one join. They exist in memory, in a 0600 file in /run of the target, and in the API until the join ended. */
export interface JoinCredentials {
  /** `[a-z0-9]{6}.[a-z0-9]{16}` (bootstrap token, kubernetes cluster-bootstrap/token/api). */
  readonly token: string;
  /** 64 hex digits: the AES key of the certificates in kube-system/kubeadm-certs. */
  readonly certificateKey: string;
}

/** A join takes half a minute, kubeadm's own waits end after some ten; afterwards nobody needs the token. */
const tokenLifeMs = 30 * 60_000;
const secretsPath = "/api/v1/namespaces/kube-system/secrets";
const certificatesSecret = "kubeadm-certs";

/** The public half of the token: the same for every attempt of one step, so that a leftover is found and replaced. */
export function tokenIdOf(context: StepContext): string {
  return context.ports.hashing.sha256Hex(`${context.run} ${context.step}`).slice(0, 6);
}

/** Makes a fresh token and uploads the certificates under a fresh key, both through `via`; the API server is asked at its node. */
export async function makeJoinCredentials(context: StepContext, via: HostName, viaAddress: string): Promise<JoinCredentials> {
  const id = tokenIdOf(context);
  const secret = context.ports.hashing.randomHex(8);
  const certificateKey = context.ports.hashing.randomHex(32);
  await removeToken(context, via);
  await withKubeOnce(context, via, async (api) => {
    const answer = await request(api, context, { method: "POST", path: secretsPath, body: tokenSecret(context, id, secret) });
    acceptedJson(answer, "creation of a bootstrap token", [201]);
  });
  await changeOnHost(context, via, {
    reason: "upload the control plane's certificates for the join",
    script: uploadScript,
    args: [`https://${hostPort(viaAddress)}`],
    input: new TextEncoder().encode(certificateKey),
    timeoutMs: 60_000,
  });
  return { token: `${id}.${secret}`, certificateKey };
}

/** Token and uploaded certificates, with the helper token that kubeadm made to own them. Gone already is success. */
export async function removeJoinCredentials(context: StepContext, via: HostName): Promise<void> {
  await removeToken(context, via);
  const owners = await withKube(context, via, async (api) => {
    const answer = await request(api, context, { method: "GET", path: `${secretsPath}/${certificatesSecret}` });
    const json = acceptedJson(answer, `Secret ${certificatesSecret}`, [200, 404]);
    return answer.status === 404 ? [] : listAt(json, "metadata", "ownerReferences").flatMap((owner) => textAt(owner, "name") ?? []);
  });
  for (const name of [certificatesSecret, ...owners.filter((owner) => owner.startsWith("bootstrap-token-"))])
    await removeSecret(context, via, name);
}

async function removeToken(context: StepContext, via: HostName): Promise<void> {
  await removeSecret(context, via, `bootstrap-token-${tokenIdOf(context)}`);
}

async function removeSecret(context: StepContext, via: HostName, name: string): Promise<void> {
  // Deleting twice is deleting once, so it may be repeated.
  await withKube(context, via, async (api) => {
    const answer = await request(api, context, { method: "DELETE", path: `${secretsPath}/${name}` });
    acceptedJson(answer, `deletion of Secret ${name}`, [200, 202, 404]);
  });
}

/** Form: kubernetes.io, "Bootstrap token Secret format"; the group is the one that kubeadm's RBAC rules are bound to. */
function tokenSecret(context: StepContext, id: string, secret: string): object {
  const expiresMs = context.ports.clock.nowMs() + tokenLifeMs;
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "bootstrap.kubernetes.io/token",
    metadata: { name: `bootstrap-token-${id}`, namespace: "kube-system" },
    stringData: {
      "token-id": id,
      "token-secret": secret,
      expiration: new Date(expiresMs).toISOString(),
      description: `requorum run ${context.run}`,
      "usage-bootstrap-authentication": "true",
      "usage-bootstrap-signing": "true",
      "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
    },
  };
}

/**
 * $1: this machine's own API server, so that nothing depends on the VIP. The
 * key comes in $REQUORUM_INPUT and goes to kubeadm in a file, never in argv.
 * A kubernetesVersion is given, or kubeadm would look for the newest one on the internet.
 */
export const uploadScript = String.raw`set -eu
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
umask 077
dir=$(mktemp -d /run/requorum-upload.XXXXXX)
trap 'rm -rf "$dir"' EXIT
# A shell that dies of a signal does not run its EXIT trap.
trap 'exit 1' HUP INT PIPE TERM
conf=/etc/kubernetes/super-admin.conf
[ -r "$conf" ] || conf=/etc/kubernetes/admin.conf
sed "s|^\( *server: \).*|\1$1|" "$conf" > "$dir/api.conf"
version=$(kubeadm version -o short)
case $version in v1.2[0-9].*|v1.30.*) api=v1beta3 ;; *) api=v1beta4 ;; esac
pki=$(dirname "$(ls /etc/kubernetes/pki/ca.key /etc/kubernetes/ssl/ca.key 2>/dev/null | head -n 1)")
cat > "$dir/init.yaml" <<INIT
apiVersion: kubeadm.k8s.io/$api
kind: InitConfiguration
certificateKey: "$(cat "$REQUORUM_INPUT")"
---
apiVersion: kubeadm.k8s.io/$api
kind: ClusterConfiguration
kubernetesVersion: $version
certificatesDir: $pki
INIT
# kubeadm prints the key on stdout.
kubeadm init phase upload-certs --upload-certs --kubeconfig "$dir/api.conf" --config "$dir/init.yaml" > /dev/null
`;

export function hostPort(address: string): string {
  return address.includes(":") ? `[${address}]:6443` : `${address}:6443`;
}

/** Removes what must not be shown: the two secrets and everything of their form. */
export function redactJoin(text: string, credentials: JoinCredentials | undefined): string {
  const secrets = credentials === undefined ? [] : [credentials.token, credentials.token.slice(7), credentials.certificateKey];
  return secrets
    .reduce((shown, secret) => shown.replaceAll(secret, "(removed)"), text)
    .replaceAll(/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g, "(removed)")
    .replaceAll(/\b[0-9a-f]{64}\b/g, "(removed)");
}

/** For callers that hold only a host's name. Throws STEP_BLOCKED when it is not configured. */
export function addressOf(context: StepContext, host: HostName): string {
  const configured = context.config.hosts.find((candidate) => candidate.name === host);
  if (configured === undefined)
    throw new RecoveryError("STEP_BLOCKED", { subject: `host ${host}`, detail: "it is not in the configuration" });
  return configured.address;
}
