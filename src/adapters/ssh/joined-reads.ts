import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { FirstReadableWish, HostAccess, RemoteFile } from "../../ports/host-access.ts";
import { firstReadableScript, parseFirstReadable } from "./first-readable.ts";

type Files = readonly RemoteFile[] | undefined;

interface Waiting {
  readonly wish: FirstReadableWish;
  readonly answer: PromiseWithResolvers<Files>;
}

/** 2 MiB as base64. */
const outputBytesMax = 3 * 1024 * 1024;

/** Wishes for files of one machine that come in one turn of the event loop go through one session, which is what they cost. */
export class JoinedReads {
  readonly #run: HostAccess["run"];
  readonly #waiting = new Map<HostName, Waiting[]>();

  constructor(run: HostAccess["run"]) {
    this.#run = run;
  }

  readFirst(host: HostName, wish: FirstReadableWish): Promise<Files> {
    const waiting = this.#waiting.get(host) ?? [];
    if (waiting.length === 0) {
      this.#waiting.set(host, waiting);
      queueMicrotask(() => this.#readAll(host));
    }
    const answer = Promise.withResolvers<Files>();
    waiting.push({ wish, answer });
    return answer.promise;
  }

  #readAll(host: HostName): void {
    const waiting = this.#waiting.get(host) ?? [];
    this.#waiting.delete(host);
    while (waiting.length > 0) {
      const first = waiting[0]?.wish;
      const together = waiting.filter(({ wish }) => wish.timeoutMs === first?.timeoutMs && wish.signal === first.signal);
      for (const one of together) waiting.splice(waiting.indexOf(one), 1);
      void this.#read(host, together);
    }
  }

  async #read(host: HostName, together: readonly Waiting[]): Promise<void> {
    try {
      const found = await this.#files(
        host,
        together.map(({ wish }) => wish),
      );
      together.forEach(({ answer }, index) => answer.resolve(found[index]));
    } catch (error) {
      // A file that cannot be read, or is too large, must not take the others with it.
      if (together.length > 1 && isAboutFiles(error)) for (const one of together) void this.#read(host, [one]);
      else for (const { answer } of together) answer.reject(error);
    }
  }

  async #files(host: HostName, wishes: readonly FirstReadableWish[]): Promise<readonly Files[]> {
    const [first] = wishes;
    if (first === undefined) return [];
    const reason = wishes.map((wish) => wish.reason).join(", and ");
    const { exitCode, stdout, stderr } = await this.#run(host, {
      reason,
      script: firstReadableScript(wishes),
      timeoutMs: first.timeoutMs,
      outputBytesMax,
      changesThings: false,
      ...(first.signal === undefined ? {} : { signal: first.signal }),
    });
    const subject = `host ${host}`;
    if (exitCode !== 0) {
      const detail = `"${reason}" ended with code ${String(exitCode)}: ${stderr.trim()}`;
      throw new RecoveryError("REMOTE_COMMAND_FAILED", { subject, detail });
    }
    return parseFirstReadable(stdout, wishes, subject);
  }
}

function isAboutFiles(error: unknown): boolean {
  const codes: readonly string[] = ["REMOTE_COMMAND_FAILED", "REMOTE_OUTPUT_TOO_LARGE", "REMOTE_ANSWER_MALFORMED"];
  return error instanceof RecoveryError && codes.includes(error.code);
}
