/**
 * The process that holds a lock on a file, from the text of /proc/locks: lines
 * like `1: FLOCK  ADVISORY  WRITE 708 fe:00:131 0 EOF`. -1 for the kind of lock
 * that belongs to no process (as etcd takes it). `dev` and `ino` as stat(2)
 * gives them. Source: proc_locks(5); Linux' encoding of 64-bit device numbers: makedev(3).
 */
export function lockPidOf(text: string, file: { readonly dev: bigint; readonly ino: bigint }): number | undefined {
  const major = ((file.dev >> 8n) & 0xfffn) | ((file.dev >> 32n) & ~0xfffn);
  const minor = (file.dev & 0xffn) | ((file.dev >> 12n) & ~0xffn);
  for (const line of text.split("\n")) {
    const found = /\b(?:FLOCK|POSIX|OFDLCK)\s+\S+\s+(?:WRITE|READ)\s+(-?\d+)\s+([0-9a-f]+):([0-9a-f]+):(\d+)\s/.exec(line);
    if (found === null) continue;
    const [, pid = "", lineMajor = "", lineMinor = "", inode = ""] = found;
    if (BigInt(`0x${lineMajor}`) === major && BigInt(`0x${lineMinor}`) === minor && BigInt(inode) === file.ino) return Number(pid);
  }
  return undefined;
}
