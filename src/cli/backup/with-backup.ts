import type { ExitName } from "../../model/error-catalogue.ts";
import { textOption, type Invocation } from "../command-spec.ts";
import { withCluster, type ClusterCall } from "../with-cluster.ts";
import { openWithoutCluster } from "../wiring.ts";
import { openBackup, type OpenBackup } from "./open-backup.ts";
import { openClusterIfAny, trustedSigners } from "./open-sets.ts";

export interface BackupCall extends ClusterCall {
  readonly backup: OpenBackup;
}

export interface BackupCallOptions {
  readonly isQuiet: boolean;
  /** With --store no configuration is needed: it may be lost with the cluster. */
  readonly worksAlone?: true;
  /** The section `backup` is needed whatever --store says, and a key of this machine's. */
  readonly writesSets?: true;
}

/** Opens cluster and store (`--store`, or the configured one), does one thing, and closes both whatever happens. Nothing is reached before it is asked. */
export function withBackup(
  invocation: Invocation,
  options: BackupCallOptions,
  act: (call: BackupCall) => Promise<ExitName>,
): Promise<ExitName> {
  const { cli } = invocation;
  const store = textOption(invocation, "store");
  const open =
    options.worksAlone !== true || store === undefined
      ? undefined
      : async () => (await openClusterIfAny(cli)) ?? openWithoutCluster(store, cli.directories.state);
  return withCluster(cli, { isQuiet: options.isQuiet, ...(open === undefined ? {} : { open }) }, async (call) => {
    const backup = await openBackup(cli, call.app.config, {
      store,
      signers: trustedSigners(invocation),
      writesSets: options.writesSets,
    });
    try {
      return await act({ ...call, backup });
    } finally {
      await backup.close();
    }
  });
}
