import type { AppContext } from "../app/app-ports.ts";
import type { ExitName } from "../model/error-catalogue.ts";
import type { CliContext } from "./cli-context.ts";
import { ProgressDisplay } from "./terminal/progress-display.ts";
import { appContextOf, type OpenCluster } from "./wiring.ts";

export interface ClusterCall {
  readonly app: AppContext;
  readonly display: ProgressDisplay;
  readonly cluster: OpenCluster;
}

/** Opens the cluster, does one thing with progress shown, and closes it whatever happens. */
export async function withCluster(
  cli: CliContext,
  options: { readonly isQuiet: boolean; readonly open?: () => Promise<OpenCluster> },
  act: (call: ClusterCall) => Promise<ExitName>,
): Promise<ExitName> {
  const cluster = await (options.open ?? cli.openCluster)();
  const display = new ProgressDisplay(cli.terminal, options);
  try {
    const app = appContextOf(cluster, { operator: cli.operator, program: cli.program, signal: cli.signal, report: display.report });
    return await act({ app, display, cluster });
  } finally {
    display.stop();
    await cluster.close();
  }
}
