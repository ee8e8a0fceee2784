import { isRemoteSource } from "../../app/files/remote-source.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { textOption, type Invocation } from "../command-spec.ts";

/** Throws USAGE for a directory on another machine: a log without its database is not fetched. */
export function walDirOption(invocation: Invocation): string | undefined {
  const walDir = textOption(invocation, "wal-dir");
  if (walDir !== undefined && isRemoteSource(walDir))
    throw new RecoveryError("USAGE", {
      subject: "option --wal-dir",
      detail: `${walDir}: only one of this machine is read; copy it here first`,
    });
  return walDir;
}
