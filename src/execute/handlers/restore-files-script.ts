import { asideFunctions } from "./container-scripts.ts";

/**
 * Puts files in their place, by renaming only. $1: the run. $REQUORUM_INPUT,
 * a line each, paths and contents in base64:
 *   dir MODE UID GID PATH
 *   file WAS MODE UID GID SHA256 PATH CONTENT
 *   link WAS - UID GID SHA256 PATH TARGET
 * WAS: absent, file:SHA256 or link:SHA256 of what was looked at a moment ago.
 *
 * The new file is made on the same filesystem below the aside directory
 * (0700), never beside the old one: a kubelet or a program that reads whole
 * directories never sees it half-written (I-S14). The old one gets a second
 * name aside first (a hard link, written to manifest.tsv before), then the
 * rename replaces it: at any moment the path is the old file or the new one.
 * A link is replaced, never followed. Killed anywhere, it can be run again.
 * printf is the shell's own here: no content gets into a command line.
 */
export const restoreFilesScript = String.raw`set -eu
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
LC_ALL=C; export LC_ALL
${asideFunctions}
root=${"$"}{REQUORUM_PROBE_ROOT:-}
open_aside "$1"
stop() { echo "$1" >&2; exit 4; }
unb64() { printf %s "$1" | base64 -d; }
place_of() { printf %s "$root"; unb64 "$1"; }
sum() { sha256sum | cut -c 1-64; }
state_of() {
  if [ -L "$1" ]; then printf 'link:'; readlink -n -- "$1" | sum
  elif [ ! -e "$1" ]; then echo absent
  elif [ -f "$1" ]; then printf 'file:'; sum < "$1"
  else echo other; fi
}
id_of() { stat -c %d:%i -- "$1" 2>/dev/null || echo none; }
# base: a directory on the filesystem of $1, which is a directory, that only root can look into.
base_for() {
  [ "$(readlink -f -- "$1")" = "$1" ] || stop "$1 is reached through a link; nothing was written there"
  mount=$(mount_of "$1/.")
  if [ "$mount" = "$(mount_of "$aside/.")" ]; then base=$aside
  else base="${"$"}{mount%/}/.requorum-aside/$run"; mkdir -p "$base"; chmod 700 "${"$"}{mount%/}/.requorum-aside" "$base"; fi
  [ "$(stat -c %d "$1/.")" = "$(stat -c %d "$base/.")" ] || stop "$1 is on another filesystem than $base"
  staged=$base/.staged
  rm -rf -- "$staged"
}
keep() {
  to=$base$1
  [ "$(id_of "$1")" != "$(id_of "$to")" ] || return 0
  mkdir -p "$(dirname "$to")"
  free_name "$to"; record_move "$1" "$to"; ln -P -T -- "$1" "$to"
  sync "$(dirname "$to")"
}
put() {
  if [ "$was" = absent ]; then ln -P -T -- "$staged" "$path"; rm -f -- "$staged"
  else keep "$path"; mv -T -- "$staged" "$path"; fi
  if command -v restorecon >/dev/null 2>&1; then restorecon -- "$path" || true; fi
  sync "$parent"
}
check() {
  parent=$(dirname "$path")
  [ -d "$parent" ] || stop "$parent is no directory"
  base_for "$parent"
  [ "$(state_of "$path")" = "$was" ] || stop "$path is not what was looked at a moment ago; it was left as it is"
}
while read -r kind was mode uid gid sha path64 content; do
  case $kind in
  dir) # dir MODE UID GID PATH: one word less
    path=$(place_of "$gid"); gid=$uid uid=$mode mode=$was
    [ ! -d "$path" ] || continue
    base_for "$(dirname "$path")"
    mkdir -m 700 "$staged"; chown "$uid:$gid" "$staged"; chmod "$mode" "$staged"
    mv -T -- "$staged" "$path"
    if command -v restorecon >/dev/null 2>&1; then restorecon -- "$path" || true; fi
    sync "$(dirname "$path")" ;;
  file)
    path=$(place_of "$path64"); check
    unb64 "$content" > "$staged"
    [ "$(sum < "$staged")" = "$sha" ] || stop "$path did not arrive whole; it was left as it is"
    chown "$uid:$gid" "$staged"; chmod "$mode" "$staged"; sync "$staged"
    put ;;
  link)
    path=$(place_of "$path64"); check
    ln -s -T -- "$(unb64 "$content")" "$staged"
    chown -h "$uid:$gid" "$staged"
    put ;;
  *) stop "a line of the input is of no known kind" ;;
  esac
done < "$REQUORUM_INPUT"
`;
