import { access } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { RecoveryError } from "../model/recovery-error.ts";
import { shellWord } from "../model/shell-word.ts";
import type { Directories, GlobalOptions } from "./global-options.ts";

/** Where to look for a configuration, in this order, when --config is not given. */
export interface ConfigSearch {
  readonly global: GlobalOptions;
  readonly directories: Directories;
  readonly configFromEnvironment: string | undefined;
}

/**
 * --config, else REQUORUM_CONFIG, else with --cluster NAME the file NAME.yaml
 * in the configuration directory, else requorum.yaml in this directory, else
 * requorum.yaml in the configuration directory. CONFIG_NOT_FOUND says where
 * was looked.
 */
export async function findConfig(search: ConfigSearch): Promise<string> {
  const { global, directories, configFromEnvironment } = search;
  const named = global.configFile ?? configFromEnvironment;
  if (named !== undefined) {
    const path = isAbsolute(named) ? named : join(directories.work, named);
    if (await isThere(path)) return path;
    throw new RecoveryError("CONFIG_NOT_FOUND", {
      subject: path,
      detail: `${global.configFile === undefined ? "REQUORUM_CONFIG" : "--config"} names it, and there is no such file`,
      remedies: [
        { why: "write it from the machines' names", command: `requorum init --host cp1 --host cp2 --host cp3 --out ${shellWord(path)}` },
      ],
    });
  }
  const places = [
    ...(global.cluster === undefined ? [] : [join(directories.config, `${global.cluster}.yaml`)]),
    join(directories.work, "requorum.yaml"),
    join(directories.config, "requorum.yaml"),
  ];
  for (const place of places) if (await isThere(place)) return place;
  throw new RecoveryError("CONFIG_NOT_FOUND", { subject: "requorum.yaml", detail: `looked for ${places.join(", then ")}` });
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
