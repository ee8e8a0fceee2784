/**
 * Read-only. $1: target or reference; then etcd data dir, static-pod dir, PKI
 * dir, control-plane endpoint or "", then the registries that images may
 * have to come from. One `word value…` line per fact; see
 * preparation-problems.ts.
 */
export const preparationScript = String.raw`set -u
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
role=$1 data_dir=$2 manifests=$3 pki=$4 endpoint=$5
shift 5
echo "clock $(date +%s%3N)"
for name in kubeadm kubelet; do
  if command -v $name >/dev/null 2>&1; then
    case $name in kubeadm) v=$(timeout 10 kubeadm version -o short) ;; kubelet) v=$(timeout 10 kubelet --version | awk '{print $2}') ;; esac
    echo "version $name $v"
  else echo "version $name absent"; fi
done
echo "runtime $(systemctl show -p ActiveState --value containerd.service)"
echo "swap $(($(wc -l < /proc/swaps) - 1))"
# The kubelet configuration of a working machine says whether swap is tolerated.
if [ -f /var/lib/kubelet/config.yaml ]; then echo "fail-swap-on $(sed -n 's/^failSwapOn: *//p' /var/lib/kubelet/config.yaml | head -n 1)"; fi
if command -v ctr >/dev/null 2>&1 && timeout 10 ctr -n k8s.io images ls -q > /dev/null 2>&1; then
  echo images-listed
  timeout 10 ctr -n k8s.io images ls -q | grep -v '^sha256:' | sed 's/^/image /'
elif command -v crictl >/dev/null 2>&1 && timeout 10 crictl images -q >/dev/null 2>&1; then
  echo images-listed
  timeout 10 crictl images -o json | sed -n 's/^ *"\([^" ]*:[^" ]*\)",\{0,1\}$/image \1/p'
fi
# Images of the manifests that a working machine runs: what the new one will run too.
if [ "$role" = reference ]; then
  sed -n 's/^ *image: *\([^ ]*\).*$/needs \1/p' "$manifests"/*.yaml 2>/dev/null
  echo end; exit 0
fi
if command -v ss >/dev/null 2>&1; then
  echo ports-listed
  for port in 6443 2379 2380 10250 10257 10259; do
    if [ -n "$(ss -Hltn "sport = :$port")" ]; then echo "port $port"; fi
  done
fi
for dir in /var/lib/etcd /var/lib/containerd /etc; do
  place=$dir; [ "$dir" = /var/lib/etcd ] && place=$data_dir
  while [ ! -e "$place" ]; do place=$(dirname "$place"); done
  echo "free $(stat -f -c '%a %S' "$place" | awk '{printf "%d", $1 * $2 / 1048576}') $dir"
done
for f in /etc/kubernetes/admin.conf /etc/kubernetes/kubelet.conf /etc/kubernetes/bootstrap-kubelet.conf "$pki/ca.crt" "$manifests/etcd.yaml" "$manifests/kube-apiserver.yaml"; do
  if [ -e "$f" ]; then echo "leftover $f"; fi
done
if [ -d "$data_dir" ]; then
  for f in "$data_dir"/* "$data_dir"/.[!.]*; do
    case $f in */lost+found|*/.requorum-*) continue ;; esac
    if [ -e "$f" ] || [ -L "$f" ]; then echo "leftover $f"; fi
  done
fi
if [ -n "$endpoint" ]; then
  if command -v curl >/dev/null 2>&1; then
    echo "endpoint $(curl --noproxy '*' -sk -o /dev/null -w '%{http_code}' --connect-timeout 3 --max-time 8 "https://$endpoint/readyz" 2>/dev/null)"
  else echo "endpoint no-curl"; fi
fi
for registry in "$@"; do
  # Any answer will do: 401 is what a registry says to who has not logged in.
  command -v curl >/dev/null 2>&1 && echo "registry $registry $(curl -s -o /dev/null -w '%{http_code}' --connect-timeout 3 --max-time 8 "https://$registry/v2/" 2>/dev/null)"
done
echo end`;
