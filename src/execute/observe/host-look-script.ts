import { dataDirShell } from "../../formats/machine/data-dir-look.ts";

/**
 * What a step needs to know of one machine, in one short script that only
 * reads. Output: one `word value…` line per fact; see look-at-host.ts.
 * Arguments: etcd data dir, static-pod dir, PKI dir.
 */
export const hostLookScript = String.raw`set -u
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
data_dir=$1 manifests=$2 pki=$3 root=
${dataDirShell}
echo "machine-id $(cat /etc/machine-id)"
for unit in kubelet containerd haproxy keepalived etcd; do
  state=$(systemctl show -p LoadState -p ActiveState "$unit.service" | sed -n 's/^LoadState=//p; s/^ActiveState=//p' | sort | tr '\n' ' ')
  echo "unit $unit $state"
done
ps -eo stat=,comm= > /dev/null && echo processes-listed
ps -eo stat=,comm= | awk '$2 == "etcd" || $2 == "kube-apiserver" || $2 == "kubeadm" { print "process", $2, $1 }'
has() { if [ -e "$2" ]; then echo "file $1 1"; else echo "file $1 0"; fi; }
has adminConf /etc/kubernetes/admin.conf
has superAdminConf /etc/kubernetes/super-admin.conf
has kubeletConf /etc/kubernetes/kubelet.conf
has etcdManifest "$manifests/etcd.yaml"
has apiServerManifest "$manifests/kube-apiserver.yaml"
has clusterCa "$pki/ca.crt"
# A manifest may name another data dir than the one that is looked at, in whatever form of YAML; one that is there and cannot be read may name any.
here=${"$"}{data_dir%/} manifest=$manifests/etcd.yaml
said=$(grep -E -e '--(data|wal)-dir' "$manifest" 2>&1)
case $?,$said in
  0,*|1,*) printf '%s\n' "$said" | tr -d "\"'" |
    while read -r words; do
      case $words in
        ''|'#'*|"- --data-dir=$here"|"- --data-dir=$here/"|"- --wal-dir=$here/member/wal"|"- --wal-dir=$here/member/wal/") ;;
        *) echo "data-elsewhere $words" ;;
      esac
    done ;;
  *"$manifest: No such file or directory") [ ! -L "$manifest" ] || echo data-place-unknown ;;
  *) echo data-place-unknown ;;
esac
look_at_data_dir "$root" "$data_dir" | sed 's/^/data-dir /'
if [ -f /etc/haproxy/haproxy.cfg ]; then echo "haproxy $(head -c 262144 /etc/haproxy/haproxy.cfg | base64 -w0)"; fi
echo end`;
