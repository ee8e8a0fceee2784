/**
 * How a machine is asked what lies at a path: a file, or the files of a data
 * dir that the engine reads, and whether a process has them in use.
 */
import { lockPidOf } from "../../formats/machine/proc-locks.ts";
import { RecoveryError } from "../../model/recovery-error.ts";

export interface RemoteFile {
  /** Below the directory; "" for a file. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedAtSeconds: number;
  /** Size, inode, device, times: another text is another state. */
  readonly state: string;
}

export interface RemoteLook {
  readonly kind: "file" | "directory";
  readonly files: readonly RemoteFile[];
  /** Some of what is in a directory that is no data dir. */
  readonly otherNames: readonly string[];
  /** Who has one of the files open and locked; -1: a lock without a process. */
  readonly holder: { readonly path: string; readonly pid: number } | undefined;
}

/**
 * POSIX shell that only reads; $1 is the path. Locks are those of the machine's
 * kernel, also of processes in containers. Beside them every etcd's open files
 * are compared, because some file systems (btrfs, overlayfs) show another
 * device in the list of locks than to stat(2).
 */
export const remoteLookScript = String.raw`
p=$1
# The times in words: they are finer than seconds there.
fact() { s=$(stat -L -c '%s %i %d %Y' -- "$1") && t=$(stat -L -c '%y %z' -- "$1") || exit 1; printf 'times %s\nfile %s %s\n' "$t" "$s" "$2"; }
if [ -f "$p" ]; then
  echo kind=file
  fact "$p" ""
  set -- "$p"
elif [ -d "$p" ]; then
  echo kind=directory
  ls -- "$p" >/dev/null || exit 1
  base=
  if [ -d "$p/member" ]; then base=member/; fi
  set --
  for f in "$p/$base"wal/*.wal "$p/$base"snap/*.snap "$p/$base"snap/*.snap.db "$p/$base"snap/db; do
    [ -f "$f" ] || continue
    set -- "$@" "$f"
    fact "$f" "${"$"}{f#"$p/"}"
  done
  if [ $# -eq 0 ]; then ls -A -- "$p" | head -n 20 | sed 's/^/other /'; fi
elif [ -e "$p" ]; then
  echo kind=other
else
  # Nothing is there only when the last directory that is there may be searched.
  d=$p
  while [ ! -e "$d" ] && [ "$d" != / ]; do d=$(dirname -- "$d"); done
  if [ -x "$d" ] || [ ! -d "$d" ]; then echo kind=none; exit 0; fi
  ls -d -- "$p" >/dev/null || exit 1
fi
[ -r /proc/locks ] && sed 's/^/lock /' /proc/locks
for proc in /proc/[0-9]*; do
  { read -r comm < "$proc/comm"; } 2>/dev/null || continue
  [ "$comm" = etcd ] || continue
  for fd in "$proc"/fd/*; do
    for f in "$@"; do
      if [ "$fd" -ef "$f" ]; then echo "holder ${"$"}{proc#/proc/} ${"$"}{f#"$p/"}"; break 2; fi
    done
  done
done
exit 0
`;

/** What the script printed. Throws FILE_NOT_FOUND, FILE_NOT_RECOGNISED for a device or socket, REMOTE_ANSWER_MALFORMED. */
export function readRemoteLook(name: string, text: string): RemoteLook {
  const lines = text.split("\n");
  const kind = lines.find((line) => line.startsWith("kind="))?.slice(5);
  if (kind === "none")
    throw new RecoveryError("FILE_NOT_FOUND", { subject: `source ${name}`, detail: "there is no such file or directory on that machine" });
  if (kind === "other")
    throw new RecoveryError("FILE_NOT_RECOGNISED", {
      subject: `file ${name}`,
      detail: "this is neither a file nor a directory: a device, a pipe or a socket",
    });
  const files = lines.flatMap((line, at) => (line.startsWith("file ") ? [fileOf(name, line, lines[at - 1] ?? "")] : []));
  if ((kind !== "file" && kind !== "directory") || (kind === "file" && files.length !== 1)) throw malformed(name, text.slice(0, 200));
  return {
    kind,
    files: files.map(({ path, sizeBytes, modifiedAtSeconds, state }) => ({ path, sizeBytes, modifiedAtSeconds, state })),
    otherNames: lines.filter((line) => line.startsWith("other ")).map((line) => line.slice(6)),
    holder: holderOf(files, lines),
  };
}

interface LookedFile extends RemoteFile {
  readonly dev: bigint;
  readonly ino: bigint;
}

function fileOf(name: string, line: string, timesLine: string): LookedFile {
  const found = /^file (\d+) (\d+) (\d+) (\d+) (.*)$/.exec(line);
  if (found === null || !timesLine.startsWith("times ")) throw malformed(name, `${timesLine}; ${line}`);
  const [, size = "", ino = "", dev = "", modified = "", path = ""] = found;
  if (path.startsWith("/") || path.split("/").includes("..")) throw malformed(name, line);
  return {
    path,
    sizeBytes: Number(size),
    modifiedAtSeconds: Number(modified),
    state: [size, ino, dev, timesLine].join(" "),
    dev: BigInt(dev),
    ino: BigInt(ino),
  };
}

function holderOf(files: readonly LookedFile[], lines: readonly string[]): RemoteLook["holder"] {
  const locks = lines.filter((line) => line.startsWith("lock ")).join("\n");
  const processes = lines.flatMap((line) => {
    const found = /^holder (\d+) (.*)$/.exec(line);
    return found === null ? [] : [{ pid: Number(found[1]), path: found[2] ?? "" }];
  });
  // A process is better than a lock without one.
  const [process] = processes;
  if (process !== undefined) return process;
  for (const file of files) {
    const pid = lockPidOf(locks, file);
    if (pid !== undefined) return { path: file.path, pid };
  }
  return undefined;
}

function malformed(name: string, what: string): RecoveryError {
  return new RecoveryError("REMOTE_ANSWER_MALFORMED", {
    subject: `source ${name}`,
    detail: `the look at it answered ${JSON.stringify(what)}`,
  });
}
