/**
 * The one script that collects the small files of a machine for a backup set.
 * It reads and writes nothing. Sizes and counts are bounded: what is beyond
 * them is named, never left out in silence. Paths and contents are printed in
 * base64, over the encrypted connection, and end in no log.
 *
 * Arguments: bytes of one file, bytes of all, number of files at most, then
 * the files and directories to collect. One that does not exist is no error.
 * Links are kept as links; the file that one leads to is collected too, at
 * its own place. Output, a line each (see parse-collected.ts):
 *   file SIZE MODE UID GID SECONDS PATH :CONTENT: ok
 *   file SIZE MODE UID GID SECONDS PATH :PART: failed WORDS
 *   link MODE UID GID SECONDS PATH TARGET
 *   large PATH SIZE
 *   failed PATH WORDS
 *   trouble WORDS
 *   beyond-files | beyond-bytes
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
emit() {
  if [ -L "$1" ]; then
    printf 'link %s %s %s\n' "$(stat -c '%a %u %g %Y' -- "$1")" "$(place "$1")" "$(b64 "$(readlink -- "$1")")"
    to=$(readlink -f -- "$1") || return 0
    if [ -f "$to" ]; then emit_file "$to"; fi
  elif [ -f "$1" ]; then emit_file "$1"
  else printf 'failed %s %s\n' "$(place "$1")" "$(b64 "it is no file any more")"
  fi
}
here=
for p; do
  shift
  p=$root$p
  if [ -e "$p" ] || [ -L "$p" ]; then set -- "$@" "$p"; fi
  # find(1) shows a link that it is given, and not what is behind it.
  if [ -L "$p" ] && [ -d "$p" ]; then set -- "$@" "$(readlink -f -- "$p")"; fi
done
if [ $# -gt 0 ]; then
  # What kubeadm keeps in tmp are copies of whole data dirs.
  {
    find "$@" -xdev -path "$root/etc/kubernetes/tmp" -prune -o \( -type f -o -type l \) -print 2>&1
    # With 1 it has said what it could not read. A newline: a name may have been cut off.
    found=$?; [ "$found" -le 1 ] || printf '\nfind ended with status %s: files may be missing\n' "$found"
  } | {
    while IFS= read -r p; do
      case $p in "") ;; /*) emit "$p" || exit 0 ;; *) printf 'trouble %s\n' "$(b64 "$p")" ;; esac
    done
  } || exit
fi
echo end
`;

/** Certificates, keys and configuration are a few KiB each; a certificate bundle of a whole distribution has some 250 KiB. */
const fileBytesMax = 1024 * 1024;
/** A kubeadm machine has some 200 KiB in 60 files, OpenShift's static-pod resources some MiB in a few thousand. */
const bytesMax = 16 * 1024 * 1024;
const filesMax = 5000;

/** The script's arguments. */
export function collectArguments(paths: readonly string[]): readonly string[] {
  return [String(fileBytesMax), String(bytesMax), String(filesMax), ...paths];
}

/** What the script may print: all in base64, with a line's head for every file. */
export const collectOutputBytesMax = 2 * bytesMax + filesMax * 1024;
