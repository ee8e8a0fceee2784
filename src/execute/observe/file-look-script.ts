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
bytes_max=$1; shift
b64() { printf %s "$1" | base64 -w0; }
other() { printf 'other %s %s\n' "$(b64 "$1")" "$(b64 "$2")"; }
for path; do
  at=$(dirname -- "$path")
  while [ ! -e "$at" ] && [ ! -L "$at" ]; do at=$(dirname -- "$at"); done
  if [ "$(readlink -f -- "$at")" != "$at" ]; then other "$path" "reached through a link: its directory $at is really $(readlink -f -- "$at")"; continue; fi
  if [ ! -d "$at" ]; then other "$path" "below $at, which is no directory"; continue; fi
  if [ -L "$path" ]; then
    printf 'link %s %s %s\n' "$(stat -c '%u %g' -- "$path")" "$(b64 "$path")" "$(readlink -n -- "$path" | base64 -w0)"
  elif [ ! -e "$path" ]; then printf 'absent %s %s\n' "$(b64 "$path")" "$(b64 "$at")"
  elif [ -d "$path" ]; then other "$path" "a directory"
  elif [ ! -f "$path" ]; then other "$path" "no plain file"
  elif [ "$(stat -c %s -- "$path")" -gt "$bytes_max" ]; then other "$path" "a file of $(stat -c %s -- "$path") bytes, more than is looked at"
  else
    printf 'file %s %s :' "$(stat -c '%a %u %g' -- "$path")" "$(b64 "$path")"
    if base64 -w0 -- "$path"; then printf ': ok\n'; else printf ': failed\n'; fi
  fi
done
echo end
`;

/** As much as a backup set takes of one file (probe/collect). */
export const fileBytesMax = 1024 * 1024;
