/**
 * The one script that a round runs on each machine. It reads; the only things
 * it writes are its own files in /run and, with depth full, one file of 4 KiB
 * for the fsync test, removed at once. It needs a POSIX sh with coreutils;
 * whatever else is missing costs only the sections that use it.
 *
 * Sections run side by side, each into a file of its own, and are printed as
 * they end. A section that does not end (a read from a hung disk cannot even
 * be killed) is printed as `timeout` when the limit is reached; the others do
 * not wait for it. Private keys are never printed: of certificate files and
 * kubeconfigs only CERTIFICATE blocks, of balancer files no password lines.
 *
 * Output, one frame per section (see parse-host-answer.ts):
 *   ##requorum-NONCE begin NAME
 *   …
 *   ##requorum-NONCE end NAME EXIT-STATUS|timeout BASE64-OF-STDERR
 *
 * Arguments: nonce, limit in hundredths of a second, depth (status|full), etcd
 * data dir, static-pod dir, PKI dir, endpoint address or "-", endpoint port,
 * endpoint URL host, seconds for TCP connects, seconds for the endpoint's
 * answer, then one NAME=ADDRESS=SSHPORT per machine, itself included.
 */

import { dataDirShell } from "../formats/machine/data-dir-look.ts";
import { kubeadmProcessShell } from "../formats/machine/kubeadm-process.ts";

/** Above this a section counts as malformed: manifests and certificates of one machine are some 60 KiB. */
export const sectionBytesMax = 1_048_576;

export const hostSections = [
  "machine",
  "addresses",
  "versions",
  "services",
  "processes",
  "datadir",
  "fsync",
  "kernel",
  "manifests",
  "files",
  "certificates",
  "loadbalancer",
  "mesh",
  "vip",
  "arp",
] as const;
export type HostSection = (typeof hostSections)[number];

const preamble = String.raw`
set -u
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
nonce=$1 limit=$2 depth=$3 data_dir=$4 manifests_dir=$5 pki_dir=$6 vip=$7 vip_port=$8 vip_url=$9
shift 9
connect_seconds=$1 answer_seconds=$2
shift 2
root=${"$"}{REQUORUM_PROBE_ROOT:-}
mark="##requorum-$nonce"
printf '%s begin clock-start\n%s\n%s end clock-start 0 \n' "$mark" "$(date +%s%N)" "$mark"
work=$(mktemp -d /run/requorum-probe.XXXXXX 2>/dev/null) || work=$(mktemp -d) || exit 70
started= watchdog=
# Not those that have ended: their number may be another process's by now. Our files do not tell: the disk may be full.
kill_running() {
  for section in $started; do
    { read -r stat <"/proc/$section/stat"; } 2>/dev/null || continue
    set -- ${"$"}{stat##*) }
    if [ "$1" != Z ] && [ "$2" = "$$" ]; then kill "$section" 2>/dev/null; fi
  done
  [ -z "$watchdog" ] || kill "$watchdog" 2>/dev/null
}
# Sections that still write go first, and what they wrote meanwhile goes last.
trap 'kill_running; rm -rf "$work" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 143' HUP INT TERM PIPE
# Hundredths of a second since boot, without a fork.
now() { read -r up rest </proc/uptime; centis=${"$"}{up%.*}${"$"}{up#*.}; }
have() { command -v "$1" >/dev/null 2>&1; }
# name, or base64 of it where a word of plain letters does not do.
plain_name() { case $1 in *[!A-Za-z0-9._-]*) printf 'base64:'; printf %s "$1" | base64 -w0 ;; *) printf 'plain:%s' "$1" ;; esac; }
`;

const machineSections = String.raw`${kubeadmProcessShell}
section_machine() {
  value= stat=
  read -r value <"$root/etc/machine-id"; echo "machine_id=$value"
  read -r value </proc/sys/kernel/random/boot_id; echo "boot_id=$value"
  # Age of PID 1, not /proc/uptime: in a container-like machine that is its host's. Field 22 of /proc/1/stat, in ticks of 1/100 s.
  read -r stat </proc/1/stat; set -- ${"$"}{stat##*) }; now; echo "uptime=$(((centis - ${"$"}{20}) / 100))"
  read -r value </proc/sys/kernel/hostname; echo "hostname=$value"
  while read -r line; do case $line in PRETTY_NAME=*) echo "os=${"$"}{line#*=}"; break ;; esac; done <"$root/etc/os-release"
  swaps=-1; while read -r line; do swaps=$((swaps + 1)); done </proc/swaps; echo "swaps=$swaps"
  if [ -e "$root/etc/requorum-lab" ]; then echo lab=1; else echo lab=0; fi
}
section_addresses() { timeout 2 ip -o addr show; }
section_versions() {
  [ "$depth" = full ] || { echo not-asked; return 0; }
  if have kubeadm; then v=$(timeout 3 kubeadm version -o short) && printf 'kubeadm=%s\n' "$v"; else echo kubeadm=; fi
  if have kubelet; then v=$(timeout 3 kubelet --version) && printf 'kubelet=%s\n' "$v"; else echo kubelet=; fi
  if have containerd; then v=$(timeout 3 containerd --version) && printf 'containerd=%s\n' "$v"; else echo containerd=; fi
  return 0
}
section_services() {
  timeout 2 systemctl show -p Id,LoadState,ActiveState,UnitFileState kubelet.service containerd.service haproxy.service keepalived.service etcd.service || return 1
  names=
  for f in "$root"/etc/systemd/system/*etcd*.service "$root"/run/systemd/system/*etcd*.service "$root"/run/systemd/transient/*etcd*.service "$root"/run/systemd/generator*/*etcd*.service "$root"/usr/lib/systemd/system/*etcd*.service \
    "$root"/lib/systemd/system/*etcd*.service "$root"/usr/local/lib/systemd/system/*etcd*.service; do
    { [ -e "$f" ] || [ -L "$f" ]; } || continue
    # A unit that is masked is a link to /dev/null, whatever lies in the places behind: first /etc, then /run.
    mask=$root/etc/systemd/system/${"$"}{f##*/}
    if ! [ -e "$mask" ] && ! [ -L "$mask" ]; then mask=$root/run/systemd/system/${"$"}{f##*/}; fi
    if [ "$(readlink "$mask")" = /dev/null ]; then continue; fi
    names="$names ${"$"}{f##*/}"
  done
  printf '\nEtcdUnitFiles=%s\n' "$names"
}
section_processes() {
  # comm is cut at 15 characters by the kernel, hence kube-controller.
  ps -eo pid=,stat=,etimes=,comm= >"$work/ps" || return 1
  grep -E ' (etcd|kube-apiserver|kube-controller.*|kube-scheduler|kubelet|kubeadm|haproxy|keepalived)$' "$work/ps" | head -n 200 |
    while read -r pid state age name; do
      if [ "$name" = kubeadm ] && is_only_asked "$pid"; then continue; fi
      printf '%s %s %s %s\n' "$pid" "$state" "$age" "$name"
    done
  return 0
}
section_files() {
  for f in admin.conf super-admin.conf kubelet.conf; do if [ -e "$root/etc/kubernetes/$f" ]; then echo "$f=1"; else echo "$f=0"; fi; done
  for f in etcd kube-apiserver; do if [ -e "$root$manifests_dir/$f.yaml" ]; then echo "$f=1"; else echo "$f=0"; fi; done
  if [ -e "$root$pki_dir/ca.crt" ]; then echo ca=1; else echo ca=0; fi
  # What a join writes as it goes on; the youngest tells whether one may be under way.
  youngest=$(stat -L -c %Y "$root"/etc/kubernetes/*.conf "$root$manifests_dir"/*.yaml "$root$pki_dir/ca.crt" "$root/var/lib/kubelet/config.yaml" 2>/dev/null | sort -n | tail -n 1)
  if [ -n "$youngest" ]; then age=$(($(date +%s) - youngest)); [ "$age" -ge 0 ] || age=0; echo "age=$age"; fi
}
`;

const diskSections = String.raw`${dataDirShell}
section_datadir() {
  d=$root$data_dir
  place=$d
  while [ ! -e "$place" ] && [ -n "$place" ]; do place=${"$"}{place%/*}; done
  [ -n "$place" ] || place=/
  options=$(findmnt -no OPTIONS -T "$place" 2>/dev/null | tail -n 1)
  if [ -z "$options" ]; then if [ -w "$place" ]; then options=rw; else options=ro; fi; fi
  printf 'options=%s\n' "$options"
  room=$(stat -f -c '%a %S %d' "$place") || return 1
  set -- $room; printf 'free_blocks=%s\nblock_size=%s\nfree_inodes=%s\n' "$1" "$2" "$3"
  look_at_data_dir "$root" "$data_dir"
  d=$root$data_dir
  [ -d "$d" ] || return 0
  printf 'uid=%s\nsize=%s\n' "$(stat -L -c %u "$d")" "$(stat -L -c %s "$d/member/snap/db" 2>/dev/null)"
  newest=; for time in $(stat -c %Y "$d"/member/snap/* "$d"/member/wal/* 2>/dev/null); do [ "$time" -gt "${"$"}{newest:-0}" ] && newest=$time; done; echo "newest=$newest"
}
section_fsync() {
  [ "$depth" = full ] || { echo not-asked; return 0; }
  d=$root$data_dir
  [ -d "$d" ] || { echo not-asked; return 0; }
  # Beside the data where that is the same filesystem, inside where it is a mount of its own.
  place=${"$"}{d%/*}
  [ "$(stat -c %d "$place/")" = "$(stat -c %d "$d")" ] || place=$d
  file=$place/.requorum-fsync-$nonce
  # Cut off at the limit, the write may still come to its end: then the file goes.
  trap 'rm -f "$file"' EXIT; trap 'exit 143' TERM
  # Timed is the second write: into blocks that exist, as etcd writes its preallocated WAL.
  if error=$(dd if=/dev/zero of="$file" bs=4096 count=1 conv=fsync 2>&1) && before=$(date +%s%N) && error=$(dd if=/dev/zero of="$file" bs=4096 count=1 conv=notrunc,fdatasync 2>&1); then
    after=$(date +%s%N); rm -f "$file"; printf 'ns=%s\n' "$((after - before))"
  else
    rm -f "$file" 2>/dev/null; printf 'error=%s\n' "$(printf %s "$error" | head -n 1 | head -c 200)"
  fi
}
section_kernel() {
  # Only messages that name the disk below the data dir: a shared kernel log is full of other people's trouble.
  place=$root$data_dir; [ -d "$place" ] || { echo not-asked; return 0; }
  device=$(stat -c %d "$place"); node=/sys/dev/block/$((device >> 8 & 4095)):$((device & 255 | device >> 12 & 1048320))
  [ -e "$node" ] || { echo not-asked; return 0; }
  path=$(readlink -f "$node"); names=${"$"}{path##*/}
  if [ -e "$path/partition" ]; then parent=${"$"}{path%/*}; names="$names|${"$"}{parent##*/}"; fi
  for slave in "$path"/slaves/*; do [ -e "$slave" ] && names="$names|${"$"}{slave##*/}"; done
  timeout 2 dmesg >"$work/dmesg-all" || return 1
  # Since PID 1 of this machine started: where machines share a kernel, older lines are about another machine's use of that device.
  read -r stat </proc/1/stat; set -- ${"$"}{stat##*) }
  awk -v since="${"$"}{20}" '{ line = $0; if (sub(/^\[ */, "", line) && line ~ /^[0-9]+\.[0-9]+\]/ && (line + 0) * 100 < since) next; print }' "$work/dmesg-all" >"$work/dmesg" || return 1
  grep -E 'I/O error|[Rr]emounting filesystem read-only|EXT4-fs error|EXT4-fs \(.*\): (shut|failed)|XFS .*(orruption|shut|error)|BTRFS .*error|critical (medium|target) error|Buffer I/O' "$work/dmesg" | grep -E "(^|[^A-Za-z0-9])($names)([^A-Za-z0-9]|$)" | tail -n 20 | cut -c 1-300
  return 0
}
`;

const fileSections = String.raw`
section_manifests() {
  m=$root$manifests_dir
  if said=$(ls -- "$m/" 2>&1); then :; else
    # Where a link leads to nothing, or the dir cannot be listed, there may be any manifest.
    case $said in *': No such file or directory') [ -L "$m" ] || { echo absent; return 0; } ;; esac
    printf '%s\n' "$said" >&2; return 1
  fi
  # The kubelet reads regular files only; anything else in the place of etcd's manifest is a riddle.
  if [ ! -f "$m/etcd.yaml" ] && { [ -e "$m/etcd.yaml" ] || [ -L "$m/etcd.yaml" ]; }; then echo 'no-file plain:etcd.yaml'; fi
  set --
  for f in "$m"/*; do [ -f "$f" ] && set -- "$@" "$f"; done
  [ $# -gt 0 ] || return 0
  [ $# -le 64 ] || { echo too-many; return 0; }
  sha256sum -- "$@" >"$work/sums" || return 1
  for f in "$@"; do
    read -r sum rest; printf 'file '; plain_name "${"$"}{f##*/}"; printf ' %s ' "${"$"}{sum#\\}"; head -c 65536 "$f" | base64 -w0; echo
  done <"$work/sums"
}
section_certificates() {
  set --
  for f in "$root$pki_dir"/*.crt "$root$pki_dir"/etcd/*.crt "$root"/var/lib/kubelet/pki/kubelet.crt "$root"/var/lib/kubelet/pki/kubelet-client-current.pem; do
    [ -f "$f" ] && set -- "$@" "$f"
  done
  [ $# -le 64 ] || { echo too-many; return 0; }
  for f in admin super-admin controller-manager scheduler; do [ -f "$root/etc/kubernetes/$f.conf" ] && set -- "$@" "$root/etc/kubernetes/$f.conf"; done
  # awk says nothing of a file without a line.
  for f in "$@"; do [ -s "$f" ] || echo "path ${"$"}{f#"$root"}"; done
  [ $# -gt 0 ] || return 0
  # One program for all. Of a kubeconfig the base64 of PEM; the reader looks for certificates in it and for nothing else.
  awk -v skip="${"$"}{#root}" '
    FNR == 1 { print "path " substr(FILENAME, skip + 1); inside = 0 }
    FNR > 1000 { next }
    FILENAME ~ /\.conf$/ { if (sub(/^ *client-certificate-data: */, "data ")) print; next }
    /-----BEGIN CERTIFICATE-----/ { inside = 1 }
    inside { print }
    /-----END CERTIFICATE-----/ { inside = 0 }' "$@"
}
section_loadbalancer() {
  f=$root/etc/haproxy/haproxy.cfg
  if [ -f "$f" ]; then
    printf 'haproxy %s ' "$(sha256sum <"$f")"; head -c 131072 "$f" | sed -e 's/\(stats auth\).*/\1 removed/' -e 's/\(password\) .*/\1 removed/' | base64 -w0; echo
    socket=$(sed -n 's/^[[:space:]]*stats[[:space:]]*socket[[:space:]]*\([^[:space:]]*\).*/\1/p' "$f" | head -n 1)
    if [ -S "$socket" ] && have socat; then printf 'servers %s\n' "$(printf 'show stat\n' | timeout 1 socat -t1 - "UNIX-CONNECT:$socket" 2>/dev/null | head -c 65536 | base64 -w0)"; fi
  fi
  f=$root/etc/keepalived/keepalived.conf
  if [ -f "$f" ]; then
    printf 'keepalived %s ' "$(sha256sum <"$f")"; head -c 131072 "$f" | sed -e 's/\(auth_pass\).*/\1 removed/' | base64 -w0; echo
  fi
  return 0
}
`;

const networkSections = String.raw`
section_mesh() {
  have bash || { echo unsupported; return 0; }
  [ "$vip" = - ] || set -- "$@" "@endpoint=$vip=$vip_port"
  timeout "$connect_seconds" bash -c '
    words=$1; shift
    for peer in "$@"; do
      name=${"$"}{peer%%=*} rest=${"$"}{peer#*=}; address=${"$"}{rest%%=*} port=${"$"}{rest#*=}
      targets="ssh:$port etcd-client:2379 etcd-peer:2380 kube-apiserver:6443"
      case $name in
        @endpoint) targets="endpoint:$port" ;;
        @member-*) targets="ssh:22 etcd-client:2379 etcd-peer:$port kube-apiserver:6443" ;;
      esac
      for target in $targets; do
        ( if { : 3<>"/dev/tcp/$address/${"$"}{target#*:}"; } 2>"$words.$name.${"$"}{target%%:*}"; then outcome=open; else
            read -r message <"$words.$name.${"$"}{target%%:*}"
            case $message in *refused*) outcome=refused ;; *"o route"*|*nreachable*|*"is down"*) outcome=unreachable ;; *"timed out"*) outcome=timeout ;; *) outcome=unknown ;; esac
          fi; echo "$name ${"$"}{target%%:*} $outcome" ) &
      done
    done
    wait' mesh "$work/connect" "$@"
}
section_vip() {
  [ "$vip" = - ] && { echo not-asked; return 0; }
  have curl || { echo unsupported; return 0; }
  code=$(curl --noproxy '*' -sk -o /dev/null -w '%{http_code}' --connect-timeout "$connect_seconds" --max-time "$answer_seconds" "https://$vip_url:$vip_port/readyz" 2>/dev/null)
  printf 'exit=%s\nhttp=%s\n' "$?" "$code"
}
section_arp() {
  [ "$vip" = - ] && { echo not-asked; return 0; }
  have arping || { echo unsupported; return 0; }
  link=$(ip -o route get "$vip" | sed -n 's/.* dev \([^ ]*\).*/\1/p')
  [ -n "$link" ] && [ "$link" != lo ] || { echo not-asked; return 0; }
  # A look in passing takes the first answer; a full look listens for a second machine that answers too.
  if [ "$depth" = full ]; then timeout 2 arping -b -w 1 -I "$link" "$vip"; else timeout "$connect_seconds" arping -c 1 -w 1 -I "$link" "$vip"; fi
  return 0
}
`;

/** With room for the line that begins a section, so that one that was cut here is still seen to be too large. */
const printedBytesMax = sectionBytesMax + 256;

const collecting = String.raw`
mkfifo "$work/ended" || exit 70
exec 3<>"$work/ended"
pending="${hostSections.join(" ")}"
for name in $pending; do
  ( printf '%s begin %s\n' "$mark" "$name" >"$work/$name.out"
    "section_$name" "$@" >>"$work/$name.out"; code=$?
    words=; if [ -s "$work/$name.err" ]; then words=$(head -c 300 "$work/$name.err" | base64 -w0); fi
    printf '\n%s end %s %s %s\n' "$mark" "$name" "$code" "$words" >"$work/$name.end"
    echo "$name" >&3
  ) </dev/null >/dev/null 2>"$work/$name.err" &
  started="$started $!"
done
# An empty line when the limit is reached: a section that hangs says nothing.
hundredths=$((limit % 100)); [ "$hundredths" -ge 10 ] || hundredths=0$hundredths
( sleep "$((limit / 100)).$hundredths" & trap "kill $!; exit" TERM; wait; echo >&3 ) </dev/null >/dev/null 2>&1 &
watchdog=$!
# All that have ended, by one program.
emit_ended() {
  set --
  left=
  for name in $pending; do
    if [ -s "$work/$name.end" ]; then set -- "$@" "$work/$name.out" "$work/$name.end"; else left="$left $name"; fi
  done
  pending=$left
  [ $# -eq 0 ] || head -q -c ${String(printedBytesMax)} "$@"
}
while [ -n "$pending" ]; do
  read -r ended <&3
  emit_ended
  [ -n "$ended" ] || { watchdog=; break; }
done
for name in $pending; do head -c ${String(printedBytesMax)} "$work/$name.out"; printf '\n%s end %s timeout \n' "$mark" "$name"; done
printf '%s begin clock-end\n%s\n%s end clock-end 0 \n' "$mark" "$(date +%s%N)" "$mark"
exit 0
`;

export const hostScript = preamble + machineSections + diskSections + fileSections + networkSections + collecting;
