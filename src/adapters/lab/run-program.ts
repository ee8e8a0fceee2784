import { spawn, type ChildProcess } from "node:child_process";
import process from "node:process";
import { RecoveryError } from "../../model/recovery-error.ts";

export interface ProgramRequest {
  /** What it is for; the subject of the error. */
  readonly reason: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Secrets go here, never into `args`. */
  readonly stdin?: string | Uint8Array;
  readonly environment?: NodeJS.ProcessEnv;
  readonly workingDirectory?: string;
  readonly timeoutMs: number;
  /** Called for every whole line of either stream, as it comes. */
  readonly onLine?: (line: string) => void;
  /** true: a non-zero exit code is a result, not an error. */
  readonly acceptsFailure?: boolean;
}

export interface ProgramResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Kept of each stream. The lab's largest ordinary answer (a list of all pods) is below 4 MiB. */
const outputCharactersMax = 16 * 1024 * 1024;
/** Lines of the failing program quoted in an error: enough for a Go stack's first frame or kubeadm's hint. */
const quotedLines = 15;

/** Programs that have not ended yet. Nobody waits for them any more when this process ends (Ctrl-C, --timeout): they end with it. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/**
 * Runs a program to its end. LAB_FAILED when it cannot be started, does not end
 * within `timeoutMs` (it is killed), or ends with another code than 0. Output
 * beyond 16 MiB per stream is cut at the front.
 */
export function runProgram(request: ProgramRequest): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(request.program, request.args, {
      stdio: ["pipe", "pipe", "pipe"],
      ...(request.environment === undefined ? {} : { env: request.environment }),
      ...(request.workingDirectory === undefined ? {} : { cwd: request.workingDirectory }),
    });
    running.add(child);
    let stdout = "";
    let stderr = "";
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, request.timeoutMs);
    const fail = (detail: string, cause?: unknown) => {
      reject(new RecoveryError("LAB_FAILED", { subject: request.reason, detail, cause }));
    };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout = (stdout + text).slice(-outputCharactersMax)));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr = (stderr + text).slice(-outputCharactersMax)));
    if (request.onLine !== undefined) {
      forEachLine(child.stdout, request.onLine);
      forEachLine(child.stderr, request.onLine);
    }
    // A program that ends before it has read its input closes the pipe; its exit code tells the story.
    child.stdin.on("error", () => undefined);
    child.stdin.end(request.stdin ?? "");
    child.on("error", (error) => {
      running.delete(child);
      clearTimeout(timer);
      fail(`${request.program} could not be started: ${error.message}`, error);
    });
    child.on("close", (code, signal) => {
      running.delete(child);
      clearTimeout(timer);
      const exitCode = code ?? 128;
      if (timedOut)
        fail(`${request.program} did not end within ${String(request.timeoutMs / 1000)} s and was killed${quote(stdout, stderr)}`);
      else if (exitCode !== 0 && request.acceptsFailure !== true) {
        fail(`${request.program} ended with ${signal ?? `code ${String(exitCode)}`}${quote(stdout, stderr)}`);
      } else resolve({ exitCode, stdout, stderr });
    });
  });
}

function quote(stdout: string, stderr: string): string {
  const text = stderr.trim() === "" ? stdout.trim() : stderr.trim();
  return text === "" ? "" : `:\n${text.split("\n").slice(-quotedLines).join("\n")}`;
}

function forEachLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = "";
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  stream.on("end", () => {
    if (rest !== "") onLine(rest);
  });
}
