import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { applyPlan } from "../../app/apply-plan.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { shellWord } from "../../model/shell-word.ts";
import { readPlan } from "../../schemas/plan.ts";
import { withSetParts } from "../backup/with-set-parts.ts";
import { consentFor } from "../ask-consent.ts";
import { hasFlag, textArgument, textOption, type CommandModule } from "../command-spec.ts";
import { finishRun } from "../finish-run.ts";
import { runListener, tappedRunStore } from "../run-display.ts";
import { withCluster } from "../with-cluster.ts";

export const command: CommandModule = {
  async run(invocation) {
    const { cli } = invocation;
    const file = textArgument(invocation, "plan") ?? "";
    const text = await readGiven(resolve(cli.directories.work, file));
    return withCluster(cli, { isQuiet: false }, async ({ app: plain, display }) => {
      const plan = readPlan(text, file, (given) => plain.ports.hashing.sha256Hex(given));
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
        commandFor: () => Promise.resolve(`requorum apply ${shellWord(file)}`),
        showsPlan: true,
        pause: () => {
          display.stop();
        },
      });
      const applied = await withSetParts(invocation, { app, plan }, (given) =>
        applyPlan(given, { plan, askConsent, breakLock: hasFlag(invocation, "break-lock") }),
      );
      display.stop();
      return await finishRun(cli, app, applied);
    });
  },
};

async function readGiven(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new RecoveryError("USAGE", {
      subject: path,
      detail: "the plan could not be read",
      cause,
      remedies: [{ why: "make a plan", command: "requorum plan" }],
    });
  }
}
