import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { openBolt } from "../../src/formats/bbolt/bolt-file.ts";
import type { ByteSource } from "../../src/formats/byte-source.ts";
import { openDataDir, type DataDir, type DataDirFiles } from "../../src/formats/etcd/data-dir/data-dir.ts";
import { neededReceivedDatabase, rankMember, type MemberRank } from "../../src/formats/etcd/data-dir/rank-member.ts";
import { readMeta } from "../../src/formats/etcd/schema/read-meta.ts";
import { readSnapFile, type RaftSnapshot } from "../../src/formats/etcd/snap/snap-file.ts";
import { openWal } from "../../src/formats/etcd/wal/open-wal.ts";
import type { WalLog } from "../../src/formats/etcd/wal/wal-log.ts";
import { openFileSource } from "./bolt-oracle.ts";

export interface ReadDataDir {
  readonly layout: DataDir;
  readonly wal: WalLog;
  /** Newest first. */
  readonly snapshots: readonly RaftSnapshot[];
  readonly rank: MemberRank;
}

/** All that the engine says of a data dir on which no etcd runs. Files are open only while `use` works. */
export function withDataDir<Value>(path: string, use: (found: ReadDataDir) => Value): Value {
  const open: (ByteSource & { close(): void })[] = [];
  const files: DataDirFiles = {
    name: path,
    list: (folder) => {
      const whole = join(path, folder);
      return statSync(whole, { throwIfNoEntry: false })?.isDirectory() === true ? readdirSync(whole).sort() : undefined;
    },
    open: (name) => {
      const source = openFileSource(join(path, name));
      open.push(source);
      return source;
    },
  };
  try {
    const layout = openDataDir(files);
    const wal = openWal(layout.segments);
    const snapshots = layout.snapFiles.map((one) => readSnapFile(one.source));
    const metaOf = (source: ByteSource | undefined) => (source === undefined ? undefined : readMeta(openBolt(source)));
    const own = metaOf(layout.database);
    const needed = neededReceivedDatabase(wal, own?.consistentIndex);
    const received = metaOf(layout.receivedDatabases.find((one) => one.index === needed)?.source);
    return use({ layout, wal, snapshots, rank: rankMember({ name: path, wal, database: received ?? own, snapFiles: snapshots }) });
  } finally {
    for (const one of open) one.close();
  }
}
