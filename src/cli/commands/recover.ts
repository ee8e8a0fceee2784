import { resolve } from "node:path";
import type { Look } from "../../app/observe-cluster.ts";
import { openRun } from "../../app/open-run.ts";
import { recoverCluster } from "../../app/recover-cluster.ts";
import type { RecoveryPlan } from "../../model/plan.ts";
import { diagnosisDocument } from "../../render/diagnosis-document.ts";
import { diagnosisPage } from "../../render/diagnosis-page.ts";
import { gap, type Page } from "../../render/page.ts";
import { planDocument, shortDigest } from "../../render/plan-document.ts";
import { planPage } from "../../render/plan-page.ts";
import { writePlan } from "../../schemas/plan.ts";
import { consentFor } from "../ask-consent.ts";
import { hasFlag, type CommandModule } from "../command-spec.ts";
import { finishRun } from "../finish-run.ts";
import { printNote, printResult } from "../print-result.ts";
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
      const app = {
        ...plain,
        ports: {
          ...plain.ports,
          runs: tappedRunStore(
            plain.ports.runs,
            runListener(cli, () => plan),
          ),
        },
      };
      const onPlan = (made: RecoveryPlan, look: Look): void => {
        plan = made;
        display.stop();
        display.leaveOut(made.steps.map((step) => step.describes));
        // On the way to the result these are words for the person; the result is the run.
        if (made.verdict === "act") printNote(cli, foundAndPlanned(made, look));
      };
      // The digest of a plan that is made anew differs each time: without a terminal this one is kept, to be approved and applied.
      const commandFor = async (consented: RecoveryPlan): Promise<string> => {
        const file = `plan-${shortDigest(consented.digest)}.json`;
        await writeNewFile(resolve(cli.directories.work, file), writePlan(consented), { replaces: true });
        return `requorum apply ${file}`;
      };
      const askConsent = consentFor(cli, app, {
        approve: undefined,
        commandFor,
        showsPlan: false,
        pause: () => {
          display.stop();
        },
      });
      const done = await recoverCluster(app, {
        goal: { kind: "recover" },
        attestations,
        askConsent,
        onPlan,
        breakLock: hasFlag(invocation, "break-lock"),
      });
      display.stop();
      if (done.applied !== undefined) return await finishRun(cli, app, done.applied);
      const open = await openRun(app);
      const document = planDocument(done.plan, undefined, open);
      printResult(cli, document, () => planPage(document, { showsNext: true }));
      return planExit(done.plan, open);
    });
  },
};

function foundAndPlanned(plan: RecoveryPlan, look: Look): Page {
  const diagnosis = diagnosisDocument(look.diagnosis, {
    cluster: plan.cluster,
    source: "probes",
    advise: () => ({ doNext: [], never: [] }),
  });
  return [...diagnosisPage(diagnosis, { showsNext: false }), gap, ...planPage(planDocument(plan, undefined), { showsNext: false })];
}
