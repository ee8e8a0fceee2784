/**
 * How a machine is asked about its etcd data dir, for the probe and for the
 * look before a step alike: one text, so that the two cannot differ about what
 * counts as gone. Knows nothing of SSH and of what the facts mean for a plan.
 */

/**
 * POSIX shell that only reads. `look_at_data_dir ROOT DIR` prints one
 * `name=value` line per fact. "Not there" is printed only where stat(1) or
 * ls(1) said so; any other error is `read_error=…` and nothing else is known.
 *   exists=0|1  files=0|1 (any file)  empty=0|1  wal=0|1  backend=0|1
 *   unmounted=WHERE: a filesystem that belongs on the way to the data, or below it, is not mounted
 *   mounts_gap=WHY: what belongs mounted there could not be asked
 * lost+found and our own .requorum-* do not count. Needs GNU coreutils,
 * findutils and systemd, as every machine with a kubelet has them.
 */
export const dataDirShell = String.raw`
say_once() { printf '%s=%s\n' "$1" "$(printf %s "$2" | tr '\n' ' ' | head -c 200)"; }
# dir, file, other, absent, or "error WORDS". A link that leads nowhere is an error: what it led to may come back.
kind_of() {
  if said=$(stat -L -c %F -- "$1" 2>&1); then
    case $said in directory) echo dir ;; regular*) echo file ;; *) echo other ;; esac
    return 0
  fi
  case $said in *': No such file or directory') ;; *) printf 'error %s\n' "$said"; return 0 ;; esac
  if said=$(stat -c %F -- "$1" 2>&1); then printf 'error a link that leads nowhere: %s\n' "$1"; return 0; fi
  case $said in *': No such file or directory') echo absent ;; *) printf 'error %s\n' "$said" ;; esac
}
look_at_files() {
  d=$1
  kind=$(kind_of "$d")
  if [ "$kind" = absent ]; then
    # Every directory above must be one, or its absence says nothing about the data.
    place=$d
    while [ "$kind" = absent ] && [ "$place" != / ]; do place=${"$"}{place%/*}; [ -n "$place" ] || place=/; kind=$(kind_of "$place"); done
    if [ "$kind" = dir ]; then echo exists=0; else say_once read_error "$place: $kind"; fi
    return 0
  fi
  [ "$kind" = dir ] || { say_once read_error "$d: $kind"; return 0; }
  names=$(ls -A -- "$d" 2>&1) || { say_once read_error "$names"; return 0; }
  found=$(find "$d" -mindepth 1 \( -path "$d/lost+found" -o -path "$d/.requorum-*" \) -prune -o ! -type d -print -quit 2>&1) || { say_once read_error "$found"; return 0; }
  for part in member member/wal member/snap member/snap/db; do
    kind=$(kind_of "$d/$part")
    case $kind in error*) say_once read_error "$kind"; return 0 ;; esac
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
  echo "wal=$wal"
  echo "backend=$backend"
}
# After the files: looking at them is what makes an automount mount.
look_at_mounts() {
  root=$1 d=$2
  kind=$(kind_of "$root/etc/fstab")
  case $kind in
    absent) ;;
    file)
      command -v mountpoint >/dev/null 2>&1 || { echo 'mounts_gap=mountpoint(1) is not there'; return 0; }
      table=$(cat "$root/etc/fstab" 2>&1) || { say_once mounts_gap "$table"; return 0; }
      while read -r device target rest; do
        case $device in ''|'#'*) continue ;; esac
        case $target in /|[!/]*|'') continue ;; esac
        target=${"$"}{target%/}
        case $d/ in "$target"/*) ;; *) case $target/ in "$d"/*) ;; *) continue ;; esac ;; esac
        mountpoint -q "$root$target" || { say_once unmounted "$target"; return 0; }
      done <<FSTAB
$table
FSTAB
      ;;
    *) say_once mounts_gap "/etc/fstab: $kind"; return 0 ;;
  esac
  # Also units that fstab does not name; show reads those that nothing has loaded yet.
  set -- "$d/member" "$d/member/wal" "$d/member/snap"
  place=$d; while [ -n "$place" ]; do set -- "$@" "$place"; place=${"$"}{place%/*}; done
  units=$(systemd-escape -p --suffix=mount -- "$@" 2>&1) || { say_once mounts_gap "$units"; return 0; }
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
look_at_data_dir() { look_at_files "$1$2"; look_at_mounts "$1" "$2"; }
`;

/** What the lines of `look_at_data_dir` say. `readError`: nothing is known of the content, the flags then say "something is there". */
export interface DataDirLook {
  readonly exists: boolean;
  readonly isEmpty: boolean;
  /** undefined: not told. */
  readonly hasFiles?: boolean;
  readonly hasWal: boolean;
  readonly hasBackend: boolean;
  readonly readError?: string;
  readonly unmountedAt?: string;
  readonly mountsGap?: string;
}

/** Pure. undefined: a line is missing or not understood. */
export function readDataDirLook(fields: ReadonlyMap<string, string>): DataDirLook | undefined {
  const content = readContent(fields);
  const [unmountedAt, mountsGap] = [fields.get("unmounted"), fields.get("mounts_gap")];
  if (content === undefined) return undefined;
  return {
    ...content,
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
  return { exists: true, isEmpty, ...(hasFiles === undefined ? {} : { hasFiles }), hasWal, hasBackend };
}

function flag(value: string | undefined): boolean | undefined {
  return value === "1" ? true : value === "0" ? false : undefined;
}
