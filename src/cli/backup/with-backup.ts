import type { ExitName } from "../../model/error-catalogue.ts";
import { textOption, type Invocation } from "../command-spec.ts";
import { withCluster, type ClusterCall } from "../with-cluster.ts";
import { openBackup, type OpenBackup } from "./open-backup.ts";

export interface BackupCall extends ClusterCall {
  readonly backup: OpenBackup;
}

/** Opens cluster and store (`--store`, or the configured one), does one thing, and closes both whatever happens. Nothing is reached before it is asked. */
export function withBackup(
  invocation: Invocation,
  options: { readonly isQuiet: boolean },
  act: (call: BackupCall) => Promise<ExitName>,
): Promise<ExitName> {
  return withCluster(invocation.cli, options, async (call) => {
    const backup = await openBackup(invocation.cli, call.app.config, { store: textOption(invocation, "store") });
    try {
      return await act({ ...call, backup });
    } finally {
      await backup.close();
    }
  });
}
