import { placeFunction } from "../observe/file-look-script.ts";
import { asideFunctions } from "./container-scripts.ts";

/**
 * Puts files in their place, by renaming only. $1: the run. $REQUORUM_INPUT,
 * a line each, paths and contents in base64:
 *   dir MODE UID GID PATH
 *   file WAS MODE UID GID SHA256 PATH CONTENT
 *   link WAS - UID GID SHA256 PATH TARGET
 * WAS: absent, file:SHA256 or link:SHA256 of what was looked at a moment ago.
 * 75: another call of it is at work on the machine. 4: refused, with words.
 *
 * First every file is checked and made, on the same mount below the aside
 * directory (0700), under names of this call alone, never beside the old one:
 * a kubelet or a program that reads whole directories never sees it
 * half-written (I-S14). Only when all are there the first is put in its place:
 * the old one gets a second name aside (a hard link, written to manifest.tsv
 * before), then the rename replaces it: at any moment the path is the old file
 * or the new one. A link is replaced, never followed. Killed anywhere, it can
 * be run again; what was made and not used, and a second name that was still
 * to be removed, goes then at the latest: an empty input does just that.
 * printf is the shell's own here: no content gets into a command line. The
 * input has no name any more before it is read.
 */
export const restoreFilesScript = String.raw`set -eu
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
LC_ALL=C; export LC_ALL
${asideFunctions}
${placeFunction}
exec 3< "$REQUORUM_INPUT"
rm -f -- "$REQUORUM_INPUT"
stop() { echo "$1" >&2; exit 4; }
command -v flock >/dev/null 2>&1 || stop "flock (util-linux) is missing; nothing was written"
open_aside "$1"
exec 8>> /var/lib/requorum/aside/.restoring
# A look at the machine holds it for a moment. 75 is what it ends with when another one holds it; anything else is its own failure.
held=0; flock -w 2 -E 75 8 || held=$?
case $held in
0) ;;
75) echo "another script that puts files back is still running on this machine; this one wrote nothing" >&2; exit 75 ;;
*) stop "flock (util-linux) failed with exit status $held, so it is not known whether another script puts files back; nothing was written" ;;
esac
# Second names of what was put in its place, and what was not used: also on mounts that this call does not write to.
mounts=/var/lib/requorum/aside/.mounts
touch "$mounts"
rm -rf -- /var/lib/requorum/aside/*/.staged.*
while IFS= read -r one; do rm -rf -- "$one"/*/.staged.*; done < "$mounts"
work=$(mktemp -d "$aside/.staged.XXXXXX")
id=${"$"}{work##*/}
clear_up() {
  if [ -f "$work/bases" ]; then while IFS= read -r one; do rm -rf -- "$one"; done < "$work/bases"; fi
  rm -rf -- "$work"
}
trap clear_up EXIT
trap 'exit 129' HUP INT TERM PIPE
: > "$work/bases"; : > "$work/dirs"; : > "$work/plan"
unb64() { printf %s "$1" | base64 -d; }
path_of() { at_place "$(unb64 "$1")"; }
sum() { sha256sum | cut -c 1-64; }
state_of() {
  if [ -L "$1" ]; then printf 'link:'; readlink -n -- "$1" | sum
  elif [ ! -e "$1" ]; then echo absent
  elif [ -f "$1" ]; then printf 'file:'; sum < "$1"
  else echo other; fi
}
id_of() { stat -c %d:%i -- "$1" 2>/dev/null || echo none; }
# Number and place of the mount that a path without links lies on; stat cannot tell bind mounts.
mount_line() {
  AT=$1 awk 'BEGIN { at = ENVIRON["AT"]; best = 0 }
    { p = $5; gsub(/\\040/, " ", p); gsub(/\\011/, "\t", p); gsub(/\\134/, "\\", p)
      if ((p == "/" || at == p || index(at, p "/") == 1) && length(p) >= best) { best = length(p); found = $1 " " p } }
    END { print found }' /proc/self/mountinfo
}
aside_mount=$(mount_line "$(readlink -f -- "$aside")")
# base: a directory on the mount of $1, which is a directory, that only root can look into.
base_for() {
  [ "$(readlink -f -- "$1")" = "$1" ] || stop "$1 is reached through a link; nothing was written there"
  mount=$(mount_line "$1")
  if [ "$mount" = "$aside_mount" ]; then base=$aside
  else
    base=${"$"}{mount#* }; base="${"$"}{base%/}/.requorum-aside"
    if ! grep -qxF -e "$base" "$mounts"; then printf '%s\n' "$base" >> "$mounts"; sync "$mounts"; fi
    mkdir -p "$base/$run"; chmod 700 "$base" "$base/$run"
    # Once for each: later files of this call have theirs there.
    if ! grep -qxF -e "$base/$run/$id" "$work/bases" 2>/dev/null; then
      printf '%s\n' "$base/$run/$id" >> "$work/bases"
    fi
    base=$base/$run
  fi
  [ "$(stat -c %d "$1/.")" = "$(stat -c %d "$base/.")" ] || stop "$1 is on another filesystem than $base; nothing was written there"
  mkdir -p "$base/$id"
}
keep() {
  to=$base$1
  [ "$(id_of "$1")" != "$(id_of "$to")" ] || return 0
  mkdir -p "$(dirname "$to")"
  free_name "$to"; record_move "$1" "$to"; ln -P -T -- "$1" "$to"
  sync "$(dirname "$to")"
}
put() {
  [ "$(readlink -f -- "$parent")" = "$parent" ] || stop "$parent is reached through a link now; $path was left as it is"
  [ "$(state_of "$path")" = "$was" ] || stop "$path is not what was looked at a moment ago; it was left as it is"
  if [ "$was" = absent ]; then ln -P -T -- "$staged" "$path"; rm -f -- "$staged"
  else keep "$path"; mv -T -- "$staged" "$path"; fi
  if command -v restorecon >/dev/null 2>&1; then restorecon -- "$path" || true; fi
  sync "$parent"
}
nearest_of() { near=$1; while [ ! -e "$near" ] && [ ! -L "$near" ]; do near=$(dirname "$near"); done; }
check() {
  parent=$(dirname "$path")
  nearest_of "$parent"
  [ -d "$near" ] || stop "$near is no directory; nothing was written"
  [ "$near" = "$parent" ] || grep -qxF -e "$parent" "$work/dirs" || stop "$parent is no directory; nothing was written"
  base_for "$near"
  [ "$(state_of "$path")" = "$was" ] || stop "$path is not what was looked at a moment ago; nothing was written"
  if [ "$was" != absent ] && [ ! -L "$path" ] && [ "$(mount_line "$path")" != "$mount" ]; then
    stop "$path is a mount of its own and cannot be replaced; nothing was written"
  fi
  staged=$base/$id/$n
}
n=0
while read -r kind was mode uid gid sha path64 content; do
  n=$((n + 1)) base=
  case $kind in
  dir) # dir MODE UID GID PATH: two words less
    path64=$gid gid=$uid uid=$mode mode=$was was=-
    path=$(path_of "$path64")
    [ ! -d "$path" ] || continue
    nearest_of "$path"
    [ -d "$near" ] || stop "$near is no directory; nothing was written"
    base_for "$near"
    printf '%s\n' "$path" >> "$work/dirs"
    staged=$base/$id/$n
    mkdir -m 700 "$staged"; chown "$uid:$gid" "$staged"; chmod "$mode" "$staged" ;;
  file)
    path=$(path_of "$path64"); check
    unb64 "$content" > "$staged"
    [ "$(sum < "$staged")" = "$sha" ] || stop "$path did not arrive whole; nothing was written"
    chown "$uid:$gid" "$staged"; chmod "$mode" "$staged"; sync "$staged" ;;
  link)
    path=$(path_of "$path64"); check
    ln -s -T -- "$(unb64 "$content")" "$staged"
    chown -h "$uid:$gid" "$staged" ;;
  *) stop "a line of the input is of no known kind; nothing was written" ;;
  esac
  printf '%s %s %s %s %s\n' "$kind" "$was" "$n" "$path64" "$(printf %s "$base" | base64 -w0)" >> "$work/plan"
done <&3
exec 3<&-
while read -r kind was n path64 base64; do
  path=$(path_of "$path64") parent= base=$(unb64 "$base64")
  parent=$(dirname "$path") staged=$base/$id/$n
  case $kind in
  dir)
    [ "$(readlink -f -- "$parent")" = "$parent" ] || stop "$parent is reached through a link now"
    [ -d "$path" ] || mv -T -- "$staged" "$path"
    if command -v restorecon >/dev/null 2>&1; then restorecon -- "$path" || true; fi
    sync "$parent" ;;
  *) put ;;
  esac
done < "$work/plan"
`;
