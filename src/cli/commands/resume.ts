import { resumeRun, unfinishedRun } from "../../app/resume-run.ts";
import { readRun } from "../../app/run-records.ts";
import { withSetParts } from "../backup/with-set-parts.ts";
import { consentFor } from "../ask-consent.ts";
import { hasFlag, textArgument, textOption, type CommandModule } from "../command-spec.ts";
import { finishRun } from "../finish-run.ts";
import { runListener, tappedRunStore } from "../run-display.ts";
import { withCluster } from "../with-cluster.ts";

export const command: CommandModule = {
  async run(invocation) {
    const { cli } = invocation;
    return withCluster(cli, { isQuiet: false }, async ({ app: plain, display }) => {
      const run = await unfinishedRun(plain, textArgument(invocation, "run"));
      const { plan } = await readRun(plain, run);
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
      display.leaveOut(plan.steps.map((step) => step.describes));
      const askConsent = consentFor(cli, app, {
        approve: textOption(invocation, "approve"),
        commandFor: () => Promise.resolve(`requorum resume ${run}`),
        showsPlan: true,
        pause: () => {
          display.stop();
        },
      });
      const applied = await withSetParts(invocation, { app, plan }, (given) =>
        resumeRun(given, { run, askConsent, breakLock: hasFlag(invocation, "break-lock") }),
      );
      display.stop();
      return await finishRun(cli, app, applied);
    });
  },
};
