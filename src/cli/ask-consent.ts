import { approveByDigest, consentByTyping, type AskConsent } from "../app/apply-plan.ts";
import type { AppContext } from "../app/app-ports.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { planDocument, shortDigest } from "../render/plan-document.ts";
import { consentQuestion } from "../render/consent-question.ts";
import { planPage } from "../render/plan-page.ts";
import type { RecoveryPlan } from "../model/plan.ts";
import type { CliContext } from "./cli-context.ts";
import { printNote } from "./print-result.ts";

/**
 * How this call gets consent: --approve, else the cluster's name typed on a
 * terminal, else CONSENT_MISSING with the command that would do it.
 * `commandFor` gives that command without --approve; `showsPlan` when the plan has not been seen yet.
 */
export function consentFor(
  cli: CliContext,
  app: AppContext,
  given: {
    readonly approve: string | undefined;
    readonly commandFor: (plan: RecoveryPlan) => Promise<string>;
    readonly showsPlan: boolean;
    readonly pause: () => void;
  },
): AskConsent {
  if (given.approve !== undefined) {
    const byDigest = approveByDigest(app, given.approve);
    return async (plan) => {
      given.pause();
      if (given.showsPlan) printNote(cli, planPage(planDocument(plan, undefined), { showsNext: false }));
      return await byDigest(plan);
    };
  }
  return async (plan) => {
    given.pause();
    if (given.showsPlan) printNote(cli, planPage(planDocument(plan, undefined), { showsNext: false }));
    if (!cli.terminal.canAsk) {
      throw new RecoveryError("CONSENT_MISSING", {
        subject: `plan ${shortDigest(plan.digest)}`,
        detail: "there is no terminal to ask on, and no --approve; nothing was changed",
        remedies: [
          { why: "if you agree to exactly this plan", command: `${await given.commandFor(plan)} --approve ${shortDigest(plan.digest)}` },
        ],
      });
    }
    printNote(cli, consentQuestion(plan));
    return await consentByTyping(app, () => cli.terminal.ask("cluster> ", cli.signal))(plan);
  };
}
