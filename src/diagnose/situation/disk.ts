import { valueOf } from "../../model/observation.ts";
import type { HostView } from "./host-view.ts";

/** What is wrong with the filesystem below etcd's data, the gravest first. */
export interface DiskTrouble {
  readonly kind: "read-only" | "failing" | "full" | "slow";
  readonly words: readonly string[];
}

/** etcd warns about a sync slower than this (failure catalogue, section 4: slow fdatasync warning). */
const slowSyncMs = 1000;

/**
 * A WAL segment is allocated in one piece of 64 MB (etcd, wal.SegmentSizeBytes):
 * with less than one free, the next segment fails.
 */
const walSegmentBytes = 64n * 1024n * 1024n;

/** undefined: nothing wrong was seen, or nothing was seen. Only machines that should run etcd or have its data count. */
export function diskOf(host: HostView): DiskTrouble | undefined {
  const dir = valueOf(host.facts.etcdDataDir);
  if (dir === undefined || (!host.shouldRunEtcd && !dir.hasWal)) return undefined;
  const error = dir.fsyncError ?? "";
  if (dir.isReadOnlyMount || /EROFS|read-only/i.test(error)) {
    return { kind: "read-only", words: [dir.isReadOnlyMount ? `${dir.path} is on a read-only mount` : `write test: ${error}`] };
  }
  const isOutOfSpace = /ENOSPC|no space left/i.test(error);
  if (host.etcd === "hung")
    return { kind: "failing", words: ["the etcd process waits for the disk (state D)", ...dir.kernelErrors.slice(-3)] };
  if (error !== "" && !isOutOfSpace) return { kind: "failing", words: [`write test: ${error}`, ...dir.kernelErrors.slice(-3)] };
  // Free inodes are not asked: some filesystems always say 0, and the write test makes a file anyway.
  if (isOutOfSpace || dir.freeBytes < walSegmentBytes) {
    return {
      kind: "full",
      words: [isOutOfSpace ? `write test: ${error}` : `${String(dir.freeBytes)} bytes are free, less than one WAL segment`],
    };
  }
  if (dir.kernelErrors.length > 0) return { kind: "failing", words: dir.kernelErrors.slice(-3) };
  if (dir.fsyncMs !== undefined && dir.fsyncMs > slowSyncMs)
    return { kind: "slow", words: [`a synced write took ${String(Math.round(dir.fsyncMs))} ms`] };
  return undefined;
}
