/** The names of WAL segments. Source: etcd server/storage/wal/util.go (parseWALName, isValidSeq). */
import type { ByteSource } from "../../byte-source.ts";
import { unsupported } from "../../format-error.ts";

/** One file of the log; its name says where it belongs. */
export interface WalSegment {
  readonly name: string;
  /** Grows by one from segment to segment. */
  readonly sequence: bigint;
  /** One above the last entry before this segment: live entries from here on are in this segment or a later one. */
  readonly firstIndex: bigint;
  readonly source: ByteSource;
}

/** etcd keeps at most a handful beyond what its snapshots need; a listing this long is not a WAL. */
const maxSegments = 100_000;

/** `<sequence>-<first index>.wal`, 16 hex digits each; undefined for every other name. */
export function parseWalName(name: string): { readonly sequence: bigint; readonly firstIndex: bigint } | undefined {
  const found = /^([0-9a-fA-F]{16})-([0-9a-fA-F]{16})\.wal$/.exec(name);
  if (found === null) return undefined;
  return { sequence: BigInt(`0x${found[1] ?? "0"}`), firstIndex: BigInt(`0x${found[2] ?? "0"}`) };
}

export function walName(sequence: bigint, firstIndex: bigint): string {
  return `${hex16(sequence)}-${hex16(firstIndex)}.wal`;
}

/** The segments among files, in order. Files of other names (`.tmp`, `.broken`) are left out, as etcd does. */
export function walSegmentsOf(files: Iterable<{ readonly name: string; readonly source: ByteSource }>): readonly WalSegment[] {
  const segments: WalSegment[] = [];
  for (const { name, source } of files) {
    const parsed = parseWalName(name);
    if (parsed === undefined) continue;
    if (segments.length >= maxSegments) throw unsupported(source.name, undefined, `a log of more than ${maxSegments} segments`);
    segments.push({ name, ...parsed, source });
  }
  return segments.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

export function hex16(value: bigint): string {
  return value.toString(16).padStart(16, "0");
}
