import {
  agreePruneByTyping,
  approvePruneByDigest,
  clearStore,
  isIdlePrune,
  planBackupsPrune,
  pruneBackups,
  type PruneContext,
  type PrunedBackups,
} from "../../app/backup/prune-backups.ts";
import type { PruneRequest } from "../../catalogue/prune-store.ts";
import type { BackupConfig } from "../../model/cluster-config.ts";
import type { ExitName } from "../../model/error-catalogue.ts";
import { asBackupSetId } from "../../model/ids.ts";
import { pruneConsentOf, type PruneConsent, type PrunePlan } from "../../model/prune-plan.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { shellWord } from "../../model/shell-word.ts";
import { backupPrunePage, pruneQuestion, type BackupPruneDocument } from "../../render/backup-prune-page.ts";
import { errorPage } from "../../render/error-page.ts";
import { withBackup } from "../backup/with-backup.ts";
import { hasFlag, textOption, type CommandModule, type Invocation } from "../command-spec.ts";
import { parseAgeMs } from "../parse-age.ts";
import { printNote, printResult, printShortfall } from "../print-result.ts";

const asideMsUsual = 7 * 86_400_000;
/** Ten years of daily sets, as in the configuration. */
const countMax = 3650;

export const command: CommandModule = {
  run(invocation) {
    const { cli } = invocation;
    return withBackup(invocation, { isQuiet: false, writesSets: true }, async ({ app, display, backup }): Promise<ExitName> => {
      const context: PruneContext = { ...app, backup: backup.ports, trust: backup.trust };
      const request = requestOf(invocation, app.config.cluster, backup.settings);
      const plan = await planBackupsPrune(context, request);
      const isIdle = isIdlePrune(plan) && plan.refusals.length === 0;
      // Who agreed to a plan with something to remove is not told that all is done.
      if (isIdle && !hasFlag(invocation, "plan")) approvedOf(invocation, plan);
      const { pruned, unkept }: Partial<PrunedBackups> = hasFlag(invocation, "plan")
        ? {}
        : isIdle
          ? await clearStore(context)
          : await pruneBackups(context, {
              plan,
              request,
              askConsent: async (asked) => {
                display.stop();
                return consentTo(invocation, asked);
              },
            });
      display.stop();
      const document: BackupPruneDocument = { ...plan, kind: "BackupPrune", pruned };
      printResult(cli, document, () => backupPrunePage(document, sameCall(invocation)));
      if (plan.refusals.length > 0) return "refused";
      if (unkept !== undefined) printShortfall(cli, unkept, errorPage(unkept));
      if (!isIdle && pruned?.objectsLeftBecause !== undefined) return "verificationFailed";
      return unkept === undefined ? "done" : "findings";
    });
  },
};

/** By --approve. undefined: it was not given. CONSENT_MISSING when it is of another plan. */
function approvedOf(invocation: Invocation, plan: PrunePlan): PruneConsent | undefined {
  const approve = textOption(invocation, "approve");
  if (approve === undefined) return undefined;
  return approvePruneByDigest(plan, approve, { by: invocation.cli.operator, again: sameCall(invocation) });
}

async function consentTo(invocation: Invocation, plan: PrunePlan): Promise<PruneConsent> {
  const { cli } = invocation;
  const approved = approvedOf(invocation, plan);
  if (approved !== undefined) return approved;
  if (hasFlag(invocation, "yes")) return pruneConsentOf({ digest: plan.digest, by: cli.operator, how: "yes-option" });
  printNote(cli, backupPrunePage({ ...plan, kind: "BackupPrune", pruned: undefined }, sameCall(invocation)));
  if (!cli.terminal.canAsk)
    throw new RecoveryError("CONSENT_MISSING", {
      subject: `plan ${plan.digest.slice(0, 12)}`,
      detail: "there is no terminal to ask on, and neither --approve nor --yes; nothing was changed",
      remedies: [{ why: "if you agree to exactly this plan", command: `${sameCall(invocation)} --approve ${plan.digest.slice(0, 12)}` }],
    });
  printNote(cli, pruneQuestion(plan));
  return agreePruneByTyping(plan, await cli.terminal.ask("cluster> ", cli.signal), cli.operator);
}

const countNames = ["last", "daily", "weekly", "monthly"] as const;

function sameCall(invocation: Invocation): string {
  const options = ["store", ...countNames, "within", "aside", "accept-from", "future"].flatMap((name) => {
    const value = textOption(invocation, name);
    return value === undefined ? [] : [`--${name} ${shellWord(value)}`];
  });
  return ["requorum backup prune", ...options].join(" ");
}

function requestOf(invocation: Invocation, cluster: string, settings: BackupConfig): PruneRequest {
  const { retention: configured, acceptFrom } = settings;
  const counts = Object.fromEntries(countNames.map((name) => [name, countOf(invocation, name) ?? configured[name]])) as {
    readonly [name in (typeof countNames)[number]]: number;
  };
  const within = textOption(invocation, "within");
  const aside = textOption(invocation, "aside");
  const from = textOption(invocation, "accept-from");
  const future = textOption(invocation, "future");
  return {
    cluster,
    policy: {
      ...counts,
      // Not by an option: a slip of the hand must not reach below it.
      neverBelow: configured.neverBelow,
      withinMs: within === undefined ? undefined : parseAgeMs(within, "option --within"),
    },
    asideMs: aside === undefined ? asideMsUsual : parseAgeMs(aside, "option --aside"),
    acceptedBreaks: [...(acceptFrom === undefined ? [] : [acceptFrom]), ...(from === undefined ? [] : [setId(from, "accept-from")])],
    ...(future === undefined ? {} : { unwantedOfFuture: [setId(future, "future")] }),
  };
}

function countOf(invocation: Invocation, name: string): number | undefined {
  const text = textOption(invocation, name);
  if (text === undefined) return undefined;
  if (/^\d{1,4}$/.test(text) && Number(text) <= countMax) return Number(text);
  throw new RecoveryError("USAGE", {
    subject: `option --${name}`,
    detail: `${JSON.stringify(text)} is not a number from 0 to ${String(countMax)}`,
  });
}

function setId(text: string, option: string): PruneRequest["acceptedBreaks"][number] {
  try {
    return asBackupSetId(text);
  } catch (cause) {
    throw new RecoveryError("USAGE", {
      subject: `option --${option}`,
      detail: `${JSON.stringify(text)} is no name of a set`,
      cause,
      remedies: [{ why: "see their names", command: "requorum backup list" }],
    });
  }
}
