import { jsonLine } from "../json-line.ts";
import { observeOnce } from "../../app/observe-cluster.ts";
import { newestRun } from "../../app/run-records.ts";
import type { AppContext } from "../../app/app-ports.ts";
import type { ExitName } from "../../model/error-catalogue.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { Page } from "../../render/page.ts";
import { statusDocument, type StatusDocument } from "../../render/status-document.ts";
import { statusLine, statusPage } from "../../render/status-page.ts";
import { toJsonValue } from "../../render/to-json-value.ts";
import { redactDocument } from "../../model/redact.ts";
import { hasFlag, textOption, type CommandModule } from "../command-spec.ts";
import { statusBackups } from "../backup/status-backups.ts";
import { pageOnChosenCluster } from "../chosen-cluster.ts";
import type { CliContext } from "../cli-context.ts";
import { parseDurationMs } from "../parse-duration.ts";
import { printResult } from "../print-result.ts";
import { drawPage } from "../terminal/draw-page.ts";
import { ScreenRedraw } from "../terminal/screen-redraw.ts";
import { withCluster } from "../with-cluster.ts";

const usualIntervalMs = 5000;

export const command: CommandModule = {
  async run(invocation) {
    const { cli } = invocation;
    const interval = textOption(invocation, "interval");
    const intervalMs = interval === undefined ? usualIntervalMs : parseDurationMs(interval, "option --interval");
    return withCluster(cli, { isQuiet: true }, async ({ app, display }) => {
      if (hasFlag(invocation, "watch"))
        return await watch(cli, app, {
          intervalMs,
          beforeDrawing: () => {
            display.stop();
          },
        });
      const status = await lookNow(app, backupsOf(cli, app));
      display.stop();
      printResult(cli, status, () => statusPage(status));
      return exitOf(status);
    });
  },
};

/** A store may be far away, and a watch looks every few seconds; sets are made by the hour. */
const backupsAreFreshMs = 60_000;

type AskBackups = () => ReturnType<typeof statusBackups>;

function backupsOf(cli: CliContext, app: AppContext): AskBackups {
  let last: { readonly atMs: number; readonly answer: ReturnType<typeof statusBackups> } | undefined;
  return () => {
    const nowMs = app.ports.clock.monotonicMs();
    if (last === undefined || nowMs - last.atMs > backupsAreFreshMs) last = { atMs: nowMs, answer: statusBackups(cli, app) };
    return last.answer;
  };
}

async function lookNow(app: AppContext, askBackups: AskBackups): Promise<StatusDocument> {
  const [look, newest, { backups, problem }] = await Promise.all([
    observeOnce(app, { depth: "status", memory: "wanted" }),
    newestRunIfReadable(app),
    askBackups(),
  ]);
  const { run } = newest;
  const gaps = [newest.problem, problem].filter((words) => words !== undefined);
  return statusDocument(
    look.inventory,
    gaps.length === 0 ? look.diagnosis : { ...look.diagnosis, unknown: [...look.diagnosis.unknown, ...gaps] },
    { openRun: run === undefined || run.outcome === "succeeded" ? undefined : { run: run.run, outcome: run.outcome }, backups },
  );
}

/** A workstation whose own files cannot be read still sees the cluster. */
async function newestRunIfReadable(
  app: AppContext,
): Promise<{ readonly run?: Awaited<ReturnType<typeof newestRun>>; readonly problem?: string }> {
  try {
    return { run: await newestRun(app) };
  } catch (error) {
    if (!(error instanceof RecoveryError) || error.code !== "LOCAL_FILE_FAILED") throw error;
    return { problem: `whether a run is unfinished (${error.code}: ${error.subject}: ${error.detail})` };
  }
}

/** Until interrupted, or until nobody reads any more, as in `| head -1`. Every look stands for itself: machines that die are seen to die, and the watch goes on. */
async function watch(
  cli: CliContext,
  app: AppContext,
  options: { readonly intervalMs: number; readonly beforeDrawing: () => void },
): Promise<ExitName> {
  const { terminal } = cli;
  const screen = new ScreenRedraw(terminal);
  const askBackups = backupsOf(cli, app);
  const { outGone } = terminal;
  const stop = outGone === undefined ? cli.signal : AbortSignal.any([cli.signal, outGone]);
  const pageOf = (status: StatusDocument): Page => pageOnChosenCluster(statusPage(status), cli.global);
  let exit: ExitName = "interrupted";
  let last = "";
  try {
    while (!stop.aborted) {
      const startedMs = app.ports.clock.monotonicMs();
      const status = await lookNow(screen.isLive && last !== "" ? { ...app, report: () => undefined } : app, askBackups);
      exit = exitOf(status);
      const tookMs = app.ports.clock.monotonicMs() - startedMs;
      options.beforeDrawing();
      if (cli.global.output !== "text") {
        // One document a line, so that a program can read them as they come.
        terminal.result(jsonLine(redactDocument(toJsonValue(status))));
      } else if (screen.isLive) {
        screen.draw(
          `${drawPage(pageOf(status), { columns: terminal.outColumns, hasColor: terminal.outHasColor })}\n${footer(options.intervalMs, tookMs)}\n`,
        );
      } else {
        // Without a terminal: the whole page when something changed, one line otherwise.
        const shape = JSON.stringify([
          status.verdict,
          status.findings.map((finding) => finding.code + finding.subject),
          status.members.map((member) => member.state),
        ]);
        const page = shape === last ? statusLine(status, tookMs) : pageOf(status);
        terminal.result(`${drawPage(page, { columns: terminal.outColumns, hasColor: false })}${shape === last ? "" : "\n"}`);
        last = shape;
      }
      if (screen.isLive) last = "drawn";
      await app.ports.clock.sleep(options.intervalMs, stop);
    }
  } catch (error) {
    // Ctrl-C is how a watch ends, and a reader that had enough; anything else is an error.
    if (!isInterrupted(cli) && error !== outGone?.reason) throw error;
  } finally {
    screen.end();
  }
  return isInterrupted(cli) || outGone?.aborted !== true ? "interrupted" : exit;
}

function isInterrupted(cli: CliContext): boolean {
  return cli.signal.reason instanceof RecoveryError && cli.signal.reason.code === "INTERRUPTED";
}

function footer(intervalMs: number, tookMs: number): string {
  return `looked in ${(tookMs / 1000).toFixed(1)} s, again in ${String(intervalMs / 1000)} s; Ctrl-C ends`;
}

/** 0 only for what is whole: scripts may trust it. */
export function exitOf(status: StatusDocument): ExitName {
  switch (status.verdict) {
    case "healthy":
      return "done";
    case "degraded":
    case "quorum-lost":
      return "findings";
    case "unknown":
      return "factsIncomplete";
    default:
      return status.verdict satisfies never;
  }
}
