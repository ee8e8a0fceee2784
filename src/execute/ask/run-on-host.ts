import type { Retry } from "../../model/error-catalogue.ts";
import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { RemoteRequest, RemoteResult } from "../../ports/host-access.ts";
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
  return await retryTransient({ clock: context.ports.clock, signal: context.signal }, async () => {
    const result = await run(context, host, { ...script, changesThings: false });
    if (result.exitCode === 0) return result.stdout;
    throw failedCommand(host, { script, result });
  });
}

/**
 * A script that changes something: run once. Its output; REMOTE_COMMAND_FAILED
 * when it exits with an error. A lost answer is an unknown outcome, and so is
 * a script that a signal ended: it did not clear up, and what it started may
 * be at work still. \`more\`: what its output says of how far it came.
 */
export async function changeOnHost(
  context: HostContext,
  host: HostName,
  { more, ...script }: HostScript & { readonly more?: (stdout: string) => string | Promise<string> },
): Promise<string> {
  const result = await run(context, host, { ...script, changesThings: true });
  if (result.exitCode === 0) return result.stdout;
  const words = (await more?.(result.stdout)) ?? "";
  throw failedCommand(host, { script, result, words, ...(isSignal(result.exitCode) ? { retry: "unknown-outcome" } : {}) });
}

async function run(context: HostContext, host: HostName, request: Omit<RemoteRequest, "signal">): Promise<RemoteResult> {
  return await context.ports.hostAccess.run(host, { ...request, signal: context.signal });
}

/** What a shell says of a command that a signal ended: 128 and its number, of which there are 64. */
function isSignal(exitCode: number): boolean {
  return exitCode > 128 && exitCode <= 128 + 64;
}

function failedCommand(
  host: HostName,
  failure: { readonly script: HostScript; readonly result: RemoteResult; readonly words?: string; readonly retry?: Retry },
): RecoveryError {
  const { script, result, words = "", retry } = failure;
  return new RecoveryError("REMOTE_COMMAND_FAILED", {
    subject: `host ${host}`,
    detail: `${script.reason}: exit ${result.exitCode}${lastLines(result.stderr)}${words === "" ? "" : `. ${words}`}`,
    ...(retry === undefined ? {} : { retry }),
  });
}

/** The last words of a failed command; long output is kept on the machine. */
function lastLines(text: string): string {
  const lines = text.trim().split("\n").slice(-5).join(" | ");
  return lines === "" ? "" : `: ${lines.slice(-800)}`;
}
