/**
 * How a machine is asked about its etcd data dir, for the probe and for the
 * look before a step alike: one text, so that the two cannot differ about what
 * counts as gone. Knows nothing of SSH and of what the facts mean for a plan.
 */
import { isNewbornWalHead, newbornHeadBytes } from "./newborn-wal.ts";

/**
 * POSIX shell that only reads. `look_at_data_dir ROOT DIR` prints one
 * `name=value` line per fact. "Not there" is printed only where stat(1) or
 * ls(1) said so; any other error is `read_error=…` and nothing else is known.
 *   exists=0|1  files=0|1 (any file)  empty=0|1  wal=0|1  backend=0|1
 *   may_be_data=PATH: the first thing below it that by its name may be etcd's data; nothing behind "=": there is none
 *   newborn=BASE64: the head of the only WAL segment, where the rest of it is zeroes and nothing but a new, small backend is beside it
 *   mount_point=PATH: of the filesystem that it is on, or would be
 *   unmounted=WHERE: a filesystem that belongs on the way to the data, or below it, is not mounted
 *   mounts_gap=WHY: what belongs mounted there could not be asked
 * The way to the data is the one that its links and bind mounts lead, not only the configured text.
 * lost+found and our own .requorum-* do not count. Needs GNU coreutils,
 * findutils and systemd, as every machine with a kubelet has them.
 */
export const dataDirShell = String.raw`
say_once() { printf '%s=%s\n' "$1" "$(printf %s "$2" | tr '\n' ' ' | head -c 200)"; }
# dir, file, other, absent, or "error WORDS". A link that leads nowhere is an error: what it led to may come back.
kind_of() {
  # What the shell's own tests affirm was seen; only for the rest a program is needed, whose words tell why not.
  if [ -d "$1" ]; then echo dir; return 0; elif [ -f "$1" ]; then echo file; return 0; fi
  if said=$(stat -L -c %F -- "$1" 2>&1); then
    case $said in directory) echo dir ;; regular*) echo file ;; *) echo other ;; esac
    return 0
  fi
  case $said in *': No such file or directory') ;; *) printf 'error %s\n' "$said"; return 0 ;; esac
  if said=$(stat -c %F -- "$1" 2>&1); then printf 'error a link that leads nowhere: %s\n' "$1"; return 0; fi
  case $said in *': No such file or directory') echo absent ;; *) printf 'error %s\n' "$said" ;; esac
}
# Names in the dir $1 that are not like $2; also an error is one.
other_names() { ls -A -- "$1" 2>&1 | grep -v -x -E -e "$2"; }
look_for_newborn() {
  segment=$1/wal/0000000000000000-0000000000000000.wal
  [ -z "$(other_names "$1" 'wal|snap'; other_names "$1/wal" '0{16}-0{16}\.wal|[0-9]\.tmp'; other_names "$1/snap" db)" ] || return 0
  # A new backend is some 28 KiB; that of any cluster in use is above this.
  size=$(stat -L -c %s -- "$1/snap/db" 2>&1) && [ "$size" -le 65536 ] 2>/dev/null || return 0
  [ -z "$(tail -c +${String(newbornHeadBytes + 1)} -- "$segment" 2>&1 | tr -d '\000' 2>&1 | head -c 1 | od -An -tx1)" ] || return 0
  printf 'newborn=%s\n' "$(head -c ${String(newbornHeadBytes)} -- "$segment" | base64 -w0)"
}
# As the kernel has it for the opened dir: stat(1) passes over a bind mount of the same filesystem, mountpoint(1) over one that covers it.
say_mount_point() {
  mount_id=$( { exec 9<"$1" && sed -n 's/^mnt_id:[[:space:]]*//p' /proc/self/fdinfo/9; } 2>&1)
  case $mount_id in ''|*[!0-9]*) return 0 ;; esac
  at=$(awk -v id="$mount_id" '$1 == id { print $5 }' /proc/self/mountinfo)
  [ -z "$at" ] || say_once mount_point "$at"
}
look_at_files() {
  d=$1
  kind=$(kind_of "$d")
  if [ "$kind" = dir ]; then say_mount_point "$d"; fi
  if [ "$kind" = absent ]; then
    # Every directory above must be one, or its absence says nothing about the data.
    place=$d
    while [ "$kind" = absent ] && [ "$place" != / ]; do place=${"$"}{place%/*}; [ -n "$place" ] || place=/; kind=$(kind_of "$place"); done
    if [ "$kind" = dir ]; then echo exists=0; say_mount_point "$place"; else say_once read_error "$place: $kind"; fi
    return 0
  fi
  [ "$kind" = dir ] || { say_once read_error "$d: $kind"; return 0; }
  names=$(ls -A -- "$d" 2>&1) || { say_once read_error "$names"; return 0; }
  found=$(find -H "$d" -mindepth 1 \( -path "$d/lost+found" -o -path "$d/.requorum-*" \) -prune -o ! -type d -print -quit 2>&1) || { say_once read_error "$found"; return 0; }
  # A link may lead to data; snapshot.db and the like are copies, which no etcd starts from.
  like=$(find -H "$d" -mindepth 1 \( -path "$d/lost+found" -o -path "$d/.requorum-*" -o -path "$d/member" \) -prune -o \( -type l -o ! -type d \( -name '*.wal*' -o -name '*.snap*' -o -name db -o -name 'db.*' \) \) -print -quit 2>&1) || { say_once read_error "$like"; return 0; }
  for part in member member/wal member/snap member/snap/db; do
    kind=$(kind_of "$d/$part")
    case $kind in error*) say_once read_error "$kind"; return 0 ;; esac
    if [ "$part" = member ]; then member=$kind; fi
  done
  wal=0 backend=0
  if [ "$kind" = file ] && [ -s "$d/member/snap/db" ]; then backend=1; fi
  for f in "$d"/member/wal/*.wal; do
    kind=$(kind_of "$f")
    case $kind in error*) say_once read_error "$kind"; return 0 ;; esac
    if [ "$kind" = file ] && [ -s "$f" ]; then wal=1; break; fi
  done
  echo exists=1
  if [ -n "$found" ]; then echo files=1; else echo files=0; fi
  if [ -n "$(printf '%s\n' "$names" | grep -v -x -e 'lost+found' -e '\.requorum-.*' -e '')" ]; then echo empty=0; else echo empty=1; fi
  outside=$like
  [ "$member" = absent ] || like=$d/member
  say_once may_be_data "${"$"}{like#"$d"/}"
  echo "wal=$wal"
  echo "backend=$backend"
  if [ "$wal$backend$outside" = 11 ]; then look_for_newborn "$d/member"; fi
}
# Every path that is passed on the way to $2 on the machine at $1, links followed one by one. Or "error WORDS".
places_to() {
  rest=$2 place= links=0
  while [ -n "$rest" ]; do
    part=${"$"}{rest%%/*}
    case $rest in */*) rest=${"$"}{rest#*/} ;; *) rest= ;; esac
    case $part in ''|.) continue ;; ..) place=${"$"}{place%/*}; continue ;; esac
    place=$place/$part
    printf '%s\n' "$place"
    if [ -e "$1$place" ] && [ ! -L "$1$place" ]; then continue; fi
    said=$(stat -c %F -- "$1$place" 2>&1) ||
      case $said in *': No such file or directory'|*': Not a directory') ;; *) printf 'error %s\n' "$said"; return 0 ;; esac
    [ "$said" = 'symbolic link' ] || continue
    links=$((links + 1))
    # 40 is where the kernel gives up.
    [ "$links" -le 40 ] && said=$(readlink -- "$1$place" 2>&1) || { printf 'error links of %s: %s\n' "$2" "$said"; return 0; }
    case $said in /*) place= ;; *) place=${"$"}{place%/*} ;; esac
    rest=$said/$rest
  done
}
line_feed='
'
# Adds the way to $2 to $places; 1: it cannot be told.
add_places() {
  more=$(places_to "$1" "$2")
  case $line_feed$more in *"$line_feed"'error '*) say_once mounts_gap "$more"; return 1 ;; esac
  places=$places$more$line_feed
}
# Lies the mount point $1 on the way to the data, or below its dir?
is_wanted() {
  case $line_feed$places in *"$line_feed$1$line_feed"*) return 0 ;; esac
  case $1 in "$d"/*|"$real"/*) return 0 ;; esac
  return 1
}
look_at_fstab() {
  while read -r device target type options rest; do
    case $device in ''|'#'*) continue ;; esac
    case $target in /|[!/]*|'') continue ;; esac
    target=${"$"}{target%/}
    is_wanted "$target" || {
      other_name=$(real_path "$target" 2>&1) || { say_once mounts_gap "$other_name"; return 1; }
      is_wanted "$other_name" || continue
    }
    mountpoint -q "$root$target" || { say_once unmounted "$target"; return 1; }
    # What a bind mount shows lies where its source is.
    case $device,$options, in /*,bind,*|/*,rbind,*) ;; *) continue ;; esac
    case $line_feed$sources in *"$line_feed$device$line_feed"*) continue ;; esac
    sources=$sources$device$line_feed
    add_places "$root" "$device" || return 1
    found_source=1
  done <<FSTAB
$table
FSTAB
}
# The mount unit of each path, one per line, as systemd-escape(1) says it: systemd.unit(5), "String escaping for inclusion in unit names".
mount_units() {
  for path; do
    case $path in
      # Starting that program costs more than all else here; names without anything to escape need it not.
      /|*/|*//*|*[!A-Za-z0-9/_:.]*|*/.*) unit=$(systemd-escape -p --suffix=mount -- "$path") || return 1 ;;
      *)
        unit= rest=${"$"}{path#/}
        while :; do case $rest in */*) unit=$unit${"$"}{rest%%/*}-; rest=${"$"}{rest#*/} ;; *) break ;; esac; done
        unit=$unit$rest.mount
        ;;
    esac
    # The program gives a longer one, too, but no unit has it: systemd's own then has a hash in its name.
    [ "${"$"}{#unit}" -le 255 ] || { printf 'more than 255 bytes in the name of the mount unit of %s\n' "$path"; return 1; }
    printf '%s\n' "$unit"
  done
}
real_path() { real_name=$(readlink -m -- "$root$1") && printf '%s\n' "${"$"}{real_name#"$root"}"; }
# After the files: looking at them is what makes an automount mount.
look_at_mounts() {
  root=$1 d=${"$"}{2%/} places= sources=
  real=$(real_path "$d" 2>&1) || { say_once mounts_gap "$real"; return 0; }
  add_places "$root" "$d/member/wal" && add_places "$root" "$d/member/snap/db" || return 0
  kind=$(kind_of "$root/etc/fstab")
  case $kind in
    absent) ;;
    file)
      command -v mountpoint >/dev/null 2>&1 || { echo 'mounts_gap=mountpoint(1) is not there'; return 0; }
      table=$(cat "$root/etc/fstab" 2>&1) || { say_once mounts_gap "$table"; return 0; }
      # Once more for each source: it may itself lie on a mount. Every source counts once, so this ends.
      found_source=1
      while [ "$found_source" = 1 ]; do found_source=0; look_at_fstab || return 0; done
      ;;
    *) say_once mounts_gap "/etc/fstab: $kind"; return 0 ;;
  esac
  # Also units that fstab does not name; show reads those that nothing has loaded yet.
  ifs=$IFS; IFS=$line_feed; set -f
  # shellcheck disable=SC2046
  set -- $(printf %s "$places" | sort -u)
  set +f; IFS=$ifs
  units=$(mount_units "$@" 2>&1) || { say_once mounts_gap "${"$"}{units##*"$line_feed"}"; return 0; }
  # shellcheck disable=SC2086
  states=$(timeout 2 systemctl show -p Id -p LoadState -p ActiveState -- $units 2>&1) || { say_once mounts_gap "systemctl: $states"; return 0; }
  id= load= active= seen=0
  while IFS= read -r line; do
    case $line in
      Id=*) id=${"$"}{line#*=} ;;
      LoadState=*) load=${"$"}{line#*=} ;;
      ActiveState=*) active=${"$"}{line#*=} ;;
      '')
        [ -n "$id$load$active" ] || continue
        seen=$((seen + 1))
        if [ "$load" != not-found ] && [ "$active" != active ]; then say_once unmounted "$id"; return 0; fi
        id= load= active=
        ;;
    esac
  done <<STATES
$states

STATES
  [ "$seen" = "$#" ] || echo "mounts_gap=systemctl told of $seen of $# mount units"
}
look_at_data_dir() { look_at_files "$1${"$"}{2%/}"; look_at_mounts "$1" "$2"; }
`;

/** What the lines of `look_at_data_dir` say. `readError`: nothing is known of the content, the flags then say "something is there". */
export interface DataDirLook {
  readonly exists: boolean;
  readonly isEmpty: boolean;
  /** undefined: not told. */
  readonly hasFiles?: boolean;
  /** "": looked, none. undefined: not told. */
  readonly mayBeData?: string;
  readonly hasWal: boolean;
  readonly hasBackend: boolean;
  /** WAL and backend are there, and they are those of a member that has never had anything: see newborn-wal.ts. */
  readonly isNewborn?: boolean;
  readonly readError?: string;
  /** Of the filesystem that it is on, or would be. undefined: not told. */
  readonly mountPoint?: string;
  readonly unmountedAt?: string;
  readonly mountsGap?: string;
}

/** Pure. undefined: a line is missing or not understood. */
export function readDataDirLook(fields: ReadonlyMap<string, string>): DataDirLook | undefined {
  const content = readContent(fields);
  const [mountPoint, unmountedAt, mountsGap] = ["mount_point", "unmounted", "mounts_gap"].map((name) => fields.get(name));
  if (content === undefined) return undefined;
  return {
    ...content,
    ...(mountPoint?.startsWith("/") === true ? { mountPoint } : {}),
    ...(unmountedAt === undefined ? {} : { unmountedAt }),
    ...(mountsGap === undefined ? {} : { mountsGap }),
  };
}

function readContent(fields: ReadonlyMap<string, string>): DataDirLook | undefined {
  const readError = fields.get("read_error");
  if (readError !== undefined) return { exists: true, isEmpty: false, hasFiles: true, hasWal: false, hasBackend: false, readError };
  if (fields.get("exists") === "0") return { exists: false, isEmpty: true, hasFiles: false, hasWal: false, hasBackend: false };
  const [isEmpty, hasFiles, hasWal, hasBackend] = ["empty", "files", "wal", "backend"].map((name) => flag(fields.get(name)));
  if (fields.get("exists") !== "1") return undefined;
  if (isEmpty === undefined || hasWal === undefined || hasBackend === undefined) return undefined;
  const mayBeData = fields.get("may_be_data");
  const told = { ...(hasFiles === undefined ? {} : { hasFiles }), ...(mayBeData === undefined ? {} : { mayBeData }) };
  const isNewborn = isNewbornWalHead(fields.get("newborn") ?? "");
  return { exists: true, isEmpty, ...told, hasWal, hasBackend, ...(isNewborn ? { isNewborn } : {}) };
}

function flag(value: string | undefined): boolean | undefined {
  return value === "1" ? true : value === "0" ? false : undefined;
}
