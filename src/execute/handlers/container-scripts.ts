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
 * move_aside PATH: into $aside, below its own path, on the same filesystem or
 * not at all (exit 3); never deletes. A directory that is a mount point keeps
 * its place; its content goes to .requorum-aside/ inside it. What was moved
 * is written to $aside/manifest.tsv first: time, from, to.
 */
export const asideFunctions = String.raw`
record_move() { printf '%s\t%s\t%s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" "$2" >> "$aside/manifest.tsv"; sync "$aside/manifest.tsv"; }
free_name() { to=$1; n=1; while [ -e "$to" ] || [ -L "$to" ]; do n=$((n + 1)); to=$1.$n; done; }
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
  mkdir -p "$aside$(dirname "$1")"
  if [ "$(stat -c %d "$(dirname "$1")/")" != "$(stat -c %d "$aside")" ]; then
    echo "$1 is on another filesystem than $aside: it is not moved, because that would copy and delete" >&2; exit 3
  fi
  free_name "$aside$1"; record_move "$1" "$to"; mv -T "$1" "$to"
}
open_aside() { run=$1; aside=/var/lib/requorum/aside/$run; umask 077; mkdir -p "$aside"; }
`;
