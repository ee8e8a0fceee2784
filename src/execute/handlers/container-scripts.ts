/**
 * Shell functions for containers that the kubelet started, for either tool:
 * crictl where it is installed, else containerd's own ctr (Debian has no
 * crictl). The label is the CRI's: io.kubernetes.container.name
 * (kubernetes pkg/kubelet/types/labels.go).
 */
export const containerFunctions = String.raw`
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
container_ids() {
  if command -v crictl >/dev/null 2>&1; then crictl ps -q --label "io.kubernetes.container.name=$1"
  else
    running=$(ctr -n k8s.io tasks ls | awk '$3 == "RUNNING" || $3 == "PAUSED" { print $1 }')
    for id in $(ctr -n k8s.io containers ls -q "labels.\"io.kubernetes.container.name\"==$1"); do
      for one in $running; do [ "$one" = "$id" ] && echo "$id"; done
    done
  fi
  return 0
}
# SIGTERM, then SIGKILL after 10 s: etcd and kube-apiserver lose nothing by it, they write ahead.
stop_containers() {
  for id in $(container_ids "$1"); do
    if command -v crictl >/dev/null 2>&1; then crictl stop --timeout 10 "$id" >/dev/null
    else
      ctr -n k8s.io tasks kill -s SIGTERM "$id" || true
      n=0
      while [ $n -lt 20 ] && container_ids "$1" | grep -qx "$id"; do n=$((n + 1)); sleep 0.5; done
      if container_ids "$1" | grep -qx "$id"; then ctr -n k8s.io tasks kill -s SIGKILL "$id" || true; sleep 0.5; fi
    fi
  done
}
`;

/**
 * move_aside PATH: a rename, never a copy and never a deletion (I-S7). What
 * lies on the same mount as /var/lib/requorum goes to $aside below its own
 * path; what lies on another one goes to .requorum-aside/ at the top of that
 * one. A directory that is a mount point keeps its place and its content goes
 * to .requorum-aside/ inside it. Probes take .requorum-* in a data dir for
 * nothing. What is moved is written to $aside/manifest.tsv first: time, from, to.
 */
export const asideFunctions = String.raw`
list_move() { printf '%s\t%s\t%s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" "$2" >> "$aside/manifest.tsv"; }
record_move() { list_move "$1" "$2"; sync "$aside/manifest.tsv"; }
free_name() { to=$1; n=1; while [ -e "$to" ] || [ -L "$to" ]; do n=$((n + 1)); to=$1.$n; done; }
mount_of() { stat -c %m "$1"; }
move_aside() {
  [ -e "$1" ] || [ -L "$1" ] || return 0
  if [ -d "$1" ] && [ ! -L "$1" ] && mountpoint -q "$1"; then
    inner="$1/.requorum-aside/$run"
    for f in "$1"/* "$1"/.[!.]*; do
      case $f in */lost+found|*/.requorum-*) continue ;; esac
      [ -e "$f" ] || [ -L "$f" ] || continue
      mkdir -p "$inner"; chmod 700 "$1/.requorum-aside" "$inner"
      free_name "$inner/$(basename "$f")"; record_move "$f" "$to"; mv -T "$f" "$to"
    done
    return 0
  fi
  parent=$(dirname "$1"); mount=$(mount_of "$parent/.")
  if [ "$mount" = "$(mount_of "$aside/.")" ]; then base=$aside
  else base="$mount/.requorum-aside/$run"; mkdir -p "$base"; chmod 700 "$mount/.requorum-aside"; fi
  mkdir -p "$base$parent"
  if [ "$(stat -c %d "$parent/.")" != "$(stat -c %d "$base$parent/.")" ]; then
    echo "$1 is on another filesystem than $base: it is not moved, because that would copy and delete" >&2; exit 3
  fi
  free_name "$base$1"; record_move "$1" "$to"; mv -T "$1" "$to"
}
open_aside() { run=$1; aside=/var/lib/requorum/aside/$run; umask 077; mkdir -p "$aside"; }
`;
