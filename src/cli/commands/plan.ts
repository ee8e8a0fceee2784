import { resolve } from "node:path";
import { makePlan, type PlanRequest } from "../../app/make-plan.ts";
import { openRun } from "../../app/open-run.ts";
import type { NewestRun } from "../../app/run-records.ts";
import { configuredHost } from "../../model/configured-host.ts";
import type { ExitName } from "../../model/error-catalogue.ts";
import type { Goal, RecoveryPlan } from "../../model/plan.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { ClusterConfig } from "../../model/cluster-config.ts";
import { isBrokenOff, planDocument, shortDigest } from "../../render/plan-document.ts";
import { planPage } from "../../render/plan-page.ts";
import { writePlan } from "../../schemas/plan.ts";
import { listOption, textArgument, textOption, type CommandModule, type Invocation } from "../command-spec.ts";
import { printResult } from "../print-result.ts";
import { withCluster } from "../with-cluster.ts";
import { assertNoFile, writeNewFile } from "../write-file.ts";

export const command: CommandModule = {
  async run(invocation) {
    const { cli } = invocation;
    const attestations = attestationsOf(invocation);
    const out = textOption(invocation, "out");
    const wanted = out === undefined ? undefined : resolve(cli.directories.work, out);
    if (wanted !== undefined) await assertNoFile(wanted);
    return withCluster(cli, { isQuiet: false }, async ({ app, display }) => {
      const open = await openRun(app);
      const { plan } = await makePlan(app, { goal: goalOf(invocation, app.config), attestations });
      display.stop();
      const file = plan.verdict === "act" ? (out ?? `plan-${shortDigest(plan.digest)}.json`) : undefined;
      // A name that holds the digest holds this very plan.
      if (file !== undefined) await writeNewFile(resolve(cli.directories.work, file), writePlan(plan), { replaces: wanted === undefined });
      const document = planDocument(plan, file, open);
      printResult(cli, document, () => planPage(document, { showsNext: true }));
      return planExit(plan, open);
    });
  },
};

/**
 * A plan to wait or to settle something first is an answer, but not a go-ahead,
 * and nothing to do is no all-clear in the middle of a run that was broken off: scripts must see the difference.
 */
export function planExit(plan: RecoveryPlan, open: Pick<NewestRun, "run" | "outcome"> | undefined): ExitName {
  switch (plan.verdict) {
    case "act":
      return "done";
    case "wait":
    case "blocked":
      return "blocked";
    case "nothing-to-do":
      return isBrokenOff(open) ? "blocked" : "done";
  }
}

function goalOf(invocation: Invocation, config: ClusterConfig): Goal {
  const goal = textArgument(invocation, "goal") ?? "recover";
  const host = textArgument(invocation, "host");
  const other = textOption(invocation, "with");
  if (goal === "recover") {
    if (host !== undefined || other !== undefined)
      throw new RecoveryError("USAGE", {
        subject: "goal recover",
        detail: "it takes no machine; to replace one, say so",
        remedies: [{ why: "replace a machine", command: `requorum plan replace ${host ?? "HOST"}` }],
      });
    return { kind: "recover" };
  }
  if (host === undefined)
    throw new RecoveryError("USAGE", {
      subject: "goal replace",
      detail: `which machine? known: ${config.hosts.map((known) => known.name).join(", ")}`,
    });
  return {
    kind: "replace",
    host: configuredHost(config, host).name,
    with: other === undefined ? undefined : configuredHost(config, other).name,
  };
}

/** `--attest-lost HOST=STATEMENT`, repeated. USAGE when there is no statement: a bare name is no testimony. */
export function attestationsOf(invocation: Invocation): PlanRequest["attestations"] {
  return listOption(invocation, "attest-lost").map((text) => {
    const match = /^([^=]+)=(.*\S.*)$/s.exec(text);
    const [, host, statement] = match ?? [];
    if (host === undefined || statement === undefined)
      throw new RecoveryError("USAGE", {
        subject: "option --attest-lost",
        detail: `${JSON.stringify(text)} has no statement: say who saw what`,
        remedies: [{ why: "for example", command: "requorum plan --attest-lost cp2='the disk was shredded, seen by me'" }],
      });
    return { host, statement: statement.trim() };
  });
}
