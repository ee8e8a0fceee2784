import { resolve } from "node:path";
import { applyPlan } from "../../app/apply-plan.ts";
import { makePlan } from "../../app/make-plan.ts";
import type { RecoveryPlan } from "../../model/plan.ts";
import { diagnosisDocument } from "../../render/diagnosis-document.ts";
import { diagnosisPage } from "../../render/diagnosis-page.ts";
import { gap } from "../../render/page.ts";
import { planDocument, shortDigest } from "../../render/plan-document.ts";
import { planPage } from "../../render/plan-page.ts";
import { writePlan } from "../../schemas/plan.ts";
import { consentFor } from "../ask-consent.ts";
import { hasFlag, type CommandModule } from "../command-spec.ts";
import { finishRun } from "../finish-run.ts";
import { printProblem, printResult } from "../print-result.ts";
import { runListener, tappedRunStore } from "../run-display.ts";
import { withCluster } from "../with-cluster.ts";
import { writeNewFile } from "../write-file.ts";
import { attestationsOf, planExit } from "./plan.ts";

export const command: CommandModule = {
  async run(invocation) {
    const { cli } = invocation;
    const attestations = attestationsOf(invocation);
    return withCluster(cli, { isQuiet: false }, async ({ app: plain, display }) => {
      let plan: RecoveryPlan | undefined;
      const app = { ...plain, ports: { ...plain.ports, runs: tappedRunStore(plain.ports.runs, runListener(cli, () => plan)) } };
      const made = await makePlan(app, { goal: { kind: "recover" }, attestations });
      plan = made.plan;
      display.stop();
      const document = planDocument(plan, undefined);
      if (plan.verdict !== "act") {
        printResult(cli, document, () => planPage(document, { showsNext: true }));
        return planExit(plan);
      }
      // On the way to the result these are words for the person; the result is the run.
      const diagnosis = diagnosisDocument(made.look.diagnosis, { cluster: app.config.cluster, source: "probes", advise: () => ({ doNext: [], never: [] }) });
      printProblem(cli, [...diagnosisPage(diagnosis, { showsNext: false }), gap, ...planPage(document, { showsNext: false })]);
      // The digest of a plan that is made anew differs each time: without a terminal this one is kept, to be approved and applied.
      const commandFor = async (consented: RecoveryPlan): Promise<string> => {
        const file = `plan-${shortDigest(consented.digest)}.json`;
        await writeNewFile(resolve(cli.directories.work, file), writePlan(consented), { replaces: true });
        return `requorum apply ${file}`;
      };
      const askConsent = consentFor(cli, app, { approve: undefined, commandFor, showsPlan: false, pause: () => { display.stop(); } });
      const applied = await applyPlan(app, { plan, askConsent, breakLock: hasFlag(invocation, "break-lock") });
      display.stop();
      return await finishRun(cli, app, applied);
    });
  },
};
