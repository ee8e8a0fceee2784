import { RecoveryError } from "../../../model/recovery-error.ts";
import { faultTimeoutMs, type Fault } from "./fault.ts";
import { killContainer } from "./kill-container.ts";

/** Certificates of kubeadm's layout and the CA that signs each (kubeadm's own list, "certificates" page of its documentation). */
const authorities: { readonly [certificate: string]: string } = {
  apiserver: "ca",
  "apiserver-kubelet-client": "ca",
  "apiserver-etcd-client": "etcd/ca",
  "front-proxy-client": "front-proxy-ca",
  "etcd/server": "etcd/ca",
  "etcd/peer": "etcd/ca",
  "etcd/healthcheck-client": "etcd/ca",
};
const defaultCertificates = "etcd/server,etcd/peer,apiserver-etcd-client,apiserver";
const suffix = ".requorum-lab-original";

export const expireCertificatesFault: Fault = {
  kind: "expire-certificates",
  addsUp: true,
  summary: "reissues certificates of a machine, same key and names, as if they had expired yesterday; healing puts the old ones back",
  settings: { certificates: `comma-separated, of ${Object.keys(authorities).join(", ")} (default ${defaultCertificates})` },
  async inject(context) {
    const names = (context.settings["certificates"] ?? defaultCertificates).split(",");
    const unknown = names.filter((name) => authorities[name] === undefined);
    if (unknown.length > 0)
      throw new RecoveryError("USAGE", {
        subject: `certificate ${unknown.join(", ")}`,
        detail: `expire-certificates knows ${Object.keys(authorities).join(", ")}`,
      });
    const script = `cd /etc/kubernetes/pki\n${names.map((name) => reissue(name, authorities[name] ?? "ca")).join("")}${killContainer("etcd")}${killContainer("kube-apiserver")}`;
    await context.shell({ reason: "expiring certificates", script, timeoutMs: faultTimeoutMs });
    return { certificates: names.join(",") };
  },
  async heal(context, details) {
    const names = (details["certificates"] ?? "").split(",").filter((name) => name !== "");
    const restore = names.map((name) => `[ ! -e ${name}.crt${suffix} ] || mv ${name}.crt${suffix} ${name}.crt\n`).join("");
    await context.shell({
      reason: "restoring certificates",
      script: `cd /etc/kubernetes/pki\n${restore}${killContainer("etcd")}${killContainer("kube-apiserver")}`,
      timeoutMs: faultTimeoutMs,
    });
  },
};

/** OpenSSL 3.0 cannot be told a start date: it is run a year and a day ago. */
function reissue(name: string, authority: string): string {
  return `[ -e ${name}.crt${suffix} ] || cp -p ${name}.crt ${name}.crt${suffix}
openssl x509 -x509toreq -copy_extensions copyall -in ${name}.crt${suffix} -signkey ${name}.key -out /run/expired.csr
faketime '366 days ago' openssl x509 -req -copy_extensions copyall -in /run/expired.csr -CA ${authority}.crt -CAkey ${authority}.key -CAcreateserial -CAserial /run/expired.srl -days 365 -out ${name}.crt
rm -f /run/expired.csr /run/expired.srl
`;
}
