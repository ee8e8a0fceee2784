/**
 * The one script that collects the small files of a machine for a backup set.
 * It reads and writes nothing. Sizes and counts are bounded: what is beyond
 * them is named, never left out in silence. Paths and contents are printed in
 * base64, over the encrypted connection, and end in no log.
 *
 * Arguments: bytes of one file, bytes of all, number of files at most, then
 * the files and directories to collect. One that does not exist is no error.
 * After "--": directories of which all else is collected, with a quarter of
 * those bytes of their own, so that nothing there pushes out what comes first.
 * Links are kept as links, those on the way to a place too; what they lead to
 * is collected at its real place, so that no file lies below a link. What is
 * directly below / is the system's own (/lib of a merged /usr, /var on another
 * disk) and keeps its name. Output, a line each (see parse-collected.ts):
 *   file SIZE MODE UID GID SECONDS PATH :CONTENT: ok
 *   file SIZE MODE UID GID SECONDS PATH :PART: failed WORDS
 *   link MODE UID GID SECONDS PATH TARGET
 *   large PATH SIZE
 *   linked PATH  a link to a directory that is in no place that is collected
 *   failed PATH WORDS
 *   trouble WORDS
 *   beyond-files | beyond-bytes
 *   rest        what follows is of the places after "--"
 *   end
 */
export const collectScript = String.raw`
set -u
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
root=${"$"}{REQUORUM_PROBE_ROOT:-}
file_max=$1 bytes_max=$2 count_max=$3
shift 3
b64() { printf %s "$1" | base64 -w0; }
place() { b64 "${"$"}{1#"$root"}"; }
count=0 total=0
emit_file() {
  count=$((count + 1))
  if [ "$count" -gt "$count_max" ]; then echo beyond-files; return 1; fi
  if ! facts=$(stat -c '%s %a %u %g %Y' -- "$1" 2>&1); then printf 'failed %s %s\n' "$(place "$1")" "$(b64 "$facts")"; return 0; fi
  size=${"$"}{facts%% *}
  if [ "$size" -gt "$file_max" ]; then printf 'large %s %s\n' "$(place "$1")" "$size"; return 0; fi
  total=$((total + size))
  if [ "$total" -gt "$bytes_max" ]; then echo beyond-bytes; return 1; fi
  printf 'file %s %s :' "$facts" "$(place "$1")"
  if { words=$(base64 -w0 -- "$1" 2>&1 >&3); } 3>&1; then printf ': ok\n'; else printf ': failed %s\n' "$(b64 "$words")"; fi
}
# Every link on the way to a path, and its end: as the kernel goes, one name after the other.
walk() {
  rest=${"$"}{1#"$root"} at=$root hops=0
  while [ -n "$rest" ]; do
    name=${"$"}{rest%%/*}
    case $rest in */*) rest=${"$"}{rest#*/} ;; *) rest= ;; esac
    case $name in
      "" | .) continue ;;
      ..)
        [ "$at" = "$root" ] || at=${"$"}{at%/*}
        continue
        ;;
    esac
    next=$at/$name
    if [ -L "$next" ] && [ "$at" != "$root" ]; then
      hops=$((hops + 1))
      [ "$hops" -le 40 ] || return 0
      printf '%s\n' "$next"
      to=$(readlink -- "$next") || return 0
      case $to in /*) at=$root ;; esac
      rest=$to/$rest
    else at=$next
    fi
  done
  if [ -e "$at" ]; then printf '%s\n' "$at"; fi
}
emit_link() { printf 'link %s %s %s\n' "$(stat -c '%a %u %g %Y' -- "$1")" "$(place "$1")" "$(b64 "$(readlink -- "$1")")"; }
emit() {
  if [ -L "$1" ]; then
    for passed in $(walk "$1"); do
      if [ -L "$passed" ]; then emit_link "$passed"
      elif [ -f "$passed" ]; then emit_file "$passed" || return 1
      elif [ -d "$passed" ] && ! is_known "$passed"; then printf 'linked %s\n' "$(place "$1")"
      fi
    done
  elif [ -f "$1" ]; then emit_file "$1"
  else printf 'failed %s %s\n' "$(place "$1")" "$(b64 "it is no file any more")"
  fi
}
# A name with a newline in it is told as trouble by what reads it.
set -f
IFS='
'
known=
is_known() {
  for one in $known; do
    case $1 in "$one" | "$one"/*) return 0 ;; esac
  done
  return 1
}
collect() {
  new= count=0 total=0
  before=$known
  for p; do
    for at_end in $(walk "$root$p"); do
      is_known "$at_end" && continue
      new="$new$at_end
" known="$known$at_end
"
    done
  done
  [ -n "$new" ] || return 0
  # What kubeadm keeps in tmp are copies of whole data dirs; .requorum-* is what was put aside.
  set -- $new -xdev \( -name ".requorum-*"
  for p in $(walk "$root/etc/kubernetes"); do [ -L "$p" ] || set -- "$@" -o -path "$p/tmp"; done
  for p in $before; do set -- "$@" -o -path "$p"; done
  {
    find "$@" \) -prune -o \( -type f -o -type l \) -print 2>&1
    # With 1 it has said what it could not read. A newline: a name may have been cut off.
    found=$?; [ "$found" -le 1 ] || printf '\nfind ended with status %s: files may be missing\n' "$found"
  } | {
    while IFS= read -r p; do
      case $p in "") ;; /*) emit "$p" || exit 0 ;; *) printf 'trouble %s\n' "$(b64 "$p")" ;; esac
    done
  }
}
first=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  first="$first$1
"
  shift
done
collect $first || exit
if [ $# -gt 1 ]; then
  shift
  echo rest
  bytes_max=$((bytes_max / 4))
  collect "$@" || exit
fi
echo end
`;

/** Certificates, keys and configuration are a few KiB each; a certificate bundle of a whole distribution has some 250 KiB. */
const fileBytesMax = 1024 * 1024;
/** A kubeadm machine has some 200 KiB in 60 files, OpenShift's static-pod resources some MiB in a few thousand. */
const bytesMax = 16 * 1024 * 1024;
const filesMax = 5000;

/** What is to be collected: what is asked for, and directories of which all else is taken too, as far as there is room. */
export interface CollectPlaces {
  readonly wanted: readonly string[];
  readonly rest: readonly string[];
}

/** The script's arguments. */
export function collectArguments({ wanted, rest }: CollectPlaces): readonly string[] {
  return [String(fileBytesMax), String(bytesMax), String(filesMax), ...wanted, ...(rest.length === 0 ? [] : ["--", ...rest])];
}

/** What the script may print: all in base64, with a line's head for every file. */
export const collectOutputBytesMax = 2 * (bytesMax + bytesMax / 4) + 2 * filesMax * 1024;
