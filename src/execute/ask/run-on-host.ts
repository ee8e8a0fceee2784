import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { RemoteRequest } from "../../ports/host-access.ts";
import { retryTransient } from "../retry.ts";
import type { StepPorts } from "../step-handler.ts";

/** What reaching a machine needs of a step's context. */
export interface HostContext {
  readonly ports: Pick<StepPorts, "hostAccess" | "clock">;
  readonly signal: AbortSignal;
}

/** A short look at files, processes and units. */
export const lookMs = 15_000;

export type HostScript = Omit<RemoteRequest, "signal" | "changesThings">;

/** A script that only reads: transient failures are repeated. Its output; REMOTE_COMMAND_FAILED when it exits with an error. */
export async function readOnHost(context: HostContext, host: HostName, script: HostScript): Promise<string> {
  return await retryTransient(
    { clock: context.ports.clock, signal: context.signal },
    async () => await succeed(context, host, { ...script, changesThings: false }),
  );
}

/** A script that changes something: run once; a lost answer is an unknown outcome. Its output; REMOTE_COMMAND_FAILED when it exits with an error. */
export async function changeOnHost(context: HostContext, host: HostName, script: HostScript): Promise<string> {
  return await succeed(context, host, { ...script, changesThings: true });
}

async function succeed(context: HostContext, host: HostName, request: Omit<RemoteRequest, "signal">): Promise<string> {
  const result = await context.ports.hostAccess.run(host, { ...request, signal: context.signal });
  if (result.exitCode === 0) return result.stdout;
  throw new RecoveryError("REMOTE_COMMAND_FAILED", {
    subject: `host ${host}`,
    detail: `${request.reason}: exit ${result.exitCode}${lastLines(result.stderr)}`,
  });
}

/** The last words of a failed command; long output is kept on the machine. */
function lastLines(text: string): string {
  const lines = text.trim().split("\n").slice(-5).join(" | ");
  return lines === "" ? "" : `: ${lines.slice(-800)}`;
}
