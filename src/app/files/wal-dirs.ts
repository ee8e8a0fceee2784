import { RecoveryError } from "../../model/recovery-error.ts";
import type { FileContext } from "./file-context.ts";

/** Where the logs of those data dirs are that ran with etcd's --wal-dir, by path as it was given. */
export interface WalDirs {
  readonly [path: string]: string | undefined;
}

/** Of a path, however it is spelt. Throws USAGE where one directory is given two logs. */
export function walDirFinder(context: FileContext, walDirs: WalDirs): (path: string) => string | undefined {
  const found = new Map<string, string>();
  for (const [path, walDir] of Object.entries(walDirs)) {
    if (walDir === undefined) continue;
    const identity = identityOf(context, path);
    const other = found.get(identity);
    if (other !== undefined && other !== walDir)
      throw new RecoveryError("USAGE", { subject: "option --wal-dir", detail: `${path} has one log, and not both ${other} and ${walDir}` });
    found.set(identity, walDir);
  }
  return (path) => (found.size === 0 ? undefined : found.get(identityOf(context, path)));
}

/** What is not there, or cannot be looked at, is itself and no other. */
export function identityOf({ files }: FileContext, path: string): string {
  try {
    return files.identityOf(path);
  } catch (error) {
    if (error instanceof RecoveryError) return `path ${path}`;
    throw error;
  }
}
