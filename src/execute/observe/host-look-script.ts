import { dataDirShell } from "../../formats/machine/data-dir-look.ts";
import { kubeadmProcessShell } from "../../formats/machine/kubeadm-process.ts";

/**
 * What a step needs to know of one machine, in one short script that only
 * reads. Output: one `word value…` line per fact; see look-at-host.ts.
 * Arguments: etcd data dir, static-pod dir, PKI dir.
 */
export const hostLookScript = String.raw`set -u
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
data_dir=$1 manifests=$2 pki=$3 root=
${dataDirShell}${kubeadmProcessShell}
echo "machine-id $(cat /etc/machine-id)"
for unit in kubelet containerd haproxy keepalived etcd; do
  state=$(systemctl show -p LoadState -p ActiveState "$unit.service" | sed -n 's/^LoadState=//p; s/^ActiveState=//p' | sort | tr '\n' ' ')
  echo "unit $unit $state"
done
ps -eo stat=,comm= > /dev/null && echo processes-listed
ps -eo pid=,stat=,comm= | awk '$3 == "etcd" || $3 == "kube-apiserver" || $3 == "kubeadm" { print $1, $2, $3 }' |
  while read -r pid state name; do
    if [ "$name" = kubeadm ] && is_only_asked "$pid"; then continue; fi
    echo "process $name $state"
  done
has() { if [ -e "$2" ]; then echo "file $1 1"; else echo "file $1 0"; fi; }
has adminConf /etc/kubernetes/admin.conf
has superAdminConf /etc/kubernetes/super-admin.conf
has kubeletConf /etc/kubernetes/kubelet.conf
has etcdManifest "$manifests/etcd.yaml"
has apiServerManifest "$manifests/kube-apiserver.yaml"
has clusterCa "$pki/ca.crt"
# A manifest may have another place for the data than the one that is looked at; one that is there and cannot be read may have any.
unknown() { echo "data-place-unknown $*" | tr -c '[:print:]\n' '?'; }
said=$(ls -- "$manifests/" 2>&1) || case $said$([ -L "$manifests" ] && echo ' link') in *"No such file or directory") ;; *) unknown "$manifests cannot be listed" ;; esac
count=0
for f in "$manifests"/*; do
  # As the probe: the kubelet reads regular files only; anything else in the place of etcd's manifest is a riddle.
  if ! [ -f "$f" ]; then
    if [ "$f" = "$manifests/etcd.yaml" ] && { [ -e "$f" ] || [ -L "$f" ]; }; then unknown "etcd.yaml is no regular file"; fi
    continue
  fi
  count=$((count + 1))
  # As many files, and as much of each, as the probe reads.
  [ "$count" -le 64 ] || { unknown "$manifests holds more than 64 files"; break; }
  grep -qi -e etcd "$f"
  case $?${"$"}{f#"$manifests"} in
    # An etcd.yaml that says nothing of etcd is damaged.
    0/*|1/etcd.yaml) echo "manifest $(printf %s "${"$"}{f##*/}" | base64 -w0) $(head -c 65536 "$f" | base64 -w0)" ;;
    1/*) ;;
    *) unknown "${"$"}{f##*/} cannot be read" ;;
  esac
done
look_at_data_dir "$root" "$data_dir" | sed 's/^/data-dir /'
if [ -f /etc/haproxy/haproxy.cfg ]; then echo "haproxy $(head -c 262144 /etc/haproxy/haproxy.cfg | base64 -w0)"; fi
echo end`;
