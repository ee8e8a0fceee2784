/**
 * What lies at the paths that are given, as it is: never through a link. It
 * writes nothing. Contents go over the encrypted connection in base64, and
 * end in no log. $1: bytes of one file at most; then the paths. A line each:
 *   absent PATH NEAREST   the nearest directory above it that is there
 *   file MODE UID GID PATH :CONTENT: ok|failed
 *   link UID GID PATH TARGET
 *   other PATH WORDS
 *   end
 */
export const fileLookScript = String.raw`
set -u
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
root=${"$"}{REQUORUM_PROBE_ROOT:-}
bytes_max=$1; shift
b64() { printf %s "$1" | base64 -w0; }
for path; do
  place=$root$path
  other() { printf 'other %s %s\n' "$(b64 "$path")" "$(b64 "$1")"; }
  at=$(dirname -- "$place")
  while [ ! -e "$at" ] && [ ! -L "$at" ]; do at=$(dirname -- "$at"); done
  real=$(readlink -f -- "$at")
  if [ "$real" != "$at" ]; then other "reached through a link: ${"$"}{at#"$root"} is really ${"$"}{real#"$root"}"; continue; fi
  if [ ! -d "$at" ]; then other "below ${"$"}{at#"$root"}, which is no directory"; continue; fi
  if [ -L "$place" ]; then
    printf 'link %s %s %s\n' "$(stat -c '%u %g' -- "$place")" "$(b64 "$path")" "$(readlink -n -- "$place" | base64 -w0)"
  elif [ ! -e "$place" ]; then at=${"$"}{at#"$root"}; printf 'absent %s %s\n' "$(b64 "$path")" "$(b64 "${"$"}{at:-/}")"
  elif [ -d "$place" ]; then other "a directory"
  elif [ ! -f "$place" ]; then other "no plain file"
  elif [ "$(stat -c %s -- "$place")" -gt "$bytes_max" ]; then other "a file of $(stat -c %s -- "$place") bytes, more than is looked at"
  else
    printf 'file %s %s :' "$(stat -c '%a %u %g' -- "$place")" "$(b64 "$path")"
    if base64 -w0 -- "$place"; then printf ': ok\n'; else printf ': failed\n'; fi
  fi
done
echo end
`;

/** As much as a backup set takes of one file (probe/collect). */
export const fileBytesMax = 1024 * 1024;
