import { isRemoteSource } from "../../app/files/remote-source.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { listOption, textOption, type Invocation } from "../command-spec.ts";

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

/** Of several: `DIR=LOGDIR`, DIR as one of `paths` was given: either may have a "=" in it. Throws USAGE. */
export function walDirsOption(invocation: Invocation, paths: readonly string[]): { readonly [path: string]: string } {
  const refuse = (detail: string): RecoveryError => new RecoveryError("USAGE", { subject: "option --wal-dir", detail });
  return Object.fromEntries(
    listOption(invocation, "wal-dir").map((text) => {
      const [path] = paths.filter((one) => text.startsWith(`${one}=`)).sort((one, other) => other.length - one.length);
      if (path === undefined)
        throw refuse(`${JSON.stringify(text)} is not DIR=LOGDIR, with DIR one of those given: ${[...new Set(paths)].join(", ")}`);
      const walDir = text.slice(path.length + 1);
      if (walDir === "" || isRemoteSource(walDir))
        throw refuse(`${JSON.stringify(walDir)}: a log is read from a directory of this machine`);
      return [path, walDir];
    }),
  );
}
