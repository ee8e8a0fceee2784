/**
 * What the SSH store runs on its machine: POSIX sh with coreutils or busybox.
 * $1 is the store's directory. Uploads lie below .unfinished until they are
 * whole; only then they get their name, as a second link, which fails when the
 * name is taken. Nothing runs as root.
 */
export const unfinishedFolder = ".unfinished";
/** Neither the store's directory nor the one above it is there: an empty store, or a disk that is not mounted? */
export const notThereStatus = 75;
/**
 * look PATH FORMAT: what stat says of it, or nothing where nothing has that
 * name. Only the kernel's own "No such file or directory" is taken for that
 * (coreutils and busybox end with its words): the shell's tests also say no
 * where a folder may not be looked into or a disk fails, and then a set would
 * seem to be gone. Otherwise it ends its caller (found=$(look ...) under set -e).
 */
const look = `LC_ALL=C; export LC_ALL
look() {
  said=$(stat -c "$2" -- "$1" 2>&1) && { printf '%s\\n' "$said"; return 0; }
  case $said in *': No such file or directory') return 0 ;; esac
  printf '%s\\n' "$said" >&2; exit 1
}`;
const assertThere = `[ -d "$1" ] || [ -d "$(dirname -- "$1")" ] || exit ${String(notThereStatus)}`;

/** Makes the directory, not its parents: a disk that is not mounted must not be filled in its place. */
export const prepareScript = `set -eu; umask 077
${assertThere}
if [ ! -d "$1" ]; then mkdir -- "$1"; sync "$(dirname -- "$1")"; fi
mkdir -p -- "$1/${unfinishedFolder}"`;

/** $2: the upload below .unfinished; $3: its name. Prints "stored", or "exists SIZE SHA256" of what has the name. */
export const commitScript = `set -eu; umask 077
${look}
from=$1/${unfinishedFolder}/$2; to=$1/$3; folder=$(dirname -- "$to")
trap 'rm -f -- "$from"' EXIT
mkdir -p -- "$folder"
if ln -T -- "$from" "$to" 2>/dev/null; then state=stored
else
  there=$(look "$to" x)
  if [ -n "$there" ]; then state=exists
  else
    # No links on this file system: a rename that does not replace.
    mv -nT -- "$from" "$to"
    if [ -e "$from" ]; then state=exists; else state=stored; fi
  fi
fi
if [ "$state" = exists ]; then
  sum=$(sha256sum < "$to"); size=$(stat -c %s -- "$to"); state="exists $size \${sum%% *}"
fi
# Also of what is there already: who wrote it may have been cut off before its name was surely on the disk.
while :; do sync "$folder"; [ "$folder" != "$1" ] || break; folder=$(dirname -- "$folder"); done
printf '%s\\n' "$state"`;

/** $2: a name. Prints "SIZE SECONDS", or nothing when there is none. */
export const statScript = `set -eu
${look}
${assertThere}
found=$(look "$1/$2" '%s %Y %F')
case $found in
  "") ;;
  *' regular '*) printf '%s\\n' "\${found%% regular *}" ;;
  *) echo "something else than a file has its name" >&2; exit 1 ;;
esac`;

/** $2: a folder below the store, "" for all. Prints "SIZE SECONDS ./NAME" of each file but hidden ones and those whose name would be two lines. */
export const listScript = `set -eu
${look}
${assertThere}
there=$(look "$1" x); [ -n "$there" ] || exit 0
cd -- "$1"
there=$(look "./$2" x); [ -n "$there" ] || exit 0
newline='
'
find "./$2" '(' -name '.?*' -o -name "*$newline*" ')' -prune -o -type f -exec sh -c '
all=$(stat -c "%s %Y %n" -- "$@" 2>/dev/null) && { printf "%s\\n" "$all"; exit 0; }
for file do
  said=$(stat -c "%s %Y %n" -- "$file" 2>&1) && { printf "%s\\n" "$said"; continue; }
  # Another machine may have removed it since it was found; what is still there must be told.
  case $said in *": No such file or directory") continue ;; esac
  printf "%s\\n" "$said" >&2; exit 1
done' sh {} +`;

/** $2: a name; $3: where it is kept aside, "" for nowhere. */
export const removeScript = `set -eu; umask 077
${look}
there=$(look "$1/$2" x); [ -n "$there" ] || exit 0
if [ -n "$3" ]; then
  folder=$(dirname -- "$1/$3"); mkdir -p -- "$folder"
  # The time tells since when it lies there.
  touch -c -- "$1/$2" || { there=$(look "$1/$2" x); [ -z "$there" ]; }
  mv -fT -- "$1/$2" "$1/$3" || { there=$(look "$1/$2" x); [ -z "$there" ]; }
  while :; do sync "$folder"; [ "$folder" != "$1" ] || break; folder=$(dirname -- "$folder"); done
else rm -f -- "$1/$2"; fi
sync "$(dirname -- "$1/$2")"`;

/** $2: seconds since 1970 by that machine's clock. Prints how many uploads of writers that are gone were removed. */
export const clearScript = `set -eu
count=0
for file in "$1/${unfinishedFolder}"/* "$1/${unfinishedFolder}"/.requorum-upload.*; do
  [ -f "$file" ] || continue
  made=$(stat -c %Y -- "$file" 2>/dev/null) || continue
  if [ "$made" -lt "$2" ]; then rm -f -- "$file"; count=$((count + 1)); fi
done
echo "$count"`;
