import { openBackupStore } from "../../adapters/backup-store/open-backup-store.ts";
import type { ClusterConfig } from "../../model/cluster-config.ts";
import type { BackupStore } from "../../ports/backup-store.ts";
import type { CliContext } from "../cli-context.ts";
import { accessToOne } from "../wiring.ts";
import { atHome, placeTyped } from "./open-backup.ts";
import { storeHostOf } from "./store-host.ts";

/** A second store, as typed; a bucket is reached as `backup.s3` says. The caller closes it. BACKUP_STORE_INVALID. */
export function openOtherStore(cli: Pick<CliContext, "directories">, config: ClusterConfig, place: string): BackupStore {
  const s3 = config.backup?.s3;
  return openBackupStore(placeTyped(place, cli.directories.work), {
    s3: s3?.caFile === undefined ? s3 : { ...s3, caFile: atHome(s3.caFile) },
    accessTo: (host) => accessToOne(storeHostOf(host, config.hosts), config.ssh),
  });
}
