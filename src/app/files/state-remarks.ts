import { openBolt } from "../../formats/bbolt/bolt-file.ts";
import type { ByteSource } from "../../formats/byte-source.ts";
import type { DataDir } from "../../formats/etcd/data-dir/data-dir.ts";
import { behindPages } from "./check-trailer.ts";
import type { FileContext } from "./file-context.ts";

/** Enough to know what they are. */
const namesShown = 6;

/** What is worth to be known of a data dir, and costs nothing of what is in it. */
export function stateRemarks(context: FileContext, dir: DataDir, database: ByteSource | undefined): readonly string[] {
  const behind = database && behindPages(context, { form: "data-dir", file: database, stored: () => openBolt(database) });
  return [...(behind === undefined ? [] : [behind.what]), ...leftoverWords(dir)];
}

/** Source: etcd server/etcdserver/api/snap/snapshotter.go (checkSuffix, cleanupSnapdir), server/storage/wal/util.go (checkWalNames). */
export function leftoverWords({ leftovers }: Pick<DataDir, "leftovers">): readonly string[] {
  if (leftovers.length === 0) return [];
  const more = leftovers.length > namesShown ? ` and ${String(leftovers.length - namesShown)} more` : "";
  return [
    `not of the data, and passed over or renamed to .broken by an etcd that starts: ${leftovers.slice(0, namesShown).join(", ")}${more}`,
  ];
}
