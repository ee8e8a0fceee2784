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
 * When it ends with an error and something is in its place already, a line
 * each on stdout, PATH as it came: "written PATH", "left PATH" (a file that is
 * as it was), "made PATH" (a directory). "complete": all is done, and only what
 * it made for itself is left. No such line: nothing was written.
 *
 * Four phases, the next only when the one before is done with all files:
 * 1. Each is checked and made, on the same mount below the aside directory
 *    (0700), under names of this call alone, never beside the old one: a
 *    kubelet or a program that reads whole directories never sees it
 *    half-written (I-S14).
 * 2. Each old one gets a second name aside (a hard link, listed in
 *    manifest.tsv), and all that is synced.
 * 3. Each path is compared with what was kept aside of it, the inode last,
 *    and renamed over. No sync, and no signal but SIGKILL, comes between: what
 *    a rename replaces is what was kept, and half of a set is rare.
 * 4. Their directories are synced.
 * At any moment a path is the old file or the new one. A link is replaced,
 * never followed. Killed anywhere, it can be run again; what was made and not
 * used, and a second name that was still to be removed, goes then at the
 * latest: an empty input does just that. printf is the shell's own here: no
 * content gets into a command line. The input has no name any more before it
 * is read.
 */
export const restoreFilesScript = String.raw`set -eu
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
LC_ALL=C; export LC_ALL
${asideFunctions}
${placeFunction}
exec 3< "$REQUORUM_INPUT"
rm -f -- "$REQUORUM_INPUT"
words= wrote="nothing was written" work= written= made=
doing="opening the aside directory" at=/var/lib/requorum/aside
stop() { words=$1; exit 4; }
# A full disk is else only "I/O error".
room() {
  near=$1; while [ ! -d "$near" ]; do near=$(dirname "$near"); done
  inodes=$(df -Pi -- "$near" | awk 'NR == 2 && $2 > 0 { print " and " $4 " inodes" }')
  printf ' (free on the filesystem %s: %s KiB%s)' "$(mount_of "$near/.")" "$(df -Pk -- "$near" | awk 'NR == 2 { print $4 }')" "$inodes"
}
clear_up() {
  [ -n "$work" ] || return 0
  left=0
  if [ -f "$work/bases" ]; then while IFS= read -r one; do rm -rf -- "$one" || left=1; done < "$work/bases"; fi
  rm -rf -- "$work" || left=1
  return $left
}
list_written() {
  for one in $made; do echo "made $one"; done
  while read -r kind was n path64 rest; do
    case "$kind $written " in dir*) ;; *" $path64 "*) echo "written $path64" ;; *) echo "left $path64" ;; esac
  done < "$work/puts"
}
ended() {
  status=$?
  set +e
  trap '' HUP INT TERM PIPE
  if [ "$status" != 0 ]; then
    [ -n "$words" ] || words="$doing failed$(room "$at")"
    if [ "$written$made" != "" ]; then wrote="not all of it is done"; list_written; fi
    echo "$words; $wrote" >&2
  fi
  if ! clear_up; then
    echo "what this script made for itself could not be removed: $work and .staged.* below .requorum-aside/" >&2
    if [ "$status" = 0 ]; then echo complete; status=5; fi
  fi
  exit "$status"
}
trap ended EXIT
trap 'words="a signal ended it"; exit 129' HUP INT TERM PIPE
command -v flock >/dev/null 2>&1 || stop "flock (util-linux) is missing"
open_aside "$1"
exec 8>> /var/lib/requorum/aside/.restoring
# A look at the machine holds it for a moment. 75 is what it ends with when another one holds it; anything else is its own failure.
held=0; flock -w 2 -E 75 8 || held=$?
case $held in
0) ;;
75) words="another script that puts files back is still running on this machine" wrote="this one wrote nothing"; exit 75 ;;
*) stop "flock (util-linux) failed with exit status $held, so it is not known whether another script puts files back" ;;
esac
# Second names of what was put in its place, and what was not used: also on mounts that this call does not write to.
mounts=/var/lib/requorum/aside/.mounts
touch "$mounts"
rm -rf -- /var/lib/requorum/aside/*/.staged.*
while IFS= read -r one; do rm -rf -- "$one"/*/.staged.*; done < "$mounts"
work=$(mktemp -d "$aside/.staged.XXXXXX")
id=${"$"}{work##*/}
: > "$work/bases"; : > "$work/dirs"; : > "$work/plan"; : > "$work/puts"; : > "$work/kept"; : > "$work/parents"
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
  at=$1
  [ "$(readlink -f -- "$1")" = "$1" ] || stop "$1 is reached through a link"
  [ -w "$1" ] || stop "$1 cannot be written to: it is mounted read-only, or locked with chattr +i"
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
  [ "$(stat -c %d "$1/.")" = "$(stat -c %d "$base/.")" ] || stop "$1 is on another filesystem than $base"
  mkdir -p "$base/$id"
}
is_there() { [ -e "$1" ] || [ -L "$1" ]; }
keep() {
  to=$base$path more=1
  # One that an attempt before this one kept is not kept a second time.
  while is_there "$to" && [ "$(id_of "$to")" != "$(id_of "$path")" ]; do more=$((more + 1)); to=$base$path.$more; done
  of=$(dirname "$to")
  : >> "$aside/manifest.tsv"
  if ! is_there "$to"; then mkdir -p "$of"; list_move "$path" "$to"; ln -P -T -- "$path" "$to"; fi
  kept=$(id_of "$to")
  [ "$(state_of "$to")" = "$was" ] || stop "$path is not what was looked at a moment ago"
  while [ "$of" != "$base" ]; do printf '%s\n' "$of" >> "$work/kept"; of=$(dirname "$of"); done
  printf '%s\n' "$base" "$base/.." "$base/../.." "$aside/manifest.tsv" >> "$work/kept"
}
sync_all() { sort -u "$1" > "$1.once"; while IFS= read -r one; do sync "$one"; done < "$1.once"; }
label() { if command -v restorecon >/dev/null 2>&1; then restorecon -- "$path" || true; fi; }
put() {
  [ "$(readlink -f -- "$parent")" = "$parent" ] || stop "$parent is reached through a link now; $path was left as it is"
  if [ "$kind" = dir ]; then
    [ ! -d "$path" ] || return 0
    mv -T -- "$staged" "$path"; made="$made $path64"
    label; return 0
  fi
  [ "$(state_of "$path")" = "$was" ] || stop "$path is not what was looked at a moment ago; it was left as it is"
  if [ "$was" = absent ]; then
    ln -P -T -- "$staged" "$path"; written="$written $path64"
    rm -f -- "$staged"
  else
    [ "$(id_of "$path")" = "$kept" ] || stop "$path is not what was kept aside a moment ago; it was left as it is"
    mv -T -- "$staged" "$path"; written="$written $path64"
  fi
  label
}
nearest_of() { near=$1; while [ ! -e "$near" ] && [ ! -L "$near" ]; do near=$(dirname "$near"); done; }
check() {
  parent=$(dirname "$path")
  nearest_of "$parent"
  [ -d "$near" ] || stop "$near is no directory"
  [ "$near" = "$parent" ] || grep -qxF -e "$parent" "$work/dirs" || stop "$parent is no directory"
  base_for "$near"
  [ "$(state_of "$path")" = "$was" ] || stop "$path is not what was looked at a moment ago"
  if [ "$was" != absent ] && [ ! -L "$path" ] && [ "$(mount_line "$path")" != "$mount" ]; then
    stop "$path is a mount of its own and cannot be replaced"
  fi
  staged=$base/$id/$n
}
n=0
doing="reading the input" at=$aside
while read -r kind was mode uid gid sha path64 content; do
  n=$((n + 1)) base=
  case $kind in
  dir) # dir MODE UID GID PATH: two words less
    path64=$gid gid=$uid uid=$mode mode=$was was=-
    path=$(path_of "$path64")
    doing="making the directory $path"
    [ ! -d "$path" ] || continue
    nearest_of "$path"
    [ -d "$near" ] || stop "$near is no directory"
    base_for "$near"
    printf '%s\n' "$path" >> "$work/dirs"
    staged=$base/$id/$n
    mkdir -m 700 "$staged"; chown "$uid:$gid" "$staged"; chmod "$mode" "$staged" ;;
  file)
    path=$(path_of "$path64"); doing="making the new content of $path"; check
    unb64 "$content" > "$staged"
    [ "$(sum < "$staged")" = "$sha" ] || stop "$path did not arrive whole"
    chown "$uid:$gid" "$staged"; chmod "$mode" "$staged"; sync "$staged" ;;
  link)
    path=$(path_of "$path64"); doing="making the new link $path"; check
    ln -s -T -- "$(unb64 "$content")" "$staged"
    chown -h "$uid:$gid" "$staged" ;;
  *) stop "a line of the input is of no known kind" ;;
  esac
  printf '%s %s %s %s %s\n' "$kind" "$was" "$n" "$path64" "$(printf %s "$base" | base64 -w0)" >> "$work/plan"
done <&3
exec 3<&-
while read -r kind was n path64 base64; do
  path=$(path_of "$path64") base=$(unb64 "$base64") kept=-
  doing="keeping $path aside below $base" at=$base
  case $kind-$was in dir-* | *-absent) ;; *) keep ;; esac
  printf '%s\n' "$(dirname "$path")" >> "$work/parents"
  printf '%s\n' "$kind $was $n $path64 $base64 $kept" >> "$work/puts"
done < "$work/plan"
doing="syncing what is kept aside" at=$aside
sync_all "$work/kept"
trap '' HUP INT TERM PIPE
while read -r kind was n path64 base64 kept; do
  path=$(path_of "$path64") base=$(unb64 "$base64")
  parent=$(dirname "$path") staged=$base/$id/$n
  doing="putting $path in its place" at=$parent
  put
done < "$work/puts"
doing="syncing the directories of what was written" at=$aside
sync_all "$work/parents"
`;
