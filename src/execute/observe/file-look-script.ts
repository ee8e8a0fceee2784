/**
 * at_place PATH: where that path lies. A link directly below / (/lib of a
 * merged /usr, /var on another disk) is the system's own and is followed, as
 * when a set is made (probe/collect); no other is.
 */
export const placeFunction = String.raw`
root=${"$"}{REQUORUM_PROBE_ROOT:-}
at_place() {
  inner=${"$"}{1#/}; first=${"$"}{inner%%/*}
  if [ "$first" != "$inner" ] && [ -L "$root/$first" ]; then printf '%s/%s' "$(readlink -f -- "$root/$first")" "${"$"}{inner#*/}"
  else printf %s "$root$1"; fi
}`;

/**
 * What lies at the paths that are given, as it is: never through a link. It
 * writes nothing. Contents go over the encrypted connection in base64, and
 * end in no log. $1: bytes of one file at most; then the paths. A line each:
 *   busy                  first: a script that puts files back works there
 *   unsure WORDS          first: that cannot be told
 *   absent PATH NEAREST   the nearest directory above it that is there
 *   file MODE UID GID PATH :CONTENT: ok
 *   file MODE UID GID PATH :PART: failed WORDS
 *   link UID GID PATH TARGET
 *   other PATH WORDS
 *   end
 */
export const fileLookScript = String.raw`
set -u
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
${placeFunction}
bytes_max=$1; shift
b64() { printf %s "$1" | base64 -w0; }
lock=/var/lib/requorum/aside/.restoring
if [ -e "$lock" ]; then
  held=0; words=$({ flock -n -s -E 75 7 7< "$lock"; } 2>&1) || held=$?
  case $held in 0) ;; 75) echo busy ;; *) printf 'unsure %s\n' "$(b64 "$words")" ;; esac
fi
for path; do
  place=$(at_place "$path")
  other() { printf 'other %s %s\n' "$(b64 "$path")" "$(b64 "$1")"; }
  at=$(dirname -- "$place")
  while [ ! -e "$at" ] && [ ! -L "$at" ]; do at=$(dirname -- "$at"); done
  real=$(readlink -f -- "$at")
  if [ "$real" != "$at" ]; then other "reached through a link: ${"$"}{at#"$root"} is really ${"$"}{real#"$root"}"; continue; fi
  if [ ! -d "$at" ]; then other "below ${"$"}{at#"$root"}, which is no directory"; continue; fi
  if [ -L "$place" ]; then
    printf 'link %s %s %s\n' "$(stat -c '%u %g' -- "$place")" "$(b64 "$path")" "$(readlink -n -- "$place" | base64 -w0)"
  elif [ ! -e "$place" ]; then
    # As the path calls it, also below a link of the system's own.
    near=$path; left=${"$"}{place#"$at"}; near=${"$"}{near%"$left"}
    printf 'absent %s %s\n' "$(b64 "$path")" "$(b64 "${"$"}{near:-/}")"
  elif [ -d "$place" ]; then other "a directory"
  elif [ ! -f "$place" ]; then other "no plain file"
  elif [ "$(stat -c %s -- "$place")" -gt "$bytes_max" ]; then other "a file of $(stat -c %s -- "$place") bytes, more than is looked at"
  else
    printf 'file %s %s :' "$(stat -c '%a %u %g' -- "$place")" "$(b64 "$path")"
    if { words=$(base64 -w0 -- "$place" 2>&1 >&3); } 3>&1; then printf ': ok\n'; else printf ': failed %s\n' "$(b64 "$words")"; fi
  fi
done
echo end
`;

/** As much as a backup set takes of one file (probe/collect). */
export const fileBytesMax = 1024 * 1024;
