import type { Page } from "../render/page.ts";
import { shellWord } from "../model/shell-word.ts";
import type { Remedy } from "../model/recovery-error.ts";
import type { GlobalOptions } from "./global-options.ts";

/** How this call was told which cluster to work on. REQUORUM_CONFIG is still set in the shell that types the next command. */
export type Choice = Pick<GlobalOptions, "configFile" | "cluster" | "ofSets">;

/** Verbs that work on a cluster. The others need no configuration: a hint at them stays as it is. */
const onCluster = /^requorum (?:status|diagnose|doctor|plan|apply|recover|resume|runs [a-z-]+|backup (?!keygen|unseal)[a-z-]+)(?: |$)/;

/** A command of a hint, for the cluster of this call: `requorum resume` after `status --config lab.yaml` must not go to another one. */
export function onChosenCluster(command: string, { configFile, cluster, ofSets }: Choice): string {
  const with_ = (option: string, value: string | undefined): string =>
    value === undefined || new RegExp(` ${option}[ =]`).test(command) ? "" : ` ${option} ${shellWord(value)}`;
  const sets = (ofSets ?? []).flatMap(({ name, value, verbs }) =>
    verbs.some((verb) => `${command} `.startsWith(`requorum ${verb} `)) ? [with_(`--${name}`, value)] : [],
  );
  const hinted = `${command}${sets.join("")}`;
  return onCluster.test(command) ? `${hinted}${with_("--config", configFile)}${with_("--cluster", cluster)}` : hinted;
}

export function pageOnChosenCluster(page: Page, choice: Choice): Page {
  return page.map((block) => (block.kind === "command" ? { ...block, command: onChosenCluster(block.command, choice) } : block));
}

export function remediesOnChosenCluster(remedies: readonly Remedy[], choice: Choice): readonly Remedy[] {
  return remedies.map((remedy) =>
    remedy.command === undefined ? remedy : { ...remedy, command: onChosenCluster(remedy.command, choice) },
  );
}
